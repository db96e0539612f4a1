"""Figures: diagrams and feature maps as SVG, PNG or PDF."""

import gzip
from asyncio import to_thread
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from sepviz.compute import Figure, Grid, Plane
from sepviz.encoded import Encoded
from sepviz.errors import UnknownName
from sepviz.figures import NAMES, draw, refuse_unmapped
from sepviz.figures.export import pdf, png
from sepviz.figures.figure_spec import FigureSpec
from sepviz.figures.map_images import MAX_BYTES
from sepviz.layer.selection import channels_of, stage_names
from sepviz.layer.spec import LayerSpec
from sepviz.pictures.fewer_colours import limit_png
from sepviz.uploads.store import load_input
from sepviz.web.computed import cancel_on_disconnect, client_of, compute_for, respond_computed
from sepviz.web.queries import MapsQuery, documented, parse_query
from sepviz.web.responses import CACHED, PRIVATE, address, not_modified, respond
from sepviz.web.services import Provided, Services

router = APIRouter(tags=["figures"])

FIGURE_TYPES: dict[str, str] = {"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf"}
MAPS_TYPES = ("png", "svg")


@router.get("/diagrams/{name}.{form}", openapi_extra=documented(FigureSpec))
async def diagram(
    name: str,
    form: str,
    request: Request,
    query: Annotated[FigureSpec, Depends(parse_query(FigureSpec))],
    services: Provided,
) -> Response:
    """A diagram of the layer as SVG, as PNG with two pixels for each of its own, or as PDF."""
    if form not in FIGURE_TYPES:
        raise UnknownName("kind of file", form, FIGURE_TYPES, "form")
    if name not in NAMES:
        raise UnknownName("figure", name, NAMES, "name")
    if query.maps:
        return await _respond_with_maps(name, form, request, query, services)
    key = address(request, query)
    if response := not_modified(request, key):
        return response
    if form == "svg" and "gzip" in request.headers.get("accept-encoding", ""):
        return respond(request, key, _gzipped(name, query))
    if form == "svg":
        return respond(request, key, Encoded(draw(name, query.layer, query.options).encode(), FIGURE_TYPES[form]))
    work = partial(_export, form, partial(draw, name, query.layer, query.options))
    result = services.exports.get_or_compute(key, work, client_of(request))
    return respond(request, key, await cancel_on_disconnect(request, result))


async def _respond_with_maps(name: str, form: str, request: Request, query: FigureSpec, services: Services) -> Response:
    """Answer with a figure whose maps a worker process computes; privately where its input is an upload."""
    refuse_unmapped(name, query.options)
    make_job = partial(Figure, query.layer, name, query.options)
    if form == "svg":
        return await respond_computed(request, query, services, make_job)
    picture = await load_input(services.store, query.layer)
    cache = CACHED if picture is None else PRIVATE
    key = address(request, query)
    if response := not_modified(request, key, cache):
        return response
    encoded = services.exports.cached(key)
    if encoded is None:
        svg = await compute_for(request, services, repr(make_job()), make_job, picture)
        work = partial(_export, form, svg.body.decode, MAX_BYTES)
        exported = services.exports.get_or_compute(key, work, client_of(request), is_cacheable=picture is None)
        encoded = await cancel_on_disconnect(request, exported)
    return respond(request, key, encoded, cache)


async def _export(form: str, make_svg: Callable[[], str], most: int | None = None) -> Encoded:
    """Convert with Cairo in a thread: it takes tens of milliseconds, for the largest a second, and releases the GIL.

    A PNG of more than `most` bytes gets fewer colours.
    """
    body = await to_thread(png if form == "png" else pdf, make_svg())
    if form == "png" and most is not None:
        body = await to_thread(limit_png, body, most)
    return Encoded(body, FIGURE_TYPES[form])


# A figure in a document is requested again and again; to pack it takes as long as all else.
@lru_cache(maxsize=256)
def _gzipped(name: str, query: FigureSpec) -> Encoded:
    svg = draw(name, query.layer, query.options)
    return Encoded(gzip.compress(svg.encode(), mtime=0), FIGURE_TYPES["svg"], "gzip")


@router.get("/feature-maps/{stage}.{form}", openapi_extra=documented(MapsQuery))
async def grid(
    stage: str,
    form: str,
    request: Request,
    query: Annotated[MapsQuery, Depends(parse_query(MapsQuery))],
    services: Provided,
) -> Response:
    """All channels of a stage as a labelled grid, as PNG or as SVG with the planes inside."""
    if form not in MAPS_TYPES:
        raise UnknownName("kind of file", form, MAPS_TYPES, "form")
    if stage not in stage_names(query.layer):
        raise UnknownName("stage", stage, stage_names(query.layer))
    make_job = partial(Grid, query.layer, stage, form, query.colormap, query.scale)
    return await respond_computed(request, query, services, make_job)


@router.get("/feature-maps/{stage}/{channel}.png", openapi_extra=documented(MapsQuery))
async def plane(
    stage: str,
    channel: str,
    request: Request,
    query: Annotated[MapsQuery, Depends(parse_query(MapsQuery))],
    services: Provided,
) -> Response:
    """One channel, a pixel for each cell."""
    make_job = partial(Plane, query.layer, stage, _channel_number(channel, query.layer, stage), query.colormap)
    return await respond_computed(request, query, services, make_job)


def _channel_number(channel: str, spec: LayerSpec, stage: str) -> int:
    """Return the channel's number; `UnknownName` unless it is one of the stage, in plain digits."""
    counts = channels_of(spec)
    if stage not in counts:
        raise UnknownName("stage", stage, counts)
    if channel not in map(str, range(counts[stage])):
        raise UnknownName("channel", channel, [f"0 to {counts[stage] - 1}"])
    return int(channel)
