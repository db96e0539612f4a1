"""Layers, tensors and source as data."""

import json
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from sepviz.codegen.pytorch import generate
from sepviz.compute import Tensors
from sepviz.encoded import Encoded
from sepviz.layer.cost import document
from sepviz.layer.cost_tables import cost_csv, cost_markdown
from sepviz.layer.spec import LayerSpec
from sepviz.web.computed import computed
from sepviz.web.queries import CodeQuery, LayerTableQuery, TensorsQuery, documented, query
from sepviz.web.responses import address, respond, unchanged
from sepviz.web.services import Provided

router = APIRouter(prefix="/api", tags=["data"])

TABLES: dict[str, tuple[Callable[[LayerSpec], str], str]] = {
    "json": (lambda spec: json.dumps(document(spec)), "application/json"),
    "csv": (cost_csv, "text/csv; charset=utf-8"),
    "markdown": (cost_markdown, "text/markdown; charset=utf-8"),
}


@router.get("/layer", openapi_extra=documented(LayerTableQuery))
async def layer(request: Request, asked: Annotated[LayerTableQuery, Depends(query(LayerTableQuery))]) -> Response:
    """The normalised layer, its stages, params and MACs, and those of what it replaces."""
    key = address(request, asked)
    if same := unchanged(request, key):
        return same
    write, media_type = TABLES[asked.format]
    return respond(request, key, Encoded(write(asked.layer).encode(), media_type))


@router.get("/code", openapi_extra=documented(CodeQuery))
async def code(request: Request, asked: Annotated[CodeQuery, Depends(query(CodeQuery))]) -> Response:
    """The layer as source."""
    key = address(request, asked)
    if same := unchanged(request, key):
        return same
    source = generate(asked.layer, asked.framework)
    return respond(request, key, Encoded(source.encode(), "text/plain; charset=utf-8"))


@router.get("/tensors", openapi_extra=documented(TensorsQuery))
async def tensors(
    request: Request, asked: Annotated[TensorsQuery, Depends(query(TensorsQuery))], services: Provided
) -> Response:
    """The tensors, as a safetensors file or a NumPy archive."""
    job = Tensors(asked.layer, asked.selection, asked.dtype, asked.tile, asked.format)
    return await computed(request, asked, services, job)
