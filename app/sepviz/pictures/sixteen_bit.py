"""PNG with 16 bits a value and more than grey: Pillow reads the high bytes alone, here are the low ones."""

import io

import numpy as np
import numpy.typing as npt
from PIL import Image

_BAND = 256
_GREY_AND_ALPHA = 4  # a colour type of the header

Edges = tuple[int, int, int, int]  # left, top, right, bottom


def low_bytes(data: bytes, part: Edges) -> Image.Image:
    """A part of a 16-bit PNG with the low byte of each value; for grey with alpha, all four bytes of a pixel."""
    image = Image.open(io.BytesIO(data), formats=("PNG",))
    (tile,) = image.tile
    # Read with the other byte first, the high byte of a value is its low one.
    raw = "RGBA" if tile.args == "LA;16B" else str(tile.args).replace("16B", "16L")
    image.tile = [tile._replace(args=raw)]
    image.load()
    return image.crop(part)


def keep_equal(marks: npt.NDArray[np.bool_], image: Image.Image, levels: npt.NDArray[np.int64]) -> None:
    """Unmark every pixel that has other levels; in bands of rows, as 25 megapixels at once take too much memory."""
    for top in range(0, image.height, _BAND):
        band = np.asarray(image.crop((0, top, image.width, min(top + _BAND, image.height))))
        marks[top : top + _BAND] &= (band == levels).all(axis=2)


def on_white(high: Image.Image, data: bytes, part: Edges) -> tuple[Image.Image, bool]:
    """A part with 16-bit alpha as `RGB`, flattened before it is rounded; whether any pixel was not opaque."""
    low = np.asarray(low_bytes(data, part))
    if data[25] == _GREY_AND_ALPHA:
        values = low.reshape(*low.shape[:2], 2, 2) @ np.array([256.0, 1.0])
    else:
        values = np.asarray(high) * 256.0 + low
    levels, alpha = values[..., :-1] / 257, values[..., -1:] / 65535
    flat = np.rint(levels * alpha + 255 * (1 - alpha)).astype(np.uint8)
    colours: npt.NDArray[np.uint8] = np.broadcast_to(flat, (*flat.shape[:2], 3))
    return Image.fromarray(np.ascontiguousarray(colours)), bool((alpha < 1).any())
