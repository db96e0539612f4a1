"""The page, and what of it a change of the layer replaces."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from sepviz.compute import View
from sepviz.encoded import Encoded
from sepviz.web.computed import computed
from sepviz.web.queries import LayerQuery, PageQuery, PlanesQuery, documented, query
from sepviz.web.refused import nearest, page_context
from sepviz.web.rendering import fragment as fragment_of
from sepviz.web.responses import BRIEFLY, REVALIDATED, address, respond, unchanged
from sepviz.web.routes.snippets import origin
from sepviz.web.services import Provided

router = APIRouter(tags=["page"])


@router.get("/", openapi_extra=documented(PageQuery))
async def page(request: Request, services: Provided) -> Response:
    """The whole page; a bad parameter is reported beside its control, and no other layer is shown."""
    pairs = request.query_params.multi_items()
    asked, bad = nearest(PageQuery, pairs)
    filled = page_context(asked, bad, pairs)
    body = services.templates.get_template("page.html").render(filled | {"origin": origin(request, services)})
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
