"""PNG files as no encoder writes them: 16 bits, any chunk, any lie in the header."""

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PLANES = {0: 1, 2: 3, 4: 2, 6: 4}


def chunk(kind: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, bits: int, colour_type: int, pixels: bytes, before: bytes = b"") -> bytes:
    """A file with these pixels, unfiltered rows without their filter bytes; `before` are chunks before them."""
    row = len(pixels) // height if height else 0
    rows = b"".join(b"\0" + pixels[at : at + row] for at in range(0, len(pixels), row or 1))
    return with_data(width, height, bits, colour_type, zlib.compress(rows, 6), before)


def with_data(width: int, height: int, bits: int, colour_type: int, data: bytes, before: bytes = b"") -> bytes:
    """The same with compressed rows, or what is to pass for them."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0)
    return SIGNATURE + chunk(b"IHDR", header) + before + chunk(b"IDAT", data) + chunk(b"IEND")
