"""A PNG file without the chunks that its first picture does not need: those are neither inflated nor judged.

Critical chunks and transparency are kept as they are, orientation and colour profile where they are good. Texts,
physical size, gamma, animation frames and everything else may be broken, or inflate to gigabytes.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

MAX_METADATA_BYTES = 2**20

_SIGNATURE_BYTES = 8
_CHUNK_OVERHEAD = 12  # length, kind, checksum

Chunk = tuple[bytes, memoryview]


@dataclass(frozen=True)
class PngPixels:
    """A PNG file of one picture.

    `frames` is how many the original says it holds. `profile_ignored` tells that a colour profile was left out: its
    checksum is wrong, or it does not inflate to 1 MiB or less.
    """

    data: bytes
    frames: int
    profile_ignored: bool


def pixel_chunks(data: bytes) -> PngPixels:
    """What of a PNG file its first picture needs; a picture that is cut off or broken stays so."""
    kept = [memoryview(data)[:_SIGNATURE_BYTES]]
    frames, before_pixels, profile_ignored = 0, True, False
    for kind, chunk in _chunks(data):
        if kind[:1].isupper() or not kind or (kind == b"tRNS" and before_pixels):
            before_pixels = before_pixels and kind != b"IDAT"
            kept.append(chunk)
        elif kind == b"eXIf":
            kept += [chunk] if _is_intact(chunk) and len(chunk) <= MAX_METADATA_BYTES else []
        elif kind == b"iCCP":
            good = _is_intact(chunk) and _inflates(chunk)
            profile_ignored = profile_ignored or not good
            kept += [chunk] if good else []
        elif before_pixels and kind == b"acTL" and not frames:
            # One more: the picture before the animation, which is not one of it unless a frame's header precedes it.
            frames = 1 + _frame_count(chunk)
        elif before_pixels and kind == b"fcTL" and frames:
            frames -= 1
    return PngPixels(b"".join(kept), max(1, frames), profile_ignored)


def _chunks(data: bytes) -> Iterator[Chunk]:
    """Each chunk as far as it goes, up to the last one; what is none has the empty kind."""
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
