"""Tensors in, `Encoded` out: the bytes of a response and their media type."""

from typing import NamedTuple


class Encoded(NamedTuple):
    """What is sent, and what it is."""

    body: bytes
    media_type: str
