"""A figure of the page in words that can be pasted: its address in each language that documents are written in."""

import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from html import escape
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from sepviz.encoded import Encoded
from sepviz.errors import UnknownName
from sepviz.figures import MAPPED, NAMES
from sepviz.figures.translations import text
from sepviz.layer.kinds import KINDS
from sepviz.layer.selection import stage_names
from sepviz.layer.spec import LayerSpec
from sepviz.uploads.store import is_upload
from sepviz.web.queries import PageQuery, documented
from sepviz.web.refused import nearest, refused_page
from sepviz.web.responses import REVALIDATED, address, not_modified, respond
from sepviz.web.services import Provided, Services

router = APIRouter(tags=["page"])

FRAME = (1000, 760)  # pixels that the embedded page takes


@dataclass(frozen=True)
class Snippet:
    """A text to paste, and the language it is in."""

    language: str
    text: str


@dataclass(frozen=True)
class Picture:
    """A figure or the maps of a stage, wherever the server is found.

    `parameters` are those of the layer that are not the default: an address stays short, and means the same for ever.
    """

    origin: str
    path: str  # without its ending
    parameters: dict[str, str]
    alt: str
    dark: dict[str, str]
    light: dict[str, str]
    command: str
    printed: str  # the ending of what a paper takes
    options: dict[str, str] = field(default_factory=dict)  # its own, which a page of the layer has not

    def place(self, ending: str, options: dict[str, str] | None = None) -> str:
        """The address of a form of it, from the root of the server on."""
        return _address(f"{self.path}.{ending}", self.parameters | self.options | (options or {}))

    def address(self, ending: str, options: dict[str, str] | None = None) -> str:
        """The absolute address of a form of it."""
        return f"{self.origin}{self.place(ending, options)}"

    @property
    def ending(self) -> str:
        """What a page shows: lines as lines, maps as pixels."""
        return "svg" if self.path.startswith("/diagrams/") else "png"


def diagram_picture(name: str, spec: LayerSpec, origin: str, *, maps: bool = False) -> Picture:
    """The figure of that name, perhaps with the real maps of the layer; `UnknownName` if there is none."""
    if name not in NAMES:
        raise UnknownName("figure", name, NAMES, "name")
    given = spec.non_default() if maps else spec.geometry().non_default()
    return Picture(
        origin=origin,
        path=f"/diagrams/{name}",
        parameters=given,
        alt=text(f"{name}.title"),
        dark={"theme": "dark"},
        light={"theme": "light"},
        command=f"sepviz diagram {name}{' --maps' if maps else ''}{_options(given)} -o {name}.pdf",
        printed="pdf",
        options={"maps": "true"} if maps else {},
    )


def maps_picture(stage: str, spec: LayerSpec, origin: str, look: Mapping[str, str]) -> Picture:
    """The maps of that stage as one picture, with this look; `UnknownName` if there is no such stage."""
    if stage not in stage_names(spec):
        raise UnknownName("stage", stage, stage_names(spec))
    given = {**spec.non_default(), **look}
    return Picture(
        origin=origin,
        path=f"/feature-maps/{stage}",
        parameters=given,
        alt=f"The {stage} maps of a {KINDS[spec.kind].adjective} convolution" if stage != "input" else "The input maps",
        dark={} if "colormap" in look else {"colormap": "diverging-dark"},
        light={},
        command=f"sepviz maps {stage}{_options(given)} -o {stage}.png",
        printed="png",
    )


def snippets(picture: Picture) -> Iterator[Snippet]:
    """The picture in every language; each names it, and links to the page where it can be changed."""
    shown, page = picture.address(picture.ending), _address(f"{picture.origin}/", picture.parameters)
    dark, light = (escape(picture.address(picture.ending, each)) for each in (picture.dark, picture.light))
    source = f'    <source media="(prefers-color-scheme: dark)" srcset="{dark}">\n' if dark != light else ""
    alt = escape(picture.alt)
    yield Snippet("Address", shown)
    yield Snippet("Markdown", f"[![{picture.alt}]({shown})]({page})")
    yield Snippet(
        "HTML",
        f'<a href="{escape(page)}">\n  <picture>\n{source}    <img src="{light}" alt="{alt}">\n  </picture>\n</a>',
    )
    yield Snippet("reStructuredText", f".. image:: {shown}\n   :alt: {picture.alt}\n   :target: {page}")
    yield Snippet("MyST", f"```{{image}} {shown}\n:alt: {picture.alt}\n:target: {page}\n```")
    yield Snippet("LaTeX", _latex(picture))
    yield Snippet("iframe", frame(picture.origin, picture.parameters, *FRAME))


def snippets_with_maps(picture: Picture) -> Iterator[Snippet]:
    """The same of a figure with the real maps, in the languages that show most."""
    for snippet in snippets(picture):
        if snippet.language in ("Address", "Markdown", "HTML", "LaTeX"):
            yield Snippet(f"With the real maps: {snippet.language}", snippet.text)


def _latex(picture: Picture) -> str:
    name = picture.path.rpartition("/")[2]
    drawn = f"\\includegraphics[width=\\linewidth]{{{name}.{picture.printed}}}"
    return f"% {picture.command}\n% \\usepackage{{graphicx}}\n{drawn}"


def frame(origin: str, parameters: dict[str, str], width: int, height: int) -> str:
    """The page, to be worked with inside another one."""
    source = escape(_address(f"{origin}/embed", parameters))
    return (
        f'<iframe src="{source}" title="Sepviz: a separable convolution, stage by stage"\n'
        f'  width="{width}" height="{height}" style="border: 0; max-width: 100%" loading="lazy"></iframe>'
    )


def downloads(spec: LayerSpec, picture: Picture, mapped: Picture | None = None) -> list[tuple[str, str, str]]:
    """(what it is, its address on this server, the name of the file) of everything to be had of the layer.

    `mapped` is the picture with the real maps, where it can have them.
    """
    name = picture.path.rpartition("/")[2]
    forms = {"svg": "SVG", "png": "PNG, twice the size", "pdf": "PDF"}
    if picture.ending == "png":
        forms = {"png": "PNG", "svg": "SVG"}
    found = [(words, picture.place(each), f"{name}.{each}") for each, words in forms.items()]
    if mapped is not None:
        found += [
            (f"{words}, with the real maps", mapped.place(each), f"{name}.{each}") for each, words in forms.items()
        ]
    layer = spec.non_default()
    for words, path, form, file in (
        ("tensors as safetensors", "/api/tensors", "safetensors", "layer.safetensors"),
        ("tensors as NPZ", "/api/tensors", "npz", "layer.npz"),
        ("costs as CSV", "/api/layer", "csv", "layer.csv"),
    ):
        found.append((words, _address(path, layer | {"format": form}), file))
    return found


def origin(request: Request, services: Services) -> str:
    """Where readers find this server, without a slash at the end: as it is set, else as the request has it."""
    public = services.settings.public_url
    return str(public or request.base_url).rstrip("/")


def _address(path: str, parameters: dict[str, str]) -> str:
    return f"{path}?{urlencode(parameters)}" if parameters else path


def _options(given: dict[str, str]) -> str:
    """The same as options of a command; a picture that was uploaded is a file on the reader's side."""
    options = {f"--{name.replace('_', '-')}": value for name, value in given.items()}
    if is_upload(options.get("--input", "")):
        del options["--input"]
        options["--image"] = "picture.jpg"
    return "".join(f" {name} {shlex.quote(value)}" for name, value in options.items())


@router.get("/use/diagrams/{name}", openapi_extra=documented(PageQuery))
async def use_diagram(name: str, request: Request, services: Provided) -> Response:
    """How to use a figure elsewhere, as HTML."""
    mapped = partial(_mapped_picture, name) if name in MAPPED else None
    return _use(request, services, lambda query, own: diagram_picture(name, query.layer, own), mapped)


def _mapped_picture(name: str, query: PageQuery, own: str) -> Picture:
    return diagram_picture(name, query.layer, own, maps=True)


@router.get("/use/feature-maps/{stage}", openapi_extra=documented(PageQuery))
async def use_maps(stage: str, request: Request, services: Provided) -> Response:
    """How to use the maps of a stage elsewhere, as HTML."""
    return _use(request, services, lambda query, own: maps_picture(stage, query.layer, own, query.colours))


MakePicture = Callable[[PageQuery, str], Picture]


def _use(
    request: Request, services: Services, make_picture: MakePicture, make_mapped: MakePicture | None = None
) -> Response:
    query, bad = nearest(PageQuery, request.query_params.multi_items())
    if bad:
        return refused_page(services, query, bad)
    picture = make_picture(query, origin(request, services))
    key = f"{picture.origin} {address(request, query)}"
    if response := not_modified(request, key, REVALIDATED):
        return response
    spec = query.layer
    mapped = make_mapped(query, origin(request, services)) if make_mapped else None
    context = {
        "spec": spec,
        "look": query.look,
        "picture": picture,
        "snippets": [*snippets(picture), *(snippets_with_maps(mapped) if mapped else ())],
        "downloads": downloads(spec, picture, mapped),
        "names": NAMES,
        "stage_names": stage_names(spec),
        "uploaded": is_upload(spec.input),
    }
    body = services.templates.get_template("use.html").render(context)
    return respond(request, key, Encoded(body.encode(), "text/html; charset=utf-8"), REVALIDATED)
