"""Where a command writes: a file, whole or not at all, or standard output."""

import os
from collections.abc import Collection
from pathlib import Path

import click

from sepviz.cli.refusal import Refused

STANDARD_OUTPUT = "-"


def ending(output: str, endings: Collection[str]) -> str:
    """What the file's name ends in, in small letters; refused unless it is one of them."""
    found = Path(output).suffix.lower()
    if found in endings:
        return found
    raise Refused(f"--output {output}: the name says what is written; end it in {', '.join(endings)}")


def write(output: str, body: bytes) -> None:
    """The bytes, to the file or for `-` to standard output; exit code 1 where that fails, and no half file.

    A link keeps pointing where it does. What is no plain file, such as a pipe, is written to as it is.
    """
    if output == STANDARD_OUTPUT:
        _echo(body)
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
        raise _unwritable(output, error) from None


def _echo(body: bytes) -> None:
    try:
        click.echo(body, nl=False)
    except BrokenPipeError:
        raise  # whoever read has read enough: click ends without a word
    except OSError as error:
        raise _unwritable("standard output", error) from None


def _unwritable(output: str, error: OSError) -> click.ClickException:
    return click.ClickException(f"cannot write {output}: {str(error.strerror).lower()}")
