"""The low bytes of PNG files with 16 bits a value and colour or alpha, of which Pillow reads the high bytes alone."""

import io
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from PIL import Image

# Rows at once: 25 megapixels of wider values would take too much memory.
_BAND_ROWS = 256
_GREY_AND_ALPHA = 4  # a colour type of the header


def low_bytes(data: bytes) -> Image.Image:
    """The low byte of each value of a 16-bit PNG; for grey with alpha, all four bytes of a pixel."""
    image = Image.open(io.BytesIO(data), formats=("PNG",))
    (tile,) = image.tile
    # Read with the other byte first, the high byte of a value is its low one.
    raw = "RGBA" if tile.args == "LA;16B" else str(tile.args).replace("16B", "16L")
    image.tile = [tile._replace(args=raw)]
    image.load()
    return image


def keep_equal(marks: npt.NDArray[np.bool_], image: Image.Image, levels: npt.NDArray[np.int64]) -> None:
    """Unmark every pixel that has other levels."""
    for box in _bands(image):
        marks[box[1] : box[3]] &= (np.asarray(image.crop(box)) == levels).all(axis=2)


def on_white(high: Image.Image, data: bytes) -> tuple[Image.Image, bool]:
    """A picture with 16-bit alpha as `RGB`, flattened before it is rounded; whether any pixel was not opaque."""
    low, flat, any_clear = low_bytes(data), np.empty((high.height, high.width, 3), np.uint8), False
    for box in _bands(high):
        values = np.asarray(low.crop(box))
        if data[25] == _GREY_AND_ALPHA:
            values = values.reshape(*values.shape[:2], 2, 2) @ np.array([256.0, 1.0])
        else:
            values = np.asarray(high.crop(box)) * 256.0 + values
        levels, alpha = values[..., :-1] / 257, values[..., -1:] / 65535
        flat[box[1] : box[3]] = np.rint(levels * alpha + 255 * (1 - alpha)).astype(np.uint8)
        any_clear = any_clear or bool((alpha < 1).any())
    return Image.fromarray(flat), any_clear


def _bands(image: Image.Image) -> Iterator[tuple[int, int, int, int]]:
    """Boxes (left, top, right, bottom) of a few rows each that together are the image."""
    for top in range(0, image.height, _BAND_ROWS):
        yield 0, top, image.width, min(top + _BAND_ROWS, image.height)
