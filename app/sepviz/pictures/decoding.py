"""Bytes of a picture file in, a `Picture` out; anything else ends as one of the domain's errors.

A file is judged by its content alone. Its size is read from the header and refused before any pixel
is decoded. Gamma chunks and every kind of metadata but orientation and colour profile are ignored.
"""

import io
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# Pillow loads these plugins only together with all others; imported here, they are the only ones that are added.
from PIL import AvifImagePlugin, Image, ImageFile, JpegImagePlugin, WebPImagePlugin  # noqa: F401

from sepviz.errors import ImageTooLarge, SepvizError, UndecodableImage
from sepviz.pictures.colour import PROFILE_IGNORED, Treated, on_canvas, opaque, screen_colours
from sepviz.pictures.completeness import is_complete
from sepviz.pictures.essentials import Essentials
from sepviz.pictures.formats import identify, unsupported
from sepviz.pictures.gif_blocks import first_frame
from sepviz.pictures.jpeg_segments import pixel_segments
from sepviz.pictures.png_chunks import pixel_chunks
from sepviz.pictures.sixteen_bit import Edges

MAX_BYTES = 8 * 2**20
MAX_PIXELS = 25_000_000
MAX_SIDE = 12_000
KEPT_SIDE = 512

Pixels = npt.NDArray[np.uint8]

_ESSENTIALS = {"PNG": pixel_chunks, "GIF": first_frame, "JPEG": pixel_segments}
_ORIENTATION_TAG = 0x0112
_UNUSUAL_BMP = "this BMP has bit masks, a depth or a compression that is not supported; save it as PNG"

# One thread for each picture: the default is one for each core, and each takes memory of its own.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1

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
    """The largest centred square; where one pixel is left over, it is at the right or the bottom."""
    side = min(width, height)
    return Box((width - side) // 2, (height - side) // 2, side, side)


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded picture.

    `pixels` are its centred square, uint8 in sRGB, (side, side, 3), or (side, side) without colour, at most
    512 a side. `width` and `height` are those of the file, turned upright. `frames` is how many pictures the
    file holds, of which the first is used. `notes` says in plain words what was done to it.
    """

    pixels: Pixels
    width: int
    height: int
    frames: int = 1
    notes: tuple[str, ...] = ()

    @property
    def used(self) -> Box:
        """The box of the upright picture that a layer gets, in pixels of the file."""
        return centred_square(self.width, self.height)


def decode(data: bytes) -> Picture:
    """The centred square of the picture in the bytes of a PNG, JPEG, WebP, GIF, BMP or AVIF file.

    Raises `ImageTooLarge` over 8 MiB, 25 megapixels or 12,000 pixels a side, `UnsupportedImage` for
    other formats, `UndecodableImage` for a file that is incomplete or broken. Safe across threads.
    """
    if len(data) > MAX_BYTES:
        raise ImageTooLarge(f"image is larger than {MAX_BYTES // 2**20} MiB: it has {len(data):,} bytes")
    name = identify(data)
    try:
        return _picture(name, data)
    except SepvizError:
        raise
    except Image.DecompressionBombError:
        raise ImageTooLarge(_too_large("it claims more than that")) from None
    except Exception as error:  # noqa: BLE001  (a decoder may raise anything, and its words are not for showing)
        if name == "BMP" and re.match("Unsupported|invalid palette size", str(error)):
            raise unsupported(_UNUSUAL_BMP) from None
        raise UndecodableImage(_undecodable(name, data, error)) from None


def _picture(name: str, data: bytes) -> Picture:
    essentials = _ESSENTIALS.get(name, Essentials)(data)
    data = essentials.data
    with _quietly():
        image = Image.open(io.BytesIO(data), formats=(name.upper(),))
    width, height = image.size
    if width > MAX_SIDE or height > MAX_SIDE or width * height > MAX_PIXELS:
        raise ImageTooLarge(_too_large(f"it has {width:,} x {height:,}"))
    frames = essentials.frames or max(1, int(getattr(image, "n_frames", 1)))
    at_least = "" if essentials.all_counted else "at least "
    notes = [f"first of {at_least}{frames} frames used"] if frames > 1 else []
    whole, done = _decoded(image)
    notes += done
    orientation = _orientation(image)
    square, done = _square(whole, _part((width, height), whole.size, orientation), data)
    notes += done
    if min(width, height) > KEPT_SIDE:
        notes.append(f"reduced to {KEPT_SIDE} × {KEPT_SIDE}")
    square, done = screen_colours(square, image.info.get("icc_profile"))
    notes += done
    if essentials.profile_ignored:
        notes.append(PROFILE_IGNORED)
    if orientation in _TURNS:
        square = square.transpose(_TURNS[orientation])
        notes.append("turned upright, as its EXIF orientation says")
    pixels = np.array(square, dtype=np.uint8)
    pixels.flags.writeable = False
    if orientation >= 5:
        width, height = height, width
    return Picture(pixels, width, height, frames, tuple(notes))


def _decoded(image: ImageFile.ImageFile) -> Treated:
    """The first frame on the whole canvas; a large JPEG may be decoded at a fraction of its size."""
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        # libjpeg halves while it decodes, which saves most of the time; from twice the kept size, no difference shows.
        least, (width, height) = 2 * KEPT_SIDE, image.size
        shorter = min(width, height)
        image.draft(image.mode, (least * width // shorter, least * height // shorter))
    covered = image.tile[0].extents if image.format == "GIF" and image.tile else None
    image.load()
    if covered is None or covered == (0, 0, *image.size):
        return image, []
    return on_canvas(image.crop(covered), covered[:2], image.size)


def _square(image: Image.Image, part: Edges, data: bytes) -> Treated:
    """The given part of a decoded file, at most 512 a side: `L`, `RGB` or `CMYK`."""
    square = image if part == (0, 0, *image.size) else image.crop(part)
    bits = data[24] if data.startswith(b"\x89PNG") else 8
    # Layers of alpha are as well flattened afterwards, and 25 megapixels of them would be several times in memory.
    if max(square.size) > KEPT_SIDE and square.mode in ("LA", "RGBA"):
        return opaque(_reduced(square), bits)
    square, notes = opaque(square, bits, (data, part))
    return _reduced(square), notes


def _part(size: tuple[int, int], decoded_size: tuple[int, int], orientation: int) -> Edges:
    """Where the centred square of the upright picture is in the decoded image, which may be a reduced one."""
    square = centred_square(*size)
    # The pixel that is left over is at the right or the bottom of the upright picture.
    left = size[0] - square.width - square.left if orientation in _MIRRORED_ACROSS else square.left
    top = size[1] - square.height - square.top if orientation in _MIRRORED_DOWN else square.top
    across, down = decoded_size[0] / size[0], decoded_size[1] / size[1]
    return (
        round(left * across),
        round(top * down),
        round((left + square.width) * across),
        round((top + square.height) * down),
    )


_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Orientations in which the left of the file is the right or the bottom of the upright picture; then those of its top.
_MIRRORED_ACROSS = (2, 3, 7, 8)
_MIRRORED_DOWN = (3, 4, 6, 7)


def _reduced(square: Image.Image) -> Image.Image:
    if max(square.size) <= KEPT_SIDE:
        return square
    # The gap lets Pillow average whole boxes of pixels first, for speed.
    return square.resize((KEPT_SIDE, KEPT_SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 where there is none or it cannot be read."""
    try:
        exif = Image.Exif()
        with _quietly():
            # `getexif` would also read the orientation in XMP, which browsers ignore.
            exif.load(image.info.get("exif", b""))
            found = exif.get(_ORIENTATION_TAG)
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
    if "truncated" in str(error).lower() or not is_complete(name, data):
        return f"image file is incomplete: this {name} file stops before its end"
    return f"image could not be decoded: this {name} file is broken"
