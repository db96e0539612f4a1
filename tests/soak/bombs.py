"""Twenty small files that mean to become large, or to take long; first those that take little to make."""

import zlib
from collections.abc import Callable
from io import BytesIO

from PIL import Image

from tests.soak.png import chunk, png, with_data

MIB = 2**20
# Its one directory names itself as the next one.
ROUND = b"II*\0\x08\0\0\0\1\0\x69\x87\4\0\1\0\0\0\x08\0\0\0\x08\0\0\0"
TAGS = b"II*\0\x08\0\0\0\xff\xff" + 65_535 * b"\1\1\4\0\1\0\0\0\1\1\1\1"

BOMBS: dict[str, Callable[[], bytes]] = {
    "50,000 x 50,000": lambda: with_data(50_000, 50_000, 8, 2, zlib.compress(b"")),
    "1 x 300,000": lambda: with_data(1, 300_000, 8, 0, zlib.compress(bytes(600_000))),
    "0 x 100": lambda: with_data(0, 100, 8, 0, zlib.compress(bytes(100))),
    "largest size there is": lambda: with_data(2**31 - 1, 2**31 - 1, 16, 6, b""),
    "13,300 x 13,300": lambda: with_data(13_300, 13_300, 1, 0, zlib.compress(bytes(1664 * 13_300))),
    "eXIf that goes round": lambda: _small(chunk(b"eXIf", ROUND)),
    "eXIf with 65,535 tags": lambda: _small(chunk(b"eXIf", TAGS)),
    "a hundred thousand chunks": lambda: _small(100_000 * chunk(b"tEXt", b"a\0b")),
    "a hundred thousand frames": lambda: _frames(100_000),
    "many zTXt": lambda: _small(200 * chunk(b"zTXt", b"a\0\0" + _zeros(MIB))),
    "zTXt": lambda: _small(chunk(b"zTXt", b"a\0\0" + _zeros(200 * MIB))),
    "iCCP": lambda: _small(chunk(b"iCCP", b"a\0\0" + _zeros(200 * MIB))),
    "more rows than it has": lambda: with_data(64, 64, 8, 0, _zeros(200 * MIB)),
    "25 megapixels of one bit": lambda: _saved(Image.new("1", (5000, 5000)), "PNG"),
    "25 megapixels of 16-bit grey": lambda: with_data(5000, 5000, 16, 0, _zeros(5000 * 10_001)),
    "25 megapixels of colour": lambda: with_data(5000, 5000, 8, 2, _zeros(5000 * 15_001)),
    "24 megapixels of 16-bit colour and alpha": lambda: with_data(6000, 4000, 16, 6, _zeros(4000 * 48_001)),
    "a palette of 25 megapixels": lambda: _saved(Image.new("P", (5000, 5000)), "GIF"),
    "25 megapixels of AVIF": lambda: _saved(Image.new("RGB", (5000, 5000)), "AVIF", speed=10),
    "progressive": lambda: _saved(Image.new("RGB", (5000, 5000)), "JPEG", progressive=True),
}  # fmt: skip


def _zeros(count: int) -> bytes:
    return zlib.compress(bytes(count), 1)


def _small(before: bytes) -> bytes:
    return png(8, 8, 8, 0, bytes(range(64)), before)


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    into = BytesIO()
    image.save(into, kind, **options)
    return into.getvalue()


def _frames(count: int) -> bytes:
    """A GIF that has them."""
    frame = b",\0\0\0\0\1\0\1\0\0\2\2\x44\1\0"
    return _saved(Image.new("L", (4, 4)), "GIF")[:-1] + count * frame + b";"
