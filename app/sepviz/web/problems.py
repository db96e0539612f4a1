"""Errors as responses: a table from class to status, `application/problem+json` (RFC 9457), error figures."""

import asyncio
import io
import textwrap
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from PIL import Image, ImageDraw, ImageFont
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sepviz.errors import (
    BadFraming,
    BadParameter,
    Busy,
    ForeignOrigin,
    HeadersTooLong,
    InvalidParameters,
    QueryTooLong,
    RateLimited,
    SepvizError,
    Unavailable,
    UndecodableImage,
    UnknownName,
    UnsupportedImage,
    UploadGone,
    UploadsOff,
    UploadTooLarge,
    truncate_printable,
)
from sepviz.figures import error_figure
from sepviz.figures.export import ExportUnavailable
from sepviz.layer.spec import LayerSpec
from sepviz.palette import COLOURS
from sepviz.pictures.decoding import MAX_BYTES

STATUS: dict[type[SepvizError], HTTPStatus] = {
    InvalidParameters: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnknownName: HTTPStatus.NOT_FOUND,
    UploadGone: HTTPStatus.GONE,
    UploadTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UnsupportedImage: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    UndecodableImage: HTTPStatus.UNPROCESSABLE_ENTITY,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    RateLimited: HTTPStatus.TOO_MANY_REQUESTS,
    ForeignOrigin: HTTPStatus.FORBIDDEN,
    UploadsOff: HTTPStatus.FORBIDDEN,
    ExportUnavailable: HTTPStatus.NOT_IMPLEMENTED,
    QueryTooLong: HTTPStatus.REQUEST_URI_TOO_LONG,
    BadFraming: HTTPStatus.BAD_REQUEST,
    HeadersTooLong: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
}
# Status: the parameter, what is wrong with it and what is allowed.
_PLAIN_TEXT: dict[int, tuple[str, str, str]] = {
    HTTPStatus.BAD_REQUEST: (
        "Host",
        "not a name of this server",
        "ask for it as 127.0.0.1 or localhost, or as it is set up",
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("file", "too large", f"send at most {MAX_BYTES // 2**20} MiB"),
}
_MISSING = {"parameter": "file", "value": None, "detail": "missing", "allowed": "a picture, as multipart/form-data"}
UNCACHED = {"Cache-Control": "no-store"}
PROBLEM = "application/problem+json"
_RETRY_SECONDS = 2


def status_of(error: SepvizError) -> HTTPStatus:
    """Return the status of the error's class, or of its nearest base class in the table."""
    return next(STATUS[each] for each in type(error).__mro__ if each in STATUS)


def add_handlers(app: FastAPI) -> None:
    """Answer every `SepvizError` and every HTTP error with a problem."""
    app.add_exception_handler(SepvizError, _domain_problem)
    app.add_exception_handler(HTTPException, _http_problem)
    app.add_exception_handler(RequestValidationError, _form_problem)


async def _domain_problem(request: Request, error: Exception) -> Response:
    if not isinstance(error, SepvizError):
        raise error
    return error_response(request, error)


def error_response(request: Request, error: SepvizError) -> Response:
    """Return the response for an error."""
    status = status_of(error)
    errors = [_error_item(bad) for bad in _bad_parameters(error)[:8]]
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, Unavailable) else None
    return problem(request, status, str(error)[:2000], errors, headers)


def _error_item(bad: BadParameter) -> dict[str, Any]:
    """Return an item of a problem's `errors`."""
    item = {"parameter": bad.parameter, "value": bad.value, "detail": bad.why, "allowed": bad.allowed}
    fits = [{"parameter": name, "value": value} for name, value in bad.fits]
    return item | ({"fits": fits} if fits else {})


def _bad_parameters(error: SepvizError) -> tuple[BadParameter, ...]:
    """Return the parameters at fault; none if the request is valid."""
    if isinstance(error, InvalidParameters):
        return error.bad
    if error.parameter is None:
        return ()
    if isinstance(error, UnknownName):
        return (BadParameter(error.parameter, error.name, f"one of {', '.join(error.known)}", "unknown"),)
    detail, _, allowed = str(error).partition("; ")
    return (BadParameter(error.parameter, None, allowed[:200], detail[:200]),)


async def _http_problem(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    status = HTTPStatus(error.status_code)
    if isinstance(error.__cause__, OSError):
        # The form is valid, but no temporary file could be written.
        return error_response(request, Busy("file: there is no room for it just now; try again in 10 s", 10))
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return problem(request, status, *_plain_problem(status))
    # The only thing that Starlette itself finds malformed is the form around an upload.
    errors = [{**_MISSING, "detail": "not a form"}] if status == HTTPStatus.BAD_REQUEST else []
    detail = str(error.detail)[:2000]
    if detail == HTTPStatus.NOT_FOUND.phrase:
        detail = f"there is nothing at {truncate_printable(request.url.path)}"
    return problem(request, status, detail, errors, error.headers)


async def _form_problem(request: Request, error: Exception) -> Response:
    """Answer an upload without its file; query strings are parsed by `queries`, not by FastAPI."""
    if not isinstance(error, RequestValidationError):
        raise error
    detail = "file: missing; send a picture as the field `file` of a multipart form"
    return problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, detail, [_MISSING])


class ProblemResponses:
    """Replaces the plain-text refusals of Starlette and FastAPI by problems.

    A request that is cancelled because the server stops is answered with a 503, if its response has not started.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle an ASGI connection."""
        replaced = started = False

        async def as_problem(message: Message) -> None:
            nonlocal replaced, started
            started = True
            if message["type"] == "http.response.start" and message["status"] in _PLAIN_TEXT:
                # The static files have plain-text refusals of their own, such as of a range.
                replaced = not scope["path"].startswith("/static/") and Headers(raw=message["headers"]).get(
                    "content-type", ""
                ).startswith("text/plain")
                if replaced:
                    status = HTTPStatus(message["status"])
                    await problem(Request(scope), status, *_plain_problem(status))(scope, receive, send)
            if not replaced:
                await send(message)

        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            await self.app(scope, receive, as_problem)
        except asyncio.CancelledError:  # the shutdown time is over
            if started:
                raise
            stopping = Busy(f"the server is stopping; ask again in {_RETRY_SECONDS} s", _RETRY_SECONDS)
            await error_response(Request(scope), stopping)(scope, receive, send)


def _plain_problem(status: HTTPStatus) -> tuple[str, list[dict[str, Any]]]:
    """Return the detail and errors of a status that always has the same cause."""
    parameter, detail, allowed = _PLAIN_TEXT[status]
    bad = {"parameter": parameter, "value": None, "detail": detail, "allowed": allowed}
    return f"{parameter}: {detail}; {allowed}", [bad]


def problem(
    request: Request, status: HTTPStatus, detail: str, errors: list[dict[str, Any]], headers: object = None
) -> Response:
    """Return the response to a refused request: a problem, a page for a browser, or an error figure for a figure."""
    all_headers = {**UNCACHED, **(dict(headers) if isinstance(headers, dict) else {})}
    path = request.url.path
    if path.endswith(".svg"):
        body = error_figure(f"{status.value} {status.phrase}", [detail])
        return Response(body, status, media_type="image/svg+xml", headers=all_headers)
    if path.endswith(".png"):
        return Response(
            _error_picture(f"{status.value} {status.phrase}", detail),
            status,
            media_type="image/png",
            headers=all_headers,
        )
    all_headers["Vary"] = "Accept"
    if _prefers_html(request):
        context = {"spec": LayerSpec(), "status": status, "detail": detail, "errors": errors}
        body = request.app.state.services.templates.get_template("problem.html").render(context)
        return HTMLResponse(body, status, headers=all_headers)
    return JSONResponse(document(status, detail, errors), status, media_type=PROBLEM, headers=all_headers)


def _prefers_html(request: Request) -> bool:
    """Whether a browser opens the address: it accepts HTML, a client of the API accepts JSON or anything."""
    accepted = request.headers.get("accept", "")
    return request.method in ("GET", "HEAD") and "text/html" in accepted and "json" not in accepted


def document(status: HTTPStatus, detail: str, errors: list[dict[str, Any]]) -> dict[str, object]:
    """Return a problem document (RFC 9457); with `errors` only if there are any."""
    document = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}
    return document | ({"errors": errors} if errors else {})


def _error_picture(title: str, detail: str) -> bytes:
    lines = textwrap.wrap(detail, 80)[:12]
    image = Image.new("RGB", (640, 56 + 20 * len(lines)), COLOURS["paper"]["light"])
    draw = ImageDraw.Draw(image)
    draw.text((16, 12), title, COLOURS["depthwise-ink"]["light"], ImageFont.load_default(16))
    for row, line in enumerate(lines):
        draw.text((16, 42 + 20 * row), line, COLOURS["ink"]["light"], ImageFont.load_default(13))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
