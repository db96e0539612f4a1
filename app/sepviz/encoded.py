"""`Encoded`: the bytes of a response and what they are; and how tensors may be written."""

from typing import Literal, NamedTuple

DType = Literal["float32", "float16", "uint8"]
Scale = Literal["channel", "stage"]  # what has a range of colours of its own


class Encoded(NamedTuple):
    """What is sent, what it is, and how it is packed if it is."""

    body: bytes
    media_type: str
    packed: Literal["gzip"] | None = None
