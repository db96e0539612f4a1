"""The services that every route may use."""

from dataclasses import dataclass, field
from threading import Event
from typing import Annotated

from fastapi import Depends, Request
from jinja2 import Environment

from sepviz.compute import Compute
from sepviz.compute.executor import Executor
from sepviz.compute.rate_limits import RateLimiter
from sepviz.pictures.sandbox import Decoder
from sepviz.settings import Settings
from sepviz.uploads.store import Store
from sepviz.web.middleware.access_log import Metrics


@dataclass(frozen=True)
class Services:
    """What the routes of one app share.

    Layers are queued in `compute`; figures that Cairo turns into PNG or PDF in `exports`, one at a time.
    """

    settings: Settings
    store: Store
    executor: Executor
    compute: Compute
    exports: Compute
    decoder: Decoder
    rate_limiter: RateLimiter
    templates: Environment
    metrics: Metrics
    stopping: Event = field(default_factory=Event)


async def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


Provided = Annotated[Services, Depends(_services)]
