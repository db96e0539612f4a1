"""The option `--image`: a file as the input of a layer, in place of a sample."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from sepviz.cli.invalid_input import InvalidInput
from sepviz.layer.spec import LayerSpec

Command = TypeVar("Command", bound=Callable[..., Any])


def add_image_option(command: Command) -> Command:
    """A decorator that adds the option."""
    text = "The input, in place of --input: a PNG, JPEG, WebP, GIF, BMP or AVIF of at most 8 MiB."
    return click.option("--image", metavar="FILE", help=text)(command)


def refuse_two_inputs(image: str | None, inputs: tuple[str, ...]) -> None:
    """Raise `InvalidInput` where the input is both a file and the value of --input."""
    if image is not None and inputs:
        raise InvalidInput(f"--input {inputs[0]}: --image {image} is the input already; use one of them")


def load_picture(spec: LayerSpec, image: str | None) -> tuple[LayerSpec, bytes | None]:
    """The layer with the file as its input, and the content of the picture as it would be stored."""
    if image is None:
        return spec, None
    from sepviz.pictures.decoding import decode  # noqa: PLC0415 - imports Pillow
    from sepviz.uploads.store import upload_id  # noqa: PLC0415

    content = decode(_read(image)).content
    return spec.replace(input=upload_id(content)), content


def _read(image: str) -> bytes:
    try:
        return Path(image).read_bytes()
    except OSError as error:
        raise InvalidInput(f"--image {image}: {str(error.strerror).lower()}") from None
