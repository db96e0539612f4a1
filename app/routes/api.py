"""Layers, tensors and source as data."""

import json
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.codegen import generate
from app.cost import document
from app.encoders import Encoded
from app.encoders.tensors import encode
from app.routes.queries import CodeQuery, LayerQuery, TensorsQuery, documented, query
from app.routes.responses import address, respond, unchanged
from app.routes.services import Provided
from app.trace import run

router = APIRouter(prefix="/api", tags=["data"])


@router.get("/layer", openapi_extra=documented(LayerQuery))
async def layer(request: Request, asked: Annotated[LayerQuery, Depends(query(LayerQuery))]) -> Response:
    """The normalised layer, its stages, params and MACs, and those of what it replaces."""
    key = address(request, asked)
    if same := unchanged(request, key):
        return same
    return respond(key, Encoded(json.dumps(document(asked.layer)).encode(), "application/json"))


@router.get("/code", openapi_extra=documented(CodeQuery))
async def code(request: Request, asked: Annotated[CodeQuery, Depends(query(CodeQuery))]) -> Response:
    """The layer as source."""
    key = address(request, asked)
    if same := unchanged(request, key):
        return same
    source = generate(asked.layer, asked.framework)
    return respond(key, Encoded(source.encode(), "text/plain; charset=utf-8"))


@router.get("/tensors", openapi_extra=documented(TensorsQuery))
async def tensors(
    request: Request, asked: Annotated[TensorsQuery, Depends(query(TensorsQuery))], services: Provided
) -> Response:
    """The tensors, as a safetensors file."""
    key = address(request, asked)
    if same := unchanged(request, key):
        return same
    spec, selection = asked.layer, asked.selection

    def job() -> Encoded:
        return encode(run(spec, services.inputs, selection), asked.dtype, asked.tile)

    return respond(key, await services.compute.once(key, job))
