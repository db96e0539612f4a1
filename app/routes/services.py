"""What every route may use; one for each app."""

from dataclasses import dataclass, field
from threading import Event
from typing import Annotated

from fastapi import Depends, Request
from starlette.templating import Jinja2Templates

from app.compute import Compute
from app.inputs import Inputs
from app.inputs.decoder import Decoder
from app.limits import Limits
from app.routes.pressure import Pressure
from app.routes.watch import Metrics
from app.settings import Settings


@dataclass(frozen=True)
class Services:
    """The inputs, the workers, the decoder, the limits, the templates, and what the operator has set."""

    settings: Settings
    inputs: Inputs
    compute: Compute
    pressure: Pressure
    decoder: Decoder
    limits: Limits
    templates: Jinja2Templates
    metrics: Metrics
    stopping: Event = field(default_factory=Event)


async def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


Provided = Annotated[Services, Depends(_services)]
