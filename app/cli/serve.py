"""`sepviz serve`: the page and the API."""

import socket

import click


@click.command(epilog="\b\nExamples:\n  sepviz serve\n  sepviz serve --host 0.0.0.0 --port 9000")
@click.option("--host", default="127.0.0.1", help="The address to listen on.")
@click.option("--port", default=8000, type=click.IntRange(0, 65535), help="0: any free port.")
def serve(host: str, port: int) -> None:
    """Start the page and the API, until Ctrl+C."""
    shown = f"[{host}]" if ":" in host else host
    try:
        # Bound before torch is loaded: a port that is taken is told at once, not after seconds.
        listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        reason = str(error.strerror).partition(" (while")[0]  # Python adds the address, which is said already
        problem = f"cannot listen on http://{shown}:{port}: {reason.lower()}"
        raise click.ClickException(f"{problem}; choose another with --host or --port") from None
    with listening:
        click.echo(f"Sepviz is at http://{shown}:{listening.getsockname()[1]} (Ctrl+C stops it)")
        _run_server(listening)


def _run_server(listening: socket.socket) -> None:
    from app.main import create_app  # noqa: PLC0415 - with it comes torch
    from app.server import run  # noqa: PLC0415 - only here

    app = create_app()
    run(app, listening, app.state.services.stopping)
