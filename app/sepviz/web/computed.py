"""Answers that are computed: asked for by a job, waited for as long as the client does."""

import asyncio
from collections.abc import Coroutine
from functools import partial

from fastapi import Request, Response
from pydantic import BaseModel

from sepviz.compute import Client, Job
from sepviz.encoded import Encoded
from sepviz.errors import Busy
from sepviz.uploads.store import load_input
from sepviz.web.responses import CACHED, PRIVATE, address, respond, unchanged
from sepviz.web.services import Services


async def computed(request: Request, asked: BaseModel, services: Services, job: Job, cache: str = CACHED) -> Response:
    """The job's result, which others may keep as `cache` says; what is made of an upload is nobody else's.

    Raises what `Compute.once` raises.
    """
    # Looked up before anything else: who asks too late joins nobody who asked in time.
    picture = await load_input(services.store, job.spec)
    if picture is not None:
        cache = PRIVATE
    key = address(request, asked)
    if same := unchanged(request, key, cache):
        return same
    made = services.compute.kept(key)
    if made is None:
        work = partial(services.crew.carry_out, job, picture)
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
