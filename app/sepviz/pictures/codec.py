"""The form in which an uploaded picture is stored: a file that Pillow wrote, without metadata."""

import io

import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.uint8]

_FORMATS = ("JPEG", "PNG", "WEBP")


def encode_picture(image: Image.Image, lossless: bool) -> bytes:
    """An `L` or `RGB` image as a file: to the last bit, or as JPEG of high quality, a fifth of the size."""
    file = io.BytesIO()
    if not lossless:
        image.save(file, "JPEG", quality=95, subsampling=0)
    elif image.mode == "L":  # which WebP does not have
        image.save(file, "PNG", compress_level=1)
    else:  # a third of the time of PNG
        image.save(file, "WEBP", lossless=True, quality=0, method=0)
    return file.getvalue()


def decode_picture(content: bytes) -> Pixels:
    """The pixels of a stored picture, read-only uint8, (height, width, 3), or (height, width) without colour."""
    pixels = np.array(_open(content))
    pixels.flags.writeable = False
    return pixels


def has_colour(content: bytes) -> bool:
    """Whether a stored picture has colour; only the header is read."""
    return _open(content).mode != "L"


def _open(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content), formats=_FORMATS)
