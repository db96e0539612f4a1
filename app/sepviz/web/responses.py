"""Responses to GET: a function of their address, with a strong ETag."""

import platform
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path

from fastapi import Request, Response
from pydantic import BaseModel

from sepviz import __version__
from sepviz.encoded import Encoded


def _processor() -> str:
    """What the processor can do, as Linux tells; elsewhere what it is called."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.exists() else []
    able = (line.partition(":")[2] for line in lines if line.startswith(("flags", "Features")))
    return next(able, platform.processor())


# Two processors may round the last digit differently; then it is another entity.
_EDITION = f"{__version__} {version('torch')} {_processor()}"
# A figure behind an image proxy stays up while it is asked for again.
CACHED = "public, max-age=3600, stale-while-revalidate=86400"
REVALIDATED = "no-cache"
# A class that makes the same change is answered by whatever proxy stands before the server; a new version of the page
# never meets parts of an old one for longer.
BRIEFLY = "public, max-age=60"
# An uploaded picture is kept for a while and by nobody else.
PRIVATE = "private, no-cache"


def address(request: Request, parsed: BaseModel) -> str:
    """The canonical form of a request's address: equal for all ways to write the same query."""
    return f"{request.url.path}?{parsed.model_dump_json()}"


def unchanged(request: Request, key: str, cache: str = CACHED) -> Response | None:
    """304 where the client has this already; nothing is computed for it.

    Not for what is made of an upload, which may be gone, nor for `*`, which asks whether there is anything at all:
    `respond` knows.
    """
    return _same(key, cache) if cache != PRIVATE and etag(key) in _held(request) else None


def respond(request: Request, key: str, encoded: Encoded, cache: str = CACHED) -> Response:
    """200 with the bytes, their type and their tag; 304 where the client has them."""
    if {etag(key), "*"} & _held(request):
        return _same(key, cache)
    headers = tagged(key, cache)
    if encoded.content_encoding:
        headers |= {"Content-Encoding": encoded.content_encoding, "Vary": "Accept-Encoding"}
    return Response(encoded.body, media_type=encoded.media_type, headers=headers)


def etag(key: str) -> str:
    """The tag of an address, in quotes."""
    return f'"{blake2b(f"{_EDITION} {key}".encode(), digest_size=12).hexdigest()}"'


def _held(request: Request) -> set[str]:
    return {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}


def _same(key: str, cache: str) -> Response:
    return Response(status_code=304, headers={**tagged(key, cache), "Vary": "Accept-Encoding"})


def tagged(key: str, cache: str) -> dict[str, str]:
    """The headers that name an entity, and say how long it may be kept."""
    return {"ETag": etag(key), "Cache-Control": cache}
