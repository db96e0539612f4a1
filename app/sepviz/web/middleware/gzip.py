"""Compresses responses for clients that accept gzip."""

import re

from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

# Tensors hardly shrink, and compressing them takes longer than computing them.
EXCLUDED_CONTENT_TYPES = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/octet-stream")
LEVEL = 4
_REFUSED = re.compile(r"q=0(\.0*)?")


class GZip(GZipMiddleware):
    """Starlette's middleware, but honours `gzip;q=0`; Starlette looks for the letters alone."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app, compresslevel=LEVEL, exclude_content_types=EXCLUDED_CONTENT_TYPES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle an ASGI connection; hides an `Accept-Encoding` without gzip from the app."""
        if scope["type"] == "http":
            headers = MutableHeaders(raw=list(scope["headers"]))
            if "accept-encoding" in headers and not _accepts_gzip(headers["accept-encoding"]):
                del headers["accept-encoding"]
                scope = {**scope, "headers": headers.raw}
        await super().__call__(scope, receive, send)


def _accepts_gzip(accepted: str) -> bool:
    """Whether an `Accept-Encoding` header accepts gzip."""
    for coding in accepted.lower().split(","):
        name, *parameters = (part.strip() for part in coding.split(";"))
        if name == "gzip":
            return not any(_REFUSED.fullmatch(part.replace(" ", "")) for part in parameters)
    return False
