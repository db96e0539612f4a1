"""Reduces a PNG file to the chunks that its first picture needs; the others are neither inflated nor checked.

Critical chunks and transparency are kept as they are, orientation and colour profile where they are intact. All other
chunks, such as texts, physical size, gamma and later frames, may be broken or inflate to gigabytes.
"""

import zlib
from collections.abc import Iterator

from sepviz.pictures.essentials import Essentials

MAX_METADATA_BYTES = 2**20

_SIGNATURE_BYTES = 8
_CHUNK_OVERHEAD = 12  # length, kind, checksum

Chunk = tuple[bytes, memoryview]


def pixel_chunks(data: bytes) -> Essentials:
    """The chunks that the first picture needs; a cut off or broken one is left for the decoder to refuse."""
    before: list[memoryview] = []
    pixels: list[memoryview] = []
    after: list[memoryview] = []
    animation = _Animation()
    profile_ignored = False
    for kind, chunk in _chunks(data):
        kept = after if pixels else before
        if kind == b"IDAT":
            pixels.append(chunk)
        elif kind in (b"acTL", b"fcTL", b"fdAT"):
            animation.add(kind, chunk, not pixels)
        elif kind == b"iCCP" and not (_is_intact(chunk) and _inflates(chunk)):
            profile_ignored = True
        elif _is_needed(kind, chunk, not pixels):
            kept.append(chunk)
    pixels = animation.first_frame(before) or pixels
    parts = [memoryview(data)[:_SIGNATURE_BYTES], *before, *pixels, *after]
    return Essentials(b"".join(parts), max(1, animation.frames), profile_ignored=profile_ignored)


class _Animation:
    """The chunks of an animation that its first frame needs."""

    def __init__(self) -> None:
        self.frames = 0
        self._default_is_frame = False
        self._controls: list[memoryview] = []
        self._pixels: list[memoryview] = []

    def add(self, kind: bytes, chunk: memoryview, before_pixels: bool) -> None:
        if kind == b"acTL" and before_pixels:
            self.frames = self.frames or _frame_count(chunk)
        elif kind == b"fcTL":
            self._default_is_frame = self._default_is_frame or before_pixels
            self._controls.append(chunk)
        elif kind == b"fdAT" and len(self._controls) == 1:
            content = b"IDAT" + bytes(chunk[12:-4])
            pixels = (len(content) - 4).to_bytes(4) + content + zlib.crc32(content).to_bytes(4)
            self._pixels.append(memoryview(pixels))

    def first_frame(self, header: list[memoryview]) -> list[memoryview]:
        """The pixels of the first frame as IDAT chunks; empty where the default image is it, or there is none."""
        if not self.frames or self._default_is_frame or not self._pixels:
            return []
        # Width, height and offset in `fcTL`; width and height in `IHDR`.
        fills_canvas = header and self._controls[0][12:28] == bytes(header[0][8:16]) + bytes(8)
        return self._pixels if fills_canvas else []


def _is_needed(kind: bytes, chunk: memoryview, before_pixels: bool) -> bool:
    """Whether a chunk is critical, transparency, a colour profile or an intact orientation."""
    if kind == b"eXIf":
        return _is_intact(chunk) and len(chunk) <= MAX_METADATA_BYTES
    return kind[:1].isupper() or kind in (b"", b"iCCP") or (kind == b"tRNS" and before_pixels)


def _chunks(data: bytes) -> Iterator[Chunk]:
    """(kind, bytes) of each chunk up to `IEND`; bytes that are no chunk have the kind `b""`."""
    whole, at = memoryview(data), _SIGNATURE_BYTES
    kind = b""
    while at < len(data) and kind != b"IEND":
        kind = data[at + 4 : at + 8]
        if len(kind) < 4 or not kind.isalpha():
            yield b"", whole[at:]
            return
        end = at + _CHUNK_OVERHEAD + int.from_bytes(whole[at : at + 4])
        yield kind, whole[at:end]
        at = end


def _is_intact(chunk: memoryview) -> bool:
    length = int.from_bytes(chunk[:4])
    return len(chunk) == length + _CHUNK_OVERHEAD and zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:])


def _inflates(chunk: memoryview) -> bool:
    """Whether the profile, after a name that ends with 0 and the method 0, inflates to at most 1 MiB."""
    name, _, compressed = bytes(chunk[8:-4]).partition(b"\0")
    if not name or not compressed.startswith(b"\0"):
        return False
    inflater = zlib.decompressobj()
    try:
        inflater.decompress(compressed[1:], MAX_METADATA_BYTES)
    except zlib.error:
        return False
    return inflater.eof


def _frame_count(chunk: memoryview) -> int:
    count = int.from_bytes(chunk[8:12])
    return count if _is_intact(chunk) and len(chunk) == 8 + _CHUNK_OVERHEAD and count < 2**31 else 0
