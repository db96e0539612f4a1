"""Responses that are computed: executes a job as long as the client waits."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response

from sepviz.compute import Client, Job
from sepviz.encoded import Encoded
from sepviz.errors import Busy
from sepviz.figures.figure_spec import FigureSpec
from sepviz.uploads.store import load_input
from sepviz.web.queries import LayerQuery
from sepviz.web.responses import CACHED, PRIVATE, address, not_modified, respond
from sepviz.web.services import Services


async def respond_computed(
    request: Request,
    query: LayerQuery | FigureSpec,
    services: Services,
    make_job: Callable[[], Job],
    cache: str = CACHED,
) -> Response:
    """Answer with a job's result, cacheable as `cache` says, or privately where its input is an upload.

    `make_job` is called only if the job has to be executed. Raises what `Compute.get_or_compute` raises.
    """
    # Looked up first: a request for a picture that is gone joins no computation that still has it.
    picture = await load_input(services.store, query.layer)
    if picture is not None:
        cache = PRIVATE
    key = address(request, query)
    if response := not_modified(request, key, cache):
        return response
    return respond(request, key, await compute_for(request, services, key, make_job, picture), cache)


async def compute_for(
    request: Request, services: Services, key: str, make_job: Callable[[], Job], picture: bytes | None
) -> Encoded:
    """Return a job's result, from the cache if it is there; the results of an upload are not cached.

    Raises what `Compute.get_or_compute` raises.
    """
    encoded = services.compute.cached(key)
    if encoded is not None:
        return encoded

    async def work() -> Encoded:
        return await services.executor.execute(make_job(), picture)

    result = services.compute.get_or_compute(key, work, client_of(request), is_cacheable=picture is None)
    return await cancel_on_disconnect(request, result)


async def compute_document(request: Request, services: Services, job: Job) -> Any:
    """Return the result of a job that writes JSON, parsed. Raises what `Compute.get_or_compute` raises."""
    picture = await load_input(services.store, job.spec)
    encoded = await compute_for(request, services, repr(job), lambda: job, picture)
    return json.loads(encoded.body)


def client_of(request: Request) -> Client:
    """Return the request's client: its open page, from its header, and its address, from a trusted proxy's header."""
    page = request.headers.get("sepviz-page", "")[:64] or None
    return Client(page, request.client.host if request.client is not None else "")


async def cancel_on_disconnect(request: Request, result: Coroutine[object, object, Encoded]) -> Encoded:
    """Return the result; cancels it, and raises `Busy`, when the client disconnects."""
    task, disconnected = asyncio.ensure_future(result), asyncio.ensure_future(_wait_disconnected(request))
    try:
        await asyncio.wait((task, disconnected), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise Busy("the client has disconnected", 1)
        return task.result()
    finally:
        disconnected.cancel()
        task.cancel()


async def _wait_disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
