"""`Encoded`: the body of a response with its media type; and the ways in which tensors may be written."""

from typing import Literal, NamedTuple

DType = Literal["float32", "float16", "uint8"]
Scale = Literal["channel", "stage"]  # what has a range of colours of its own: each channel, or the stage


class Encoded(NamedTuple):
    """A body, its media type, and its content encoding if it is compressed."""

    body: bytes
    media_type: str
    content_encoding: Literal["gzip"] | None = None
