"""Refuses requests before their body is read: long ones, cross-site ones, and too many uploads at once."""

from urllib.parse import urlsplit

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from sepviz.errors import BadFraming, Busy, ForeignOrigin, HeadersTooLong, QueryTooLong, SepvizError
from sepviz.web.problems import error_response

MAX_QUERY_LENGTH = 2048
MAX_HEADER_BYTES = 64 * 2**10  # h11 has the same limit for headers that arrive in parts
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
# Of each upload that arrives, up to a megabyte is in memory.
MAX_UPLOADS_AT_ONCE = 128
_RETRY_SECONDS = 2


class RequestLimits:
    """Checks every request before its route."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._uploads = 0  # requests with a body in progress

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle an ASGI connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        has_body = request.method not in SAFE_METHODS
        try:
            _check(request)
            if has_body and self._uploads >= MAX_UPLOADS_AT_ONCE:
                raise Busy(
                    f"the server is busy: {self._uploads} uploads arrive; try again in {_RETRY_SECONDS} s",
                    _RETRY_SECONDS,
                )
        except SepvizError as error:
            answer = error_response(request, error)
            if isinstance(error, BadFraming | HeadersTooLong):
                answer.headers["Connection"] = "close"  # where the next request starts is unknown
            await answer(scope, receive, send)
            return
        self._uploads += has_body
        try:
            await self.app(scope, receive, send)
        finally:
            self._uploads -= has_body


def _check(request: Request) -> None:
    if "content-length" in request.headers and "transfer-encoding" in request.headers:
        raise BadFraming("Content-Length, Transfer-Encoding: one of them says where the request ends; send one")
    if sum(len(name) + len(value) for name, value in request.scope["headers"]) > MAX_HEADER_BYTES:
        raise HeadersTooLong(f"headers: at most {MAX_HEADER_BYTES // 1024} KiB fit")
    length = len(request.scope["query_string"])
    if length > MAX_QUERY_LENGTH:
        raise QueryTooLong(f"query: {length:,} characters; at most {MAX_QUERY_LENGTH:,} fit")
    if request.method not in SAFE_METHODS and _is_foreign(request):
        raise ForeignOrigin("Origin: a page of another site sent this; only pages of this server may")


def _is_foreign(request: Request) -> bool:
    """Whether a page of another site sent the request, by browsers' headers; other clients have no cookies to abuse."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    try:
        return origin is not None and urlsplit(origin).netloc != request.headers.get("host")
    except ValueError:  # not a URL
        return True
