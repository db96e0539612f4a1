"""The page, and what of it a change of the layer replaces."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.compute import View
from app.encoders import Encoded
from app.errors import BadParameter, InvalidParameters, shown
from app.page import context
from app.page import fragment as fragment_of
from app.routes.computed import computed
from app.routes.queries import LayerQuery, PageQuery, PlanesQuery, documented, query
from app.routes.responses import BRIEFLY, REVALIDATED, address, respond, unchanged
from app.routes.services import Provided
from app.routes.snippets import origin
from app.shapes import plan

router = APIRouter(tags=["page"])


@router.get("/", openapi_extra=documented(PageQuery))
async def page(request: Request, services: Provided) -> Response:
    """The whole page; a bad parameter is told beside its control, and the rest is kept."""
    pairs = request.query_params.multi_items()
    bad: tuple[BadParameter, ...] = ()
    try:
        asked = PageQuery.parse(pairs)
        plan(asked.layer)
    except InvalidParameters as error:
        asked, bad = _what_is_left(pairs, error), error.bad
    told = context(asked.layer, asked.look) | {
        "bad": {each.parameter: each for each in bad},
        "given": dict(pairs),
        "origin": origin(request, services),
    }
    body = services.templates.get_template("page.html").render(told)
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
    body = fragment_of(services.templates, asked.layer).encode()
    return respond(request, key, Encoded(body, "text/html; charset=utf-8"), REVALIDATED)


@router.get("/view", openapi_extra=documented(PlanesQuery))
async def view(
    request: Request, asked: Annotated[PlanesQuery, Depends(query(PlanesQuery))], services: Provided
) -> Response:
    """The fragment and the planes below it in one file: to ask takes a browser as long as all of it to compute."""
    return await computed(request, asked, services, View(asked.layer, asked.selection, asked.tile), BRIEFLY)


def _what_is_left(pairs: list[tuple[str, str]], error: InvalidParameters) -> PageQuery:
    """The page of the parameters that are good; the default one if they do not go together."""
    left, bad = dict(pairs), list(error.bad)
    while bad:
        refused = {each.parameter for each in bad}
        left = {name: value for name, value in left.items() if shown(name) not in refused}
        try:
            asked = PageQuery.parse(left.items())
            plan(asked.layer)
        except InvalidParameters as again:
            bad = list(again.bad) if {each.parameter for each in again.bad} & set(map(shown, left)) else []
        else:
            return asked
    return PageQuery()
