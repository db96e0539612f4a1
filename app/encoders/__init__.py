"""Tensors in, `Encoded` out: the bytes of a response and what they are."""

from typing import Literal, NamedTuple


class Encoded(NamedTuple):
    """What is sent, what it is, and how it is packed if it is."""

    body: bytes
    media_type: str
    packed: Literal["gzip"] | None = None
