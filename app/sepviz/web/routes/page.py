"""The page, and what of it a change of the layer replaces."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from sepviz.compute import View
from sepviz.encoded import Encoded
from sepviz.uploads.store import is_upload
from sepviz.web.computed import respond_computed
from sepviz.web.lens_zone import render_first_lens, render_lens
from sepviz.web.queries import LayerQuery, PageQuery, PlanesQuery, documented, parse_query
from sepviz.web.refused import nearest, page_context
from sepviz.web.rendering import render_fragment
from sepviz.web.responses import CACHED_BRIEFLY, PRIVATE, REVALIDATED, address, not_modified, respond
from sepviz.web.routes.snippets import origin
from sepviz.web.services import Provided

router = APIRouter(tags=["page"])


@router.get("/", openapi_extra=documented(PageQuery))
async def page(request: Request, services: Provided) -> Response:
    """The whole page; an invalid parameter is reported beside its control, and no other layer is shown."""
    pairs = request.query_params.multi_items()
    query, bad = nearest(PageQuery, pairs)
    context = page_context(query, bad, pairs)
    if not context["refused"]:
        context["lens_html"] = (await render_first_lens(request, services, query)).html
    body = services.templates.get_template("page.html").render(context | {"origin": origin(request, services)})
    headers = {"Cache-Control": PRIVATE if is_upload(query.layer.input) else REVALIDATED}
    return Response(body, 422 if bad else 200, media_type="text/html; charset=utf-8", headers=headers)


@router.get("/lens", openapi_extra=documented(PageQuery))
async def lens(
    request: Request, query: Annotated[PageQuery, Depends(parse_query(PageQuery))], services: Provided
) -> Response:
    """What the chosen lens shows of the layer, as HTML."""
    key = address(request, query)
    cache = PRIVATE if is_upload(query.layer.input) else CACHED_BRIEFLY
    if response := not_modified(request, key, cache):
        return response
    body = (await render_lens(request, services, query)).encode()
    return respond(request, key, Encoded(body, "text/html; charset=utf-8"), cache)


@router.get("/fragment", openapi_extra=documented(LayerQuery))
async def fragment(
    request: Request, query: Annotated[LayerQuery, Depends(parse_query(LayerQuery))], services: Provided
) -> Response:
    """Everything on the page that depends on the layer, but for the pixels: diagram, formulas, costs, headings."""
    key = address(request, query)
    if response := not_modified(request, key, REVALIDATED):
        return response
    body = render_fragment(services.templates, query.layer).encode()
    return respond(request, key, Encoded(body, "text/html; charset=utf-8"), REVALIDATED)


@router.get("/view", openapi_extra=documented(PlanesQuery))
async def view(
    request: Request, query: Annotated[PlanesQuery, Depends(parse_query(PlanesQuery))], services: Provided
) -> Response:
    """The fragment and the planes below it in one file: a second request would take a browser as long as computing."""

    def make_job() -> View:
        return View(query.layer, query.selection, query.tile, render_fragment(services.templates, query.layer))

    return await respond_computed(request, query, services, make_job, CACHED_BRIEFLY)
