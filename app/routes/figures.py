"""Figures: diagrams as SVG, feature maps as PNG."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.diagrams import NAMES, draw
from app.encoders import Encoded
from app.encoders.grid import grid_png, plane_png
from app.errors import UnknownName
from app.routes.queries import DiagramQuery, MapsQuery, documented, query
from app.routes.responses import address, respond, unchanged
from app.routes.services import Provided
from app.trace import Selection, run, stage_names

router = APIRouter(tags=["figures"])

EMBEDDABLE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


@router.get("/diagrams/{name}.svg", openapi_extra=documented(DiagramQuery))
async def diagram(
    name: str, request: Request, asked: Annotated[DiagramQuery, Depends(query(DiagramQuery))]
) -> Response:
    """A diagram of the layer."""
    if name not in NAMES:
        raise UnknownName("figure", name, NAMES)
    key = address(request, asked)
    answer = unchanged(request, key)
    if answer is None:
        figure = draw(name, asked.layer, asked.options)
        answer = respond(key, Encoded(figure.encode(), "image/svg+xml"))
    answer.headers.update(EMBEDDABLE)
    return answer


@router.get("/feature-maps/{stage}.png", openapi_extra=documented(MapsQuery))
async def grid(
    stage: str, request: Request, asked: Annotated[MapsQuery, Depends(query(MapsQuery))], services: Provided
) -> Response:
    """All channels of a stage as a labelled grid."""
    return await _maps(request, asked, services, stage, None)


@router.get("/feature-maps/{stage}/{channel}.png", openapi_extra=documented(MapsQuery))
async def plane(
    stage: str,
    channel: str,
    request: Request,
    asked: Annotated[MapsQuery, Depends(query(MapsQuery))],
    services: Provided,
) -> Response:
    """One channel, a pixel for each cell."""
    return await _maps(request, asked, services, stage, channel)


async def _maps(request: Request, asked: MapsQuery, services: Provided, stage: str, channel: str | None) -> Response:
    spec = asked.layer
    if stage not in stage_names(spec):
        raise UnknownName("stage", stage, stage_names(spec))
    key = address(request, asked)
    if (answer := unchanged(request, key)) is None:
        selection = Selection((stage,), None if channel is None else _one(channel))

        def job() -> Encoded:
            maps = run(spec, services.inputs, selection).asked()[stage]
            return grid_png(maps, asked.colormap, asked.scale) if channel is None else plane_png(maps, asked.colormap)

        answer = respond(key, await services.compute.once(key, job))
    answer.headers.update(EMBEDDABLE)
    return answer


def _one(channel: str) -> range:
    """The run of that one channel; what is no number is no channel."""
    if not (channel.isascii() and channel.isdigit() and len(channel) <= 4):
        raise UnknownName("channel", channel, ["whole numbers from 0"])
    return range(int(channel), int(channel) + 1)
