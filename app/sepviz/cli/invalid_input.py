"""The error that ends a command with exit code 2."""

from typing import IO, Any

import click


class InvalidInput(click.ClickException):
    """Options or arguments that are invalid; the message has a line for each problem."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the message to stderr, without click's prefix."""
        click.echo(self.message, file=file, err=True)
