"""Health, metrics, and the API's own description."""

from asyncio import to_thread

from fastapi import APIRouter, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from sepviz.errors import Busy
from sepviz.web.problems import UNCACHED
from sepviz.web.services import Provided

router = APIRouter(include_in_schema=False)

READY_BELOW = 0.9  # of the queue

# Swagger UI needs inline scripts and styles; nothing is loaded from another host.
DOCS_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; frame-ancestors 'self'"
)


@router.get("/healthz")
async def healthz() -> Response:
    """200 while the event loop runs."""
    return JSONResponse({"status": "ok"}, headers=UNCACHED)


@router.get("/readyz")
async def readyz(services: Provided) -> Response:
    """200 while this server accepts work: not while stopping, with a nearly full queue, or without workers or decoder.

    Without the store of uploads it stays 200, and `without` names it: everything else works, and no other replica
    could do better.
    """
    faults = {
        "stopping": services.stopping.is_set(),
        "queue": services.compute.queue_length >= READY_BELOW * services.compute.queue,
        "compute": not services.executor.is_ready,
        "decoder": not services.stopping.is_set() and not await services.decoder.answers(),
    }
    reasons = [name for name, holds in faults.items() if holds]
    if reasons:
        raise Busy(f"not ready: {', '.join(reasons)}", 1)
    without = [] if await to_thread(services.store.answers) else ["store"]
    return JSONResponse({"status": "ready", "without": without}, headers=UNCACHED)


@router.get("/metrics")
async def metrics(services: Provided) -> Response:
    """The metrics in the format of Prometheus."""
    # In a thread: reading the memory of all processes takes milliseconds.
    text = await to_thread(generate_latest, services.metrics.registry)
    return Response(text, media_type=CONTENT_TYPE_LATEST, headers=UNCACHED)


@router.get("/docs")
async def docs() -> HTMLResponse:
    """Swagger UI for the API."""
    page = get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="Sepviz: the API",
        swagger_js_url="/static/vendor/swagger-ui/swagger-ui-bundle.js",
        swagger_css_url="/static/vendor/swagger-ui/swagger-ui.css",
        swagger_favicon_url="/static/favicon.svg",
        swagger_ui_parameters={"validatorUrl": None},
    )
    page.headers["Content-Security-Policy"] = DOCS_POLICY
    return page
