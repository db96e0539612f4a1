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
    """Return the processor's features on Linux, elsewhere its name."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    features = (line.partition(":")[2] for line in lines if line.startswith(("flags", "Features")))
    return next(features, platform.processor())


# Two processors may round the last digit differently, and so make different entities.
_EDITION = f"{__version__} {version('torch')} {_processor()}"
# An image proxy shows a stale figure while it revalidates it.
CACHED = "public, max-age=3600, stale-while-revalidate=86400"
REVALIDATED = "no-cache"
# A class that makes the same change is answered by a caching proxy. Parts of an old version of the page do not live
# longer than this beside a new one.
CACHED_BRIEFLY = "public, max-age=60"
# What is made of an upload is for its owner alone.
PRIVATE = "private, no-cache"


def address(request: Request, parsed: BaseModel) -> str:
    """Return the canonical address of a request: equal for all ways to write the same query."""
    return f"{request.url.path}?{parsed.model_dump_json()}"


def not_modified(request: Request, key: str, cache: str = CACHED) -> Response | None:
    """Return a 304 if the request's If-None-Match has the ETag, so that nothing is computed; otherwise None.

    Not for an upload, which may be gone, nor for `*`, which any existing entity matches: `respond` handles these.
    """
    return _not_modified(key, cache) if cache != PRIVATE and etag(key) in _if_none_match(request) else None


def respond(request: Request, key: str, encoded: Encoded, cache: str = CACHED) -> Response:
    """Return a 200 with the body, its media type and ETag, or a 304 if the client has it."""
    if {etag(key), "*"} & _if_none_match(request):
        return _not_modified(key, cache)
    headers = entity_headers(key, cache)
    if encoded.content_encoding:
        headers |= {"Content-Encoding": encoded.content_encoding, "Vary": "Accept-Encoding"}
    return Response(encoded.body, media_type=encoded.media_type, headers=headers)


def etag(key: str) -> str:
    """Return the strong ETag of an address, in quotes."""
    return f'"{blake2b(f"{_EDITION} {key}".encode(), digest_size=12).hexdigest()}"'


def _if_none_match(request: Request) -> set[str]:
    return {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}


def _not_modified(key: str, cache: str) -> Response:
    return Response(status_code=304, headers={**entity_headers(key, cache), "Vary": "Accept-Encoding"})


def entity_headers(key: str, cache: str) -> dict[str, str]:
    """Return the ETag and Cache-Control of an entity."""
    return {"ETag": etag(key), "Cache-Control": cache}
