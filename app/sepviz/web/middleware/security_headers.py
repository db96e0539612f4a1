"""Security headers of every response."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)

# Any site may read a response to GET: it contains no secrets, and there are no cookies.
DEFAULT_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Access-Control-Allow-Origin": "*",
}
_GET_ONLY = "Access-Control-Allow-Origin"

# Of figures and their error figures: other sites may show them, and no script in them runs.
EMBEDDABLE = {
    "Content-Security-Policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
FIGURES, FIGURE_SUFFIXES = ("/diagrams/", "/feature-maps/"), (".svg", ".png", ".pdf")


class SecurityHeaders:
    """Adds security headers that a route has not set itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle an ASGI connection; HEAD is routed as GET, and uvicorn leaves the body out."""
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in DEFAULT_HEADERS.items():
                    if name != _GET_ONLY or scope["method"] == "GET":
                        headers.setdefault(name, value)
                if scope["path"].startswith(FIGURES) and scope["path"].endswith(FIGURE_SUFFIXES):
                    headers.update(EMBEDDABLE)
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)
