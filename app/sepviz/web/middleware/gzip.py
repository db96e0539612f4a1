"""Texts are packed for who takes them so."""

import re

from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

# Planes hardly shrink, and shrinking them takes longer than computing them.
NOT_PACKED = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/octet-stream")
LEVEL = 4
_NOTHING = re.compile(r"q=0(\.0*)?")


class Packing(GZipMiddleware):
    """Starlette's, which looks for the letters alone: here `gzip;q=0`, which refuses it, is understood."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app, compresslevel=LEVEL, exclude_content_types=NOT_PACKED)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI calls it; nothing further in sees a coding that is refused."""
        if scope["type"] == "http":
            headers = MutableHeaders(raw=list(scope["headers"]))
            if "accept-encoding" in headers and not _takes_gzip(headers["accept-encoding"]):
                del headers["accept-encoding"]
                scope = {**scope, "headers": headers.raw}
        await super().__call__(scope, receive, send)


def _takes_gzip(accepted: str) -> bool:
    """By the words of an `Accept-Encoding` header."""
    for coding in accepted.lower().split(","):
        name, *parameters = (part.strip() for part in coding.split(";"))
        if name == "gzip":
            return not any(_NOTHING.fullmatch(part.replace(" ", "")) for part in parameters)
    return False
