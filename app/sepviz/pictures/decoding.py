"""`decode`: a `Picture` from the bytes of a picture file, or one of the domain's errors.

The format is identified by content alone. The size is read from the header and checked before any pixel is decoded.
Gamma chunks and all metadata but orientation and colour profile are ignored.
"""

import io
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

# Pillow loads these plugins only together with all others; imported here, they are the only ones that are added.
from PIL import AvifImagePlugin, Image, ImageFile, JpegImagePlugin, WebPImagePlugin  # noqa: F401

from sepviz.errors import SepvizError, UndecodableImage, UploadTooLarge
from sepviz.pictures.box import Box, centred_box
from sepviz.pictures.codec import Pixels, decode_picture, encode_picture
from sepviz.pictures.colour import PROFILE_IGNORED, Treated, on_canvas, opaque, screen_colours
from sepviz.pictures.completeness import is_complete
from sepviz.pictures.essentials import Essentials
from sepviz.pictures.formats import identify, unsupported
from sepviz.pictures.gif_blocks import first_frame
from sepviz.pictures.jpeg_segments import pixel_segments
from sepviz.pictures.png_chunks import pixel_chunks

MAX_BYTES = 8 * 2**20
MAX_PIXELS = 25_000_000
MAX_SIDE = 12_000
MAX_KEPT_SIDE, MIN_KEPT_SIDE = 2048, 512

_ESSENTIALS = {"PNG": pixel_chunks, "GIF": first_frame, "JPEG": pixel_segments}
_LOSSY_FORMATS = ("JPEG", "AVIF")
_ORIENTATION_TAG = 0x0112
_UNUSUAL_BMP = "this BMP has bit masks, a depth or a compression that is not supported; save it as PNG"

# One thread for each picture: the default is one for each core, and each takes memory of its own.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1

# `warnings.catch_warnings` changes the whole process: two threads inside it at once could leave the filters changed.
_warnings_lock = threading.Lock()


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded picture.

    `content` is the upright picture in sRGB as it is stored (`sepviz.pictures.codec`), in its own proportions: at most
    2048 pixels on its longer side, but not below 512 on its shorter one. `width` and `height` are those of the file,
    turned upright. `frames` is the number of pictures in the file, of which the first is used. `notes` says in plain
    words what was changed.
    """

    content: bytes
    width: int
    height: int
    frames: int = 1
    notes: tuple[str, ...] = ()

    @property
    def pixels(self) -> Pixels:
        """The pixels of the content, read-only uint8, (height, width, 3), or (height, width) without colour."""
        return decode_picture(self.content)

    @property
    def used(self) -> Box:
        """The box of the upright picture that a square layer gets, in pixels of the file."""
        return centred_box(self.width, self.height)


def decode(data: bytes) -> Picture:
    """The first picture in the bytes of a PNG, JPEG, WebP, GIF, BMP or AVIF file.

    Raises `UploadTooLarge` over 8 MiB, 25 megapixels or 12,000 pixels a side, `UnsupportedImage` for
    other formats, `UndecodableImage` for a file that is incomplete or broken. Safe across threads.
    """
    if len(data) > MAX_BYTES:
        raise UploadTooLarge(f"image is larger than {MAX_BYTES // 2**20} MiB: it has {len(data):,} bytes")
    name = identify(data)
    try:
        return _picture(name, data)
    except SepvizError:
        raise
    except Image.DecompressionBombError:
        raise UploadTooLarge(_too_large("it claims more than that")) from None
    except Exception as error:  # noqa: BLE001  (a decoder may raise anything, and its message is not for users)
        if name == "BMP" and re.match("Unsupported|invalid palette size", str(error)):
            raise unsupported(_UNUSUAL_BMP) from None
        raise UndecodableImage(_undecodable(name, data, error)) from None


def _picture(name: str, data: bytes) -> Picture:
    essentials = _ESSENTIALS.get(name, Essentials)(data)
    data = essentials.data
    with _without_warnings():
        image = Image.open(io.BytesIO(data), formats=(name.upper(),))
    width, height = image.size
    if width > MAX_SIDE or height > MAX_SIDE or width * height > MAX_PIXELS:
        raise UploadTooLarge(_too_large(f"it has {width:,} x {height:,}"))
    frames = essentials.frames or max(1, int(getattr(image, "n_frames", 1)))
    at_least = "" if essentials.all_counted else "at least "
    notes = [f"first of {at_least}{frames} frames used"] if frames > 1 else []
    whole, added = _first_frame(image)
    notes += added
    kept, added = _reduced_opaque(whole, data)
    notes += added
    is_exact = kept.size == (width, height) and (min(kept.size) <= MIN_KEPT_SIDE or name not in _LOSSY_FORMATS)
    orientation = _orientation(image)
    if orientation >= 5:
        width, height = height, width
    if kept_size(width, height) != (width, height):
        notes.append("reduced to {} × {}".format(*kept_size(width, height)))
    kept, added = screen_colours(kept, image.info.get("icc_profile"))
    notes += added
    if essentials.profile_ignored:
        notes.append(PROFILE_IGNORED)
    if orientation in _TURNS:
        kept = kept.transpose(_TURNS[orientation])
        notes.append("turned upright, as its EXIF orientation says")
    return Picture(encode_picture(kept, is_exact), width, height, frames, tuple(notes))


def _first_frame(image: ImageFile.ImageFile) -> Treated:
    """The first frame on the whole canvas, and notes."""
    covered = image.tile[0].extents if image.format == "GIF" and image.tile else None
    image.load()
    if covered is None or covered == (0, 0, *image.size):
        return image, []
    return on_canvas(image.crop(covered), covered[:2], image.size)


def _reduced_opaque(image: Image.Image, data: bytes) -> Treated:
    """A decoded file as `L`, `RGB` or `CMYK`, reduced to the size that is kept, and notes."""
    bits = data[24] if data.startswith(b"\x89PNG") else 8
    # Layers of alpha can be flattened after reducing, and 25 megapixels of them take several times the memory.
    if image.mode in ("LA", "RGBA") and kept_size(*image.size) != image.size:
        return opaque(_reduced(image), bits)
    flat, notes = opaque(image, bits, data)
    return _reduced(flat), notes


def kept_size(width: int, height: int) -> tuple[int, int]:
    """Width and height that are kept of a picture: 2048 on the longer side, but not below 512 on the shorter one."""
    scale = max(MAX_KEPT_SIDE / max(width, height), MIN_KEPT_SIDE / min(width, height))
    if scale >= 1:
        return width, height
    return max(1, round(width * scale)), max(1, round(height * scale))


_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def _reduced(image: Image.Image) -> Image.Image:
    size = kept_size(*image.size)
    # The gap lets Pillow average whole boxes of pixels first, for speed.
    return image if size == image.size else image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 where there is none or it cannot be read."""
    try:
        exif = Image.Exif()
        with _without_warnings():
            # `getexif` would also read the orientation in XMP, which browsers ignore.
            exif.load(image.info.get("exif", b""))
            found = exif.get(_ORIENTATION_TAG)
    except Exception:  # noqa: BLE001  (a good picture with broken metadata is a good picture)
        return 1
    return found if isinstance(found, int) and found in _TURNS else 1


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Suppresses Pillow's warnings about size and odd metadata, which are handled here."""
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
