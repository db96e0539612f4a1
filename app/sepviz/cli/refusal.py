"""How a command says no."""

from typing import IO, Any

import click


class Refused(click.ClickException):
    """What was asked for cannot be done: one line for each problem, and exit code 2."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """The lines as they are, on stderr."""
        click.echo(self.message, file=file, err=True)
