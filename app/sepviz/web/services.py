"""What every route may use; one for each app."""

from dataclasses import dataclass, field
from threading import Event
from typing import Annotated

from fastapi import Depends, Request
from jinja2 import Environment

from sepviz.compute import Compute
from sepviz.compute.process import Crew
from sepviz.compute.rate_limits import Limits
from sepviz.pictures.sandbox import Decoder
from sepviz.settings import Settings
from sepviz.uploads.store import Store
from sepviz.web.middleware.access_log import Metrics


@dataclass(frozen=True)
class Services:
    """The uploaded pictures, who computes and decodes, what is admitted and counted, and what the operator has set.

    Layers wait in `compute`; figures that Cairo turns into PNG or PDF in `exports`, one at a time.
    """

    settings: Settings
    store: Store
    crew: Crew
    compute: Compute
    exports: Compute
    decoder: Decoder
    limits: Limits
    templates: Environment
    metrics: Metrics
    stopping: Event = field(default_factory=Event)


async def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


Provided = Annotated[Services, Depends(_services)]
