"""`sepviz serve`: starts the server of the page and the API."""

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
@click.option("--host", help="The address to listen on. Default: 127.0.0.1, or all with --classroom and --public.")
@click.option("--port", default=8000, type=click.IntRange(0, 65535), help="The port to listen on; 0: any free one.")
@click.option("--classroom", "mode", flag_value="classroom", help="Serve the local network, under any host name.")
@click.option("--public", "mode", flag_value="public", help="Serve the internet, under the host name of --public-url.")
@click.option("--public-url", metavar="URL", help="The URL at which clients reach this server.")
@click.option("--no-uploads", "uploads", flag_value=False, default=None, type=bool, help="Refuse uploads of pictures.")
@click.option(
    "--forwarded-allow-ips",
    metavar="LIST",
    help="Trusted proxies, whose X-Forwarded-For is used: addresses and networks by comma, or *.",
)
def serve(host: str | None, port: int, **options: str | bool | None) -> None:
    """Serve the page and the API until Ctrl+C."""
    settings = _read_settings({name: value for name, value in options.items() if value is not None})
    host = host or ("127.0.0.1" if settings.mode == "local" else "0.0.0.0")  # noqa: S104 - the mode asks for it
    url_host = f"[{host}]" if ":" in host else host
    try:
        # Bound before the slow imports, so that a port in use is reported at once.
        listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        reason = str(error.strerror).partition(" (while")[0]  # without the address that Python adds
        problem = f"cannot listen on http://{url_host}:{port}: {reason.lower()}"
        raise click.ClickException(f"{problem}; choose another with --host or --port") from None
    with listening:
        click.echo(f"Sepviz is at http://{url_host}:{listening.getsockname()[1]} (Ctrl+C stops it)")
        if settings.mode == "public":
            click.echo("Serving the internet: put a reverse proxy such as nginx in front (deploy/nginx.conf)")
        changed = settings.model_dump(exclude_defaults=True, mode="json")
        if changed:
            click.echo("Set: " + ", ".join(f"{name} = {value}" for name, value in changed.items()))
        _run_server(listening, settings)


def _read_settings(options: dict[str, str | bool]) -> "Settings":
    """The settings of the environment and the options; an error that names each invalid one."""
    from pydantic import ValidationError  # noqa: PLC0415 - slow to import
    from pydantic_settings import SettingsError  # noqa: PLC0415 - slow to import

    from sepviz.settings import SECRET, Settings  # noqa: PLC0415 - slow to import

    try:
        return Settings(**options)  # type: ignore[arg-type]
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
    from sepviz.web.app import create_app  # noqa: PLC0415 - slow to import
    from sepviz.web.server import run  # noqa: PLC0415 - slow to import

    app = create_app(settings)
    services = app.state.services
    run(app, listening, services.stopping, settings.forwarded_allow_ips)
