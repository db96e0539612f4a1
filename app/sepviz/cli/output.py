"""Writing the output of a command: to a file, completely or not at all, or to standard output."""

import os
from collections.abc import Collection
from pathlib import Path

import click

from sepviz.cli.invalid_input import InvalidInput

STANDARD_OUTPUT = "-"


def parse_suffix(output: str, suffixes: Collection[str]) -> str:
    """The suffix of the file's name in lower case; `InvalidInput` unless it is one of `suffixes`."""
    suffix = Path(output).suffix.lower()
    if suffix not in suffixes:
        raise InvalidInput(
            f"--output {output}: the suffix of the name selects the format; end it in {', '.join(suffixes)}"
        )
    return suffix


def write(output: str, body: bytes) -> None:
    """Write to the file, or to standard output for `-`; where that fails the exit code is 1 and no part is left.

    A symbolic link stays one and its target is replaced. A device or pipe is written to directly.
    """
    if output == STANDARD_OUTPUT:
        _write_stdout(body)
        return
    try:
        target = Path(output).resolve()
        if target.exists() and not target.is_file():
            target.write_bytes(body)
            return
        part = target.with_name(f".sepviz-{os.getpid()}.part")
        try:
            part.write_bytes(body)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise _write_error(output, error) from None


def _write_stdout(body: bytes) -> None:
    try:
        click.echo(body, nl=False)
    except BrokenPipeError:
        raise  # the reader has closed the pipe; click ends without a message
    except OSError as error:
        raise _write_error("standard output", error) from None


def _write_error(output: str, error: OSError) -> click.ClickException:
    return click.ClickException(f"cannot write {output}: {str(error.strerror).lower()}")
