"""What is turned away before it is read: long addresses, what another site's page sends, more pictures than fit."""

from urllib.parse import urlsplit

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from sepviz.errors import BadFraming, Busy, ForeignOrigin, HeadTooLong, QueryTooLong, SepvizError
from sepviz.web.problems import refusal

MOST_OF_A_QUERY = 2048
MOST_OF_A_HEAD = 64 * 2**10  # bytes; of one that comes in parts h11 takes no more
SAFE = ("GET", "HEAD", "OPTIONS")
# Until a picture is whole, up to a megabyte of it is in memory.
MOST_AT_ONCE = 128
_RETRY_S = 2


class Guards:
    """Stands before every route."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._sending = 0  # requests with a body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI calls it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        sends = request.method not in SAFE
        try:
            _check(request)
            if sends and self._sending >= MOST_AT_ONCE:
                raise Busy(f"the server is busy: {self._sending} pictures arrive; try again in {_RETRY_S} s", _RETRY_S)
        except SepvizError as error:
            answer = refusal(request, error)
            if isinstance(error, BadFraming | HeadTooLong):
                answer.headers["Connection"] = "close"  # where the next request begins is not known for sure
            await answer(scope, receive, send)
            return
        self._sending += sends
        try:
            await self.app(scope, receive, send)
        finally:
            self._sending -= sends


def _check(request: Request) -> None:
    if "content-length" in request.headers and "transfer-encoding" in request.headers:
        raise BadFraming("Content-Length, Transfer-Encoding: one of them says where the request ends; send one")
    if sum(len(name) + len(value) for name, value in request.scope["headers"]) > MOST_OF_A_HEAD:
        raise HeadTooLong(f"headers: at most {MOST_OF_A_HEAD // 1024} KiB fit")
    length = len(request.scope["query_string"])
    if length > MOST_OF_A_QUERY:
        raise QueryTooLong(f"query: {length:,} characters; at most {MOST_OF_A_QUERY:,} fit")
    if request.method not in SAFE and _is_foreign(request):
        raise ForeignOrigin("Origin: a page of another site sent this; only pages of this server may")


def _is_foreign(request: Request) -> bool:
    """Browsers say where a request comes from; what says nothing is no browser, and steals nobody's rights."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    try:
        return origin is not None and urlsplit(origin).netloc != request.headers.get("host")
    except ValueError:  # no address at all
        return True
