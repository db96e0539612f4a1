"""Bytes of a picture file in, a `Picture` out; anything else ends as one of the domain's errors.

A file is judged by its content alone. Its size is read from the header and refused before any pixel
is decoded. Gamma chunks and every kind of metadata but orientation and colour profile are ignored.
"""

import io
import struct
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# Pillow loads its WebP plugin only with all of its plugins; named here, it is the only further one that is loaded.
from PIL import Image, ImageFile, JpegImagePlugin, WebPImagePlugin  # noqa: F401

from app.errors import ImageTooLarge, SepvizError, UndecodableImage, UnsupportedImage
from app.inputs.colour import opaque, screen_colours
from app.inputs.frames import frame_count

MAX_BYTES = 8 * 2**20
MAX_PIXELS = 25_000_000
MAX_SIDE = 12_000
KEPT_SIDE = 512
FORMATS = ("PNG", "JPEG", "WebP", "GIF", "BMP")

Pixels = npt.NDArray[np.uint8]

_ORIENTATION_TAG = 0x0112
_BMP_HEADER_SIZES = (12, 40, 52, 56, 64, 108, 124)

# `warnings.catch_warnings` changes the whole process: two threads inside it at once could leave the filters changed.
_warnings_lock = threading.Lock()


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels; `left` and `top` count from the upper left corner."""

    left: int
    top: int
    width: int
    height: int


def centred_square(width: int, height: int) -> Box:
    """The largest centred square; where it cannot be in the middle, it is half a pixel to the upper left."""
    side = min(width, height)
    return Box((width - side) // 2, (height - side) // 2, side, side)


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded picture.

    `pixels` are uint8 in sRGB, (height, width, 3), or (height, width) without colour, at most 512 on a
    side. `width` and `height` are those of the file, turned upright. `frames` is how many pictures the
    file holds, of which the first is used. `notes` says in plain words what was done to it.
    """

    pixels: Pixels
    width: int
    height: int
    frames: int = 1
    notes: tuple[str, ...] = ()

    @property
    def used(self) -> Box:
        """The part of the upright picture that a layer gets, in the file's pixels."""
        return centred_square(self.width, self.height)


def decode(data: bytes) -> Picture:
    """The picture in the bytes of a PNG, JPEG, WebP, GIF or BMP file.

    Raises `ImageTooLarge` over 8 MiB, 25 megapixels or 12,000 pixels a side, `UnsupportedImage` for
    other formats, `UndecodableImage` for a file that is incomplete or broken. Safe across threads.
    """
    if len(data) > MAX_BYTES:
        raise ImageTooLarge(f"image is larger than {MAX_BYTES // 2**20} MiB: it has {len(data):,} bytes")
    name = _format(data)
    try:
        with _quietly():
            image = Image.open(io.BytesIO(data), formats=(name.upper(),))
        return _picture(image, data)
    except SepvizError:
        raise
    except Image.DecompressionBombError:
        raise ImageTooLarge(_too_large("it claims more than that")) from None
    except Exception as error:  # noqa: BLE001  (a decoder may raise anything, and its words are not for showing)
        raise UndecodableImage(_undecodable(name, data, error)) from None


def _format(data: bytes) -> str:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WebP"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    # Any text may begin with BM: the size of the second header tells a picture from it.
    if data.startswith(b"BM") and int.from_bytes(data[14:18], "little") in _BMP_HEADER_SIZES:
        return "BMP"
    what = "the file is empty" if not data else "the content of this file is something else"
    raise UnsupportedImage(f"not a picture of a supported format: {what}; supported are {', '.join(FORMATS)}")


def _picture(image: ImageFile.ImageFile, data: bytes) -> Picture:
    width, height = image.size
    if width > MAX_SIDE or height > MAX_SIDE or width * height > MAX_PIXELS:
        raise ImageTooLarge(_too_large(f"it has {width:,} x {height:,}"))
    notes = []
    frames, all_counted = frame_count(image, data)
    if frames > 1:
        notes.append(f"first of {'' if all_counted else 'at least '}{frames} frames used")
    kept = _kept_size(width, height)
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        # libjpeg halves while it decodes, which saves most of the time; twice what is kept leaves it unseen.
        image.draft(image.mode, (2 * kept[0], 2 * kept[1]))
    image.load()
    orientation = _orientation(image)
    bits = data[24] if image.format == "PNG" else 8
    # Layers of alpha are as well flattened afterwards, and 25 megapixels of them would be several times in memory.
    upright = _reduced(image, kept) if image.mode in ("LA", "RGBA") else image
    upright, done = opaque(upright, bits, data if upright is image else None)
    notes += done
    upright = _reduced(upright, kept)
    if kept != (width, height):
        notes.append(f"reduced to {kept[0]} × {kept[1]}" if orientation < 5 else f"reduced to {kept[1]} × {kept[0]}")
    upright, done = screen_colours(upright, image.info.get("icc_profile"))
    notes += done
    if orientation in _TURNS:
        upright = upright.transpose(_TURNS[orientation])
        notes.append("turned upright, as its EXIF orientation says")
    pixels = np.array(upright, dtype=np.uint8)
    pixels.flags.writeable = False
    if orientation >= 5:
        width, height = height, width
    return Picture(pixels, width, height, frames, tuple(notes))


_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def _kept_size(width: int, height: int) -> tuple[int, int]:
    longest = max(width, height)
    if longest <= KEPT_SIDE:
        return width, height
    return max(1, round(width * KEPT_SIDE / longest)), max(1, round(height * KEPT_SIDE / longest))


def _reduced(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    # The gap lets Pillow average whole boxes of pixels first, for speed.
    return image if image.size == size else image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 where there is none or it cannot be read."""
    try:
        with _quietly():
            found = image.getexif().get(_ORIENTATION_TAG)
    except Exception:  # noqa: BLE001  (broken metadata of a good picture are nothing that anybody need know)
        return 1
    return found if isinstance(found, int) and found in _TURNS else 1


@contextmanager
def _quietly() -> Iterator[None]:
    """Without Pillow's warnings of size and odd metadata: both are dealt with here."""
    with _warnings_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _too_large(what: str) -> str:
    return f"image has too many pixels: 25 megapixels at most, and {MAX_SIDE:,} a side; {what}"


def _undecodable(name: str, data: bytes, error: Exception) -> str:
    if isinstance(error, MemoryError):
        return f"image could not be decoded: this {name} file needs more memory than one picture may have"
    if "truncated" in str(error).lower() or not _ended(name, data):
        return f"image file is incomplete: this {name} file stops before its end"
    return f"image could not be decoded: this {name} file is broken"


def _ended(name: str, data: bytes) -> bool:
    """Whether the file has what its format ends with; asked only of files that did not decode."""
    if name == "PNG":
        return b"IEND" in data
    if name == "JPEG":
        return b"\xff\xd9" in data
    if name == "GIF":
        return data.endswith(b";")
    if name == "WebP":
        size: int = struct.unpack_from("<I", data, 4)[0]
        return len(data) >= 8 + size
    return len(data) >= 54
