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

# Swagger UI starts itself from an inline script and styles itself inline; nothing comes from another host.
DOCS_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; frame-ancestors 'self'"
)


@router.get("/healthz")
async def healthz() -> Response:
    """200 as long as the event loop turns."""
    return JSONResponse({"status": "ok"}, headers=UNCACHED)


@router.get("/readyz")
async def readyz(services: Provided) -> Response:
    """200 while more may come: not while stopping, with a nearly full queue, or without who computes or decodes.

    Without the store of pictures everything else is still answered, by this replica as well as by any other: `without`
    tells of it, and nobody is sent away.
    """
    faults = {
        "stopping": services.stopping.is_set(),
        "queue": services.compute.waiting >= READY_BELOW * services.compute.queue,
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
    """The numbers, as Prometheus reads them."""
    numbers = await to_thread(generate_latest, services.metrics.registry)  # it reads the memory maps of all processes
    return Response(numbers, media_type=CONTENT_TYPE_LATEST, headers=UNCACHED)


@router.get("/docs")
async def docs() -> HTMLResponse:
    """The routes, to read and to try."""
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
