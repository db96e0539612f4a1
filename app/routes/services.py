"""What every route may use; one for each app."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from starlette.templating import Jinja2Templates

from app.compute import Compute
from app.inputs import Inputs


@dataclass(frozen=True)
class Services:
    """The inputs, the workers and the templates."""

    inputs: Inputs
    compute: Compute
    templates: Jinja2Templates


async def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


Provided = Annotated[Services, Depends(_services)]
