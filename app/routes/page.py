"""The page, and what of it a change of the layer replaces."""

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.templating import Jinja2Templates

from app import __version__
from app.cost import compare, compared
from app.diagrams import Options, draw
from app.encoders import Encoded
from app.encoders.colormaps import ANCHORS
from app.encoders.tensors import encode
from app.errors import BadParameter, InvalidParameters, shown
from app.inputs.samples import SAMPLES
from app.inputs.store import is_upload
from app.palette import STAGE_ROLES
from app.routes.queries import LayerQuery, PlanesQuery, documented, query
from app.routes.responses import (
    BRIEFLY,
    PRIVATE,
    REVALIDATED,
    address,
    cache_of,
    client,
    respond,
    unchanged,
    while_asked,
)
from app.routes.services import Provided, Services
from app.routes.snippets import origin
from app.shapes import bounds, plan
from app.spec import GENERATED, KINDS, LayerSpec, allowed, properties
from app.trace import run, stage_names

router = APIRouter(tags=["page"])

KIND_NAMES = {"depthwise-separable": "Depthwise", "spatially-separable": "Spatial", "standard": "Standard"}


def templates(folder: Path) -> Jinja2Templates:
    """The templates, with what all of them may say."""
    made = Jinja2Templates(directory=folder)
    made.env.auto_reload = False  # to look for changed files takes a tenth of the time of a fragment
    made.env.trim_blocks = made.env.lstrip_blocks = True
    made.env.filters["scaled"] = scaled
    made.env.globals |= {
        "version": __version__,
        "samples": SAMPLES,
        "generated": GENERATED,
        "allowed": allowed,
        "properties": properties(LayerSpec),
        "colormaps": ANCHORS,
        "stage_roles": STAGE_ROLES,
        "compared": compared,
        # Only an embedded page has any.
        "locked": frozenset(),
        "left_out": frozenset(),
    }
    return made


def scaled(count: int) -> str:
    """A count of MACs in millions, or in G (10^9) and T (10^12) where millions are many; a small one in full."""
    if count < 10**5:
        return f"{count:,}"
    power, letter = (12, "T") if count >= 10**12 else (9, "G") if count >= 10**9 else (6, "M")
    return f"{count / 10**power:,.2f} {letter}"


@router.get("/", openapi_extra=documented(LayerQuery))
async def page(request: Request, services: Provided) -> Response:
    """The whole page; a bad parameter is told beside its control, and the rest is kept."""
    pairs = request.query_params.multi_items()
    bad: tuple[BadParameter, ...] = ()
    try:
        spec = LayerSpec.parse(pairs)
        plan(spec)
    except InvalidParameters as error:
        spec, bad = _what_is_left(pairs, error), error.bad
    context = view(spec) | {
        "bad": {each.parameter: each for each in bad},
        "given": dict(pairs),
        "origin": origin(request, services),
    }
    body = services.templates.get_template("page.html").render(context)
    headers = {"Cache-Control": "no-cache"}
    return Response(body, 422 if bad else 200, media_type="text/html; charset=utf-8", headers=headers)


@router.get("/fragment", openapi_extra=documented(LayerQuery))
async def fragment(
    request: Request, asked: Annotated[LayerQuery, Depends(query(LayerQuery))], services: Provided
) -> Response:
    """Everything on the page that depends on the layer, but for the pixels: diagram, formulas, costs, headings."""
    key = address(request, asked)
    if same := unchanged(request, key, REVALIDATED):
        return same
    return respond(
        request, key, Encoded(_fragment(asked.layer, services).encode(), "text/html; charset=utf-8"), REVALIDATED
    )


@router.get("/view", openapi_extra=documented(PlanesQuery))
async def planes(
    request: Request, asked: Annotated[PlanesQuery, Depends(query(PlanesQuery))], services: Provided
) -> Response:
    """The fragment and the planes below it in one file: to ask takes a browser as long as all of it to compute."""
    spec, selection = asked.layer, asked.selection
    key, cache = address(request, asked), PRIVATE if cache_of(spec) == PRIVATE else BRIEFLY
    if same := unchanged(request, key, cache):
        return same

    def job() -> Encoded:
        parts = {"fragment": _fragment(spec, services)}
        return encode(run(spec, services.inputs, selection), "uint8", asked.tile, parts)

    made = services.compute.once(key, job, client(request), keep=cache != PRIVATE)
    return respond(request, key, await while_asked(request, made), cache)


def _fragment(spec: LayerSpec, services: Services) -> str:
    drawn = _drawn(services.templates, spec.geometry())
    return services.templates.get_template("fragment.html").render(_names(spec) | {"drawn": drawn})


@lru_cache(maxsize=256)
def _drawn(templates: Jinja2Templates, geometry: LayerSpec) -> str:
    return templates.get_template("drawn.html").render(_drawing(geometry))


def _what_is_left(pairs: list[tuple[str, str]], error: InvalidParameters) -> LayerSpec:
    """The layer of the parameters that are good; the default one if they do not go together."""
    left, bad = dict(pairs), list(error.bad)
    while bad:
        refused = {each.parameter for each in bad}
        left = {name: value for name, value in left.items() if shown(name) not in refused}
        try:
            spec = LayerSpec.parse(left.items())
            plan(spec)
        except InvalidParameters as again:
            bad = list(again.bad) if {each.parameter for each in again.bad} & set(map(shown, left)) else []
        else:
            return spec
    return LayerSpec()


def view(spec: LayerSpec) -> dict[str, Any]:
    """What the templates draw from; `InvalidParameters` where the output would be empty."""
    return _drawing(spec.geometry()) | _names(spec)


def _drawing(geometry: LayerSpec) -> dict[str, Any]:
    """What is the same for every input, all weights and seeds."""
    costs = compare(geometry)
    return {
        "spec": geometry,
        "stages": plan(geometry),
        "diagram": draw(_figure(geometry), geometry, Options(theme="page")),
        "beside": compare(geometry.as_kind("depthwise-separable")) if geometry.kind == "standard" else costs,
    }


def _names(spec: LayerSpec) -> dict[str, Any]:
    """What names the very layer."""
    return {
        "spec": spec,
        "stages": plan(spec.geometry()),
        "stage_names": stage_names(spec),
        "bounds": bounds(spec.geometry()),
        "figure": _figure(spec),
        "kinds": [(kind, KIND_NAMES[kind], spec.as_kind(kind).query()) for kind in KINDS],
        "uploaded": is_upload(spec.input),
    }


def _figure(spec: LayerSpec) -> str:
    return {"depthwise-separable": "separable", "spatially-separable": "spatial"}.get(spec.kind, spec.kind)
