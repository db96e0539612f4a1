"""Picture files that were whole once: bytes turned, parts cut off, exchanged or repeated, chunks edited."""

import random
import struct
import zlib
from functools import cache
from io import BytesIO

from PIL import Image

MODES = {
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
    "JPEG": ("L", "RGB", "CMYK"),
    "WEBP": ("RGB", "RGBA"),
    "GIF": ("1", "L", "P"),
    "BMP": ("1", "L", "P", "RGB"),
    "AVIF": ("L", "RGB", "RGBA"),
}
SIZES = ((1, 1), (7, 5), (16, 16), (33, 20))
# What parsers look for, and numbers at their limits.
TOKENS = (
    b"IHDR",
    b"PLTE",
    b"IDAT",
    b"IEND",
    b"tRNS",
    b"iCCP",
    b"zTXt",
    b"eXIf",
    b"acTL",
    b"fcTL",
    b"fdAT",
    b"gAMA",
    b"\xff\xd8",
    b"\xff\xd9",
    b"\xff\xda",
    b"\xff\xc0",
    b"\xff\xc2",
    b"\xff\xc4",
    b"\xff\xe1Exif\0\0",
    b"\xff\xe2ICC_PROFILE\0",
    b"RIFF",
    b"WEBP",
    b"VP8 ",
    b"VP8L",
    b"VP8X",
    b"ALPH",
    b"ANIM",
    b"ANMF",
    b"GIF89a",
    b"NETSCAPE2.0",
    b"!\xf9\4",
    b"BM",
    b"ftyp",
    b"avif",
    b"ispe",
    b"mdat",
    b"\0\0\0\0",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\xff\xff\xff\x7f",
    b"\x80\0\0\0",
    b"\0\0\0\x80",
)


@cache
def whole() -> tuple[bytes, ...]:
    """Valid files of every format and mode, the same every time."""
    rng = random.Random("whole")
    return tuple(
        _saved(rng, kind, mode, size) for kind, modes in MODES.items() for mode in modes for size in SIZES
    ) + tuple(_saved(rng, kind, "RGB", (9, 9), 3) for kind in ("GIF", "WEBP", "PNG"))


def _saved(rng: random.Random, kind: str, mode: str, size: tuple[int, int], frames: int = 1) -> bytes:
    values = bytes(rng.randrange(256) for _ in range(4 * size[0] * size[1]))
    first, *more = [Image.frombytes("RGBA", size, values[::-1] if n % 2 else values) for n in range(frames)]
    into = BytesIO()
    animated = {"save_all": True, "append_images": more} if more else {}
    if mode == "I;16":
        first = Image.frombytes("I;16", size, values[: 2 * size[0] * size[1]])
    else:
        first = first.convert("RGB").convert(mode) if mode in ("CMYK", "P", "1") else first.convert(mode)
    exif = Image.Exif()
    exif[0x0112] = rng.randint(1, 8)
    first.save(into, kind, **animated, **({"exif": exif} if kind in ("PNG", "JPEG", "WEBP", "AVIF") else {}))
    return into.getvalue()


def mutated(rng: random.Random) -> bytes:
    """A file that was changed once to five times."""
    data = bytearray(rng.choice(whole()))
    for _ in range(rng.randint(1, 5)):
        rng.choice((_flip, _flip, _cut, _splice, _token, _token, _repeat, _chunk))(rng, data)
    return bytes(data)


def _place(rng: random.Random, data: bytearray) -> int:
    return rng.randrange(len(data)) if data else 0


def _flip(rng: random.Random, data: bytearray) -> None:
    for _ in range(rng.choice((1, 1, 2, 8))):
        if data:
            data[_place(rng, data)] ^= 1 << rng.randrange(8)


def _cut(rng: random.Random, data: bytearray) -> None:
    if rng.random() < 0.5:
        del data[_place(rng, data) :]
    else:
        at = _place(rng, data)
        del data[at : at + rng.choice((1, 4, 16, 64))]


def _splice(rng: random.Random, data: bytearray) -> None:
    other = rng.choice(whole())
    at = rng.randrange(len(other))
    data[_place(rng, data) :] = other[at:]


def _token(rng: random.Random, data: bytearray) -> None:
    token, at = rng.choice(TOKENS), _place(rng, data)
    data[at : at + len(token) * rng.randint(0, 1)] = token


def _repeat(rng: random.Random, data: bytearray) -> None:
    at = _place(rng, data)
    part = data[at : at + rng.choice((4, 32, 256))]
    data[at:at] = part * rng.choice((1, 2, 50))


def _chunk(rng: random.Random, data: bytearray) -> None:
    """Of a PNG: a chunk's bytes changed and its checksum set right, so that it is read; else bytes at random."""
    at = 8
    for _ in range(rng.randint(0, 3)):
        if at + 8 > len(data):
            break
        at += 12 + int.from_bytes(data[at : at + 4])
    length = int.from_bytes(data[at : at + 4])
    if data[:4] != b"\x89PNG" or at + 12 + length > len(data) or not length:
        return _flip(rng, data)
    for _ in range(rng.randint(1, 4)):
        data[at + 8 + rng.randrange(length)] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
    end = at + 8 + length
    data[end : end + 4] = struct.pack(">I", zlib.crc32(bytes(data[at + 4 : end])))
    return None
