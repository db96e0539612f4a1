"""Answers that are computed: asked for by a job, waited for as long as the client does."""

import asyncio
from collections.abc import Callable, Coroutine

from fastapi import Request, Response

from sepviz.compute import Client, Job
from sepviz.encoded import Encoded
from sepviz.errors import Busy
from sepviz.uploads.store import load_input
from sepviz.web.queries import LayerQuery
from sepviz.web.responses import CACHED, PRIVATE, address, respond, unchanged
from sepviz.web.services import Services


async def computed(
    request: Request, query: LayerQuery, services: Services, make_job: Callable[[], Job], cache: str = CACHED
) -> Response:
    """Answer with a job's result, cacheable as `cache` says, or privately where its input is an upload.

    `make_job` is called only if the job has to be executed. Raises what `Compute.once` raises.
    """
    # Looked up first: a request for a picture that is gone joins no computation that still has it.
    picture = await load_input(services.store, query.layer)
    if picture is not None:
        cache = PRIVATE
    key = address(request, query)
    if same := unchanged(request, key, cache):
        return same
    made = services.compute.kept(key)
    if made is None:

        async def work() -> Encoded:
            return await services.executor.execute(make_job(), picture)

        made = await while_asked(request, services.compute.once(key, work, client(request), keep=cache != PRIVATE))
    return respond(request, key, made, cache)


def client(request: Request) -> Client:
    """Who asks: the open page, if it says so, and the address, which a proxy says that is trusted."""
    page = request.headers.get("sepviz-page", "")[:64] or None
    return Client(page, request.client.host if request.client is not None else "")


async def while_asked(request: Request, result: Coroutine[object, object, Encoded]) -> Encoded:
    """The result; it is given up when the client has left."""
    doing, leaving = asyncio.ensure_future(result), asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait((doing, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            raise Busy("nobody waits for this any longer", 1)
        return doing.result()
    finally:
        leaving.cancel()
        doing.cancel()


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
