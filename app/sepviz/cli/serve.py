"""`sepviz serve`: the page and the API."""

import socket
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sepviz.settings import Settings

EXAMPLES = """\b
Examples:
  sepviz serve
  sepviz serve --port 9000
  sepviz serve --classroom
  sepviz serve --public --public-url https://sepviz.example.org --forwarded-allow-ips 10.0.0.7
"""


@click.command(epilog=EXAMPLES)
@click.option("--host", help="The address to listen on; 127.0.0.1, or with --classroom and --public every one.")
@click.option("--port", default=8000, type=click.IntRange(0, 65535), help="0: any free port.")
@click.option("--classroom", "mode", flag_value="classroom", help="For the local network: answer to any name.")
@click.option("--public", "mode", flag_value="public", help="For everybody: answer to the name in --public-url.")
@click.option("--public-url", metavar="URL", help="Where others find this server.")
@click.option("--no-uploads", "uploads", flag_value=False, default=None, type=bool, help="Take no pictures.")
@click.option(
    "--forwarded-allow-ips",
    metavar="LIST",
    help="Proxies that are believed when they say who asks: addresses and networks by comma, or *.",
)
def serve(host: str | None, port: int, **given: str | bool | None) -> None:
    """Start the page and the API, until Ctrl+C."""
    settings = _settings({name: value for name, value in given.items() if value is not None})
    host = host or ("127.0.0.1" if settings.mode == "local" else "0.0.0.0")  # noqa: S104 - as was asked for
    shown = f"[{host}]" if ":" in host else host
    try:
        # Bound before anything is imported: a port that is taken is told at once, not after seconds.
        listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        reason = str(error.strerror).partition(" (while")[0]  # Python adds the address, which is said already
        problem = f"cannot listen on http://{shown}:{port}: {reason.lower()}"
        raise click.ClickException(f"{problem}; choose another with --host or --port") from None
    with listening:
        click.echo(f"Sepviz is at http://{shown}:{listening.getsockname()[1]} (Ctrl+C stops it)")
        changed = settings.model_dump(exclude_defaults=True, mode="json")
        if changed:
            click.echo("Set: " + ", ".join(f"{name} = {value}" for name, value in changed.items()))
        _run_server(listening, settings)


def _settings(given: dict[str, str | bool]) -> "Settings":
    from pydantic import ValidationError  # noqa: PLC0415 - only here
    from pydantic_settings import SettingsError  # noqa: PLC0415 - only here

    from sepviz.settings import SECRET, Settings  # noqa: PLC0415 - only here

    try:
        return Settings(**given)  # type: ignore[arg-type]
    except SettingsError as error:
        raise click.ClickException(f"{error}: a list is written as JSON, such as '[\"sepviz.example.org\"]'") from None
    except ValidationError as error:
        lines = (
            f"SEPVIZ_{'_'.join(map(str, each['loc'])).upper()}: "
            f"{'' if each['loc'][0] in SECRET else repr(each['input']) + ': '}{each['msg']}"
            for each in error.errors()
        )
        raise click.ClickException("; ".join(lines)) from None


def _run_server(listening: socket.socket, settings: "Settings") -> None:
    from sepviz.web.app import create_app  # noqa: PLC0415 - only here
    from sepviz.web.server import run  # noqa: PLC0415 - only here

    app = create_app(settings)
    services = app.state.services
    run(app, listening, services.stopping, settings.forwarded_allow_ips)
