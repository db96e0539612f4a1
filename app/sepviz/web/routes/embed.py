"""The page embedded in other pages: `/embed` and oEmbed."""

from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlsplit

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError
from starlette.exceptions import HTTPException

from sepviz.errors import UnknownName, truncate_printable
from sepviz.figures import NAMES, draw
from sepviz.figures.export import size
from sepviz.figures.figure_spec import FigureSpec
from sepviz.figures.options import MIN_WIDTH, THEMES
from sepviz.layer.kinds import KINDS
from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec, described, parse, whole_number
from sepviz.uploads.store import is_upload
from sepviz.web.lens_zone import render_first_lens
from sepviz.web.middleware.security_headers import POLICY
from sepviz.web.queries import PageQuery, documented, parse_query
from sepviz.web.refused import nearest, page_context
from sepviz.web.responses import CACHED, PRIVATE
from sepviz.web.routes.snippets import FRAME, diagram_picture, frame, origin
from sepviz.web.services import Provided

router = APIRouter(tags=["embedding"])

MAX_ROOM = 100_000
PARTS = ("controls", "lenses", "diagram", "maps", "legend", "link")
LOCKABLE = tuple(LayerSpec.model_fields)
HIDEABLE = (*LOCKABLE, *PARTS)
FRAMED_ANYWHERE = POLICY.replace("frame-ancestors 'self'", "frame-ancestors *")


def _names_of(known: tuple[str, ...]) -> AfterValidator:
    def checked(text: str) -> str:
        unknown = [name for name in text.split(",") if name not in known]
        if unknown:
            raise PydanticCustomError(
                "known_input",
                "there is no {unknown}",
                {"unknown": " and no ".join(map(truncate_printable, unknown))[:80]},
            )
        return text

    return AfterValidator(checked)


class EmbedQuery(PageQuery):
    """The options of an embedded page: what readers can change and see."""

    lock: Annotated[str, _names_of(LOCKABLE)] | None = Field(
        None,
        **described(
            "Parameters that are shown but cannot be changed, by comma.",
            allowed=f"some of {', '.join(LOCKABLE)}",
        ),
    )
    hide: Annotated[str, _names_of(HIDEABLE)] | None = Field(
        None,
        **described("Parameters and parts that are not shown, by comma.", allowed=f"some of {', '.join(HIDEABLE)}"),
    )
    theme: Literal[*THEMES] = Field("auto", **described("Colours; `auto` follows the reader's."))  # type: ignore[valid-type]

    @property
    def locked(self) -> frozenset[str]:
        """The parameters that cannot be changed; what is not shown cannot be, either."""
        return _split(self.lock)

    @property
    def hidden(self) -> frozenset[str]:
        """The parameters and parts that are not shown."""
        return _split(self.hide)


def _split(names: str | None) -> frozenset[str]:
    return frozenset(names.split(",")) if names else frozenset()


class OEmbedQuery(BaseModel):
    """The parameters of oEmbed, see https://oembed.com."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    url: str = Field(
        max_length=2048, **described("The address of a page or figure of this server.", allowed="an address")
    )
    format: str = Field("json", max_length=20, **described("`json`.", allowed="json"))
    maxwidth: Annotated[int, Field(ge=MIN_WIDTH, le=MAX_ROOM), BeforeValidator(whole_number)] | None = Field(
        None, **described("Pixels that there are across.")
    )
    maxheight: Annotated[int, Field(ge=MIN_WIDTH, le=MAX_ROOM), BeforeValidator(whole_number)] | None = Field(
        None, **described("Pixels that there are from top to bottom.")
    )


@router.get("/embed", openapi_extra=documented(EmbedQuery))
async def embed(request: Request, services: Provided) -> Response:
    """The page for an iframe; an invalid parameter is reported beside its control."""
    pairs = request.query_params.multi_items()
    query, bad = nearest(EmbedQuery, pairs)
    own = {name: value for name in ("lock", "hide") if (value := getattr(query, name))}
    context = page_context(query, bad, pairs) | {
        "locked": query.locked,
        "left_out": query.hidden,
        "own": own | ({"theme": query.theme} if query.theme != "auto" else {}),
        "theme": query.theme,
    }
    cache = "no-store" if bad else PRIVATE if is_upload(query.layer.input) else CACHED
    if not context["refused"]:
        lens = await render_first_lens(request, services, query)
        context["lens_html"] = lens.html
        cache = "no-store" if lens.is_unavailable else cache
    body = services.templates.get_template("embed.html").render(context)
    headers = {"Content-Security-Policy": FRAMED_ANYWHERE, "Cache-Control": cache}
    return Response(body, 422 if bad else 200, media_type="text/html; charset=utf-8", headers=headers)


@router.get("/oembed", openapi_extra=documented(OEmbedQuery))
async def oembed(
    request: Request, query: Annotated[OEmbedQuery, Depends(parse_query(OEmbedQuery))], services: Provided
) -> Response:
    """How to embed an address of this server; 404 for any other."""
    if query.format != "json":
        raise HTTPException(501, f"format {query.format[:20]}: not made here; json would fit")
    own = origin(request, services)
    if not query.url.startswith((f"{own}/", f"{own}?")) and query.url != own:
        raise UnknownName(
            "address of this server", query.url, [f"{own}/", f"{own}/embed", f"{own}/diagrams/NAME.svg"], "url"
        )
    path, pairs = _split_address(query.url.removeprefix(own))
    name, _, ending = path.removeprefix("/diagrams/").rpartition(".")
    if path in ("/", "/embed"):
        embedding = _rich(own, parse(EmbedQuery if path == "/embed" else PageQuery, pairs), dict(pairs), query)
    elif path.startswith("/diagrams/") and name in NAMES and ending in ("svg", "png"):
        embedding = _photo(own, name, ending, FigureSpec.parse(pairs), query)
    else:
        raise UnknownName("page or figure", path, ["/", "/embed", *(f"/diagrams/{each}.svg" for each in NAMES)], "url")
    about = {"version": "1.0", "provider_name": "Sepviz", "provider_url": f"{own}/", "cache_age": 3600}
    return JSONResponse(about | embedding, headers={"Cache-Control": CACHED})


def _split_address(address: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the path and parameters of an address of this server; an empty path if it is invalid."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "", []
    path = "" if parts.netloc or address.startswith("//") else parts.path or "/"
    return path, parse_qsl(parts.query, keep_blank_values=True)


def _rich(own: str, layer: PageQuery, given: dict[str, str], query: OEmbedQuery) -> dict[str, Any]:
    plan(layer.layer)
    width, height = min(FRAME[0], query.maxwidth or FRAME[0]), min(FRAME[1], query.maxheight or FRAME[1])
    title = f"Sepviz: {KINDS[layer.kind].title}, {layer.in_channels} → {layer.out_channels} channels"
    return {"type": "rich", "title": title, "html": frame(own, given, width, height), "width": width, "height": height}


def _photo(own: str, name: str, ending: str, figure: FigureSpec, query: OEmbedQuery) -> dict[str, Any]:
    """Return the figure, reduced to fit where needed, by `width` in its address."""
    across, down = size(draw(name, figure.layer, figure.options))
    fits = min(1.0, (query.maxwidth or across) / across, (query.maxheight or down) / down)
    width = max(MIN_WIDTH, int(across * fits))
    options = figure.options.parameters() | ({"width": str(width)} if fits < 1 else {})
    picture = diagram_picture(name, figure.layer, own, maps=figure.maps)
    return {
        "type": "photo",
        "title": picture.alt,
        "url": picture.address(ending, options),
        "width": width if fits < 1 else round(across),
        "height": round(down * (width / across if fits < 1 else 1)),
    }
