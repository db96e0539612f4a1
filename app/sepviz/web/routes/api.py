"""Layers, tensors and source as data."""

import json
from collections.abc import Callable
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from sepviz.codegen.pytorch import generate
from sepviz.compute import Approximation, Pixel, Tensors
from sepviz.encoded import Encoded
from sepviz.layer.cost import document
from sepviz.layer.cost_tables import cost_csv, cost_markdown
from sepviz.layer.spec import LayerSpec
from sepviz.web.computed import respond_computed
from sepviz.web.queries import (
    ApproximationQuery,
    CodeQuery,
    LayerTableQuery,
    PixelQuery,
    TensorsQuery,
    documented,
    parse_query,
)
from sepviz.web.responses import address, not_modified, respond
from sepviz.web.services import Provided

router = APIRouter(prefix="/api", tags=["data"])

TABLES: dict[str, tuple[Callable[[LayerSpec], str], str]] = {
    "json": (lambda spec: json.dumps(document(spec)), "application/json"),
    "csv": (cost_csv, "text/csv; charset=utf-8"),
    "markdown": (cost_markdown, "text/markdown; charset=utf-8"),
}


@router.get("/layer", openapi_extra=documented(LayerTableQuery))
async def layer(request: Request, query: Annotated[LayerTableQuery, Depends(parse_query(LayerTableQuery))]) -> Response:
    """The normalised layer, its stages, params and MACs, and those of the convolution it replaces."""
    key = address(request, query)
    if response := not_modified(request, key):
        return response
    write, media_type = TABLES[query.format]
    return respond(request, key, Encoded(write(query.layer).encode(), media_type))


@router.get("/code", openapi_extra=documented(CodeQuery))
async def code(request: Request, query: Annotated[CodeQuery, Depends(parse_query(CodeQuery))]) -> Response:
    """The layer as source."""
    key = address(request, query)
    if response := not_modified(request, key):
        return response
    source = generate(query.layer, query.framework)
    return respond(request, key, Encoded(source.encode(), "text/plain; charset=utf-8"))


@router.get("/tensors", openapi_extra=documented(TensorsQuery))
async def tensors(
    request: Request, query: Annotated[TensorsQuery, Depends(parse_query(TensorsQuery))], services: Provided
) -> Response:
    """The tensors, as a safetensors file or a NumPy archive."""
    make_job = partial(Tensors, query.layer, query.selection, query.dtype, query.tile, query.format)
    return await respond_computed(request, query, services, make_job)


@router.get("/pixel", openapi_extra=documented(PixelQuery))
async def pixel(
    request: Request, query: Annotated[PixelQuery, Depends(parse_query(PixelQuery))], services: Provided
) -> Response:
    """One value of a map taken apart: windows, kernels, products and sums, back to the input."""
    job = Pixel(query.layer, query.chosen_cell, query.through)
    return await respond_computed(request, query, services, lambda: job)


@router.get("/approximation", openapi_extra=documented(ApproximationQuery))
async def approximation(
    request: Request, query: Annotated[ApproximationQuery, Depends(parse_query(ApproximationQuery))], services: Provided
) -> Response:
    """A standard kernel and its best separable approximations: errors of kernel and output, and costs, of each rank."""
    make_job = partial(Approximation, query.layer, query.output, has_pictures=False)
    return await respond_computed(request, query, services, make_job)
