"""Headers that every answer carries."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)

# What every answer to GET has: it holds nobody's secrets, and no cookie decides about it.
EVERYWHERE = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Access-Control-Allow-Origin": "*",
}
# Of these, what other sites may do with an answer is for safe questions alone.
_GET_ALONE = "Access-Control-Allow-Origin"

# On figures and on what is answered in their place: other sites may show them, and nothing in them runs.
EMBEDDABLE = {
    "Content-Security-Policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
FIGURES, FIGURE_SUFFIXES = ("/diagrams/", "/feature-maps/"), (".svg", ".png", ".pdf")


class SecurityHeaders:
    """Adds them where a route has not set its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI calls it; HEAD is answered as GET is, the server leaves the body out."""
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in EVERYWHERE.items():
                    if name != _GET_ALONE or scope["method"] == "GET":
                        headers.setdefault(name, value)
                if scope["path"].startswith(FIGURES) and scope["path"].endswith(FIGURE_SUFFIXES):
                    headers.update(EMBEDDABLE)
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)
