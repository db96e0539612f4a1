"""`create_app`: wiring only."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles

from sepviz import __version__
from sepviz.compute import Compute
from sepviz.compute.executor import Executor, ProcessExecutor
from sepviz.compute.rate_limits import RULES, RateLimiter
from sepviz.pictures.decoding import MAX_BYTES, MAX_KEPT_SIDE, MAX_PIXELS, MAX_SIDE, MIN_KEPT_SIDE
from sepviz.pictures.formats import FORMATS
from sepviz.pictures.sandbox import Decoder
from sepviz.settings import MEBIBYTE, Settings, assets
from sepviz.uploads.store import MemoryStore, Store, format_duration
from sepviz.web import problems
from sepviz.web.middleware.access_log import AccessLog, Metrics
from sepviz.web.middleware.gzip import GZip
from sepviz.web.middleware.request_limits import RequestLimits
from sepviz.web.middleware.security_headers import SecurityHeaders
from sepviz.web.rendering import create_environment
from sepviz.web.routes import api, diagrams, embed, gallery, health, images, page, snippets
from sepviz.web.services import Services

MAX_QUEUED_EXPORTS = 16
EXPORT_CACHE_BYTES = 4 * MEBIBYTE


def create_app(
    settings: Settings | None = None,
    clock: Callable[[], float] = time.monotonic,
    make_executor: Callable[[Settings], Executor] = ProcessExecutor,
) -> FastAPI:
    """Return a new app, which shares nothing with any other.

    Cached results and uploads expire by `clock`, in seconds; `make_executor` makes what executes jobs.
    """
    settings = settings or Settings()
    redis_url = settings.redis_url.get_secret_value() if settings.redis_url is not None else None
    store = _store(settings, redis_url, clock)
    rate_limiter = RateLimiter(RULES if settings.mode == "public" else (), redis_url, clock)
    executor = make_executor(settings)
    compute = Compute(
        settings.workers,
        settings.queue,
        settings.deadline_seconds,
        settings.cache_bytes,
        settings.upload_seconds,
        clock,
        rate_limiter,
    )
    exports = Compute(
        1, MAX_QUEUED_EXPORTS, settings.deadline_seconds, EXPORT_CACHE_BYTES, settings.upload_seconds, clock
    )
    environment = create_environment(assets("templates"))
    environment.globals |= {
        "uploads": settings.uploads,
        "upload_lasts": format_duration(settings.upload_seconds),
        "upload_limits": {
            "bytes": MAX_BYTES,
            "pixels": MAX_PIXELS,
            "side": MAX_SIDE,
            "kept": MAX_KEPT_SIDE,
            "least": MIN_KEPT_SIDE,
            "formats": FORMATS,
        },
    }
    services = Services(
        settings=settings,
        store=store,
        executor=executor,
        compute=compute,
        exports=exports,
        decoder=Decoder(),
        rate_limiter=rate_limiter,
        templates=environment,
        metrics=Metrics(compute),
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await executor.start()
        yield
        await executor.close()
        services.decoder.close()
        store.close()
        await rate_limiter.close()

    app = FastAPI(title="Sepviz", version=__version__, docs_url=None, redoc_url=None, lifespan=lifespan)
    app.state.services = services
    # In the order in which they are matched: figures are requested most.
    for module in (diagrams, api, page, embed, gallery, snippets, images, health):
        app.include_router(module.router)
    app.mount("/static", StaticFiles(directory=assets("static")), name="static")
    problems.add_handlers(app)
    app.add_middleware(GZip)
    app.add_middleware(RequestLimits)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=settings.hosts, www_redirect=False)
    app.add_middleware(problems.ProblemResponses)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(AccessLog, metrics=services.metrics)
    return app


def _store(settings: Settings, redis_url: str | None, clock: Callable[[], float]) -> Store:
    if redis_url is None:
        return MemoryStore(settings.upload_bytes, settings.upload_seconds, clock)
    from sepviz.uploads.redis_store import RedisStore  # noqa: PLC0415 - the extra `redis`

    return RedisStore(redis_url, settings.upload_bytes, settings.upload_seconds, clock)
