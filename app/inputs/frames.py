"""How many frames a picture file holds, counted without decoding them."""

from PIL import Image
from PIL.GifImagePlugin import GifImageFile

MAX_BLOCKS = 200_000


def frame_count(image: Image.Image, data: bytes) -> tuple[int, bool]:
    """Frames of an opened file, at least 1, and whether that is all of them.

    PNG, WebP and JPEG say it in their headers. In a GIF one has to walk over its blocks; it is given
    up after 200,000 of them (about 50 ms), so that a file of nothing but empty blocks costs no more.
    """
    if isinstance(image, GifImageFile):
        return _gif_frames(data)
    return max(1, int(getattr(image, "n_frames", 1))), True


def _gif_frames(data: bytes) -> tuple[int, bool]:
    frames, at = 0, 13 + _palette_bytes(data[10])
    left = MAX_BLOCKS
    # Whatever is at fault in the blocks after the first frame is none of our business: the count ends there.
    while at + 10 < len(data) and data[at] in b"!,":
        if data[at] == ord(","):
            frames += 1
            at += 11 + _palette_bytes(data[at + 9])
        else:
            at += 2
        while at < len(data) and data[at] and left >= 0:
            at += 1 + data[at]
            left -= 1
        at += 1
        left -= 1
        if left < 0:
            return max(1, frames), False
    return max(1, frames), True


def _palette_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 128 else 0
