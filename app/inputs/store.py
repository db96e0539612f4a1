"""The uploaded pictures that are kept: decoded, for a while, up to a number of bytes."""

import re
import threading
import time
from collections.abc import Callable
from hashlib import blake2b

import numpy as np
from cachetools import TTLCache

from app.errors import ImageGone, ImageTooLarge, shown
from app.inputs.images import Picture, Pixels
from app.spec import UPLOAD_PATTERN

# What an entry costs beside its pixels: without it, a million pictures of one pixel would seem to fit.
_OVERHEAD = 1024


class ImageStore:
    """Decoded pictures by a hash of their content. Safe across threads.

    Kept are at most `max_bytes`, the least recently used going first, and each for `seconds` since it
    was last added. `clock` gives seconds.
    """

    def __init__(
        self,
        max_bytes: int = 64 * 2**20,
        seconds: float = 30 * 60,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.max_bytes = max_bytes
        self.seconds = seconds
        self.clock = clock
        self._lock = threading.Lock()
        self._kept: TTLCache[str, Pixels] = TTLCache(max_bytes, seconds, timer=clock, getsizeof=_bytes)

    def add(self, picture: Picture) -> str:
        """The id of the picture, `upload-` and 32 hex digits; equal pixels have equal ids, and their time begins anew.

        Raises `ImageTooLarge` for a picture that takes more than everything that is kept.
        """
        pixels = np.array(picture.pixels, dtype=np.uint8, order="C")
        pixels.flags.writeable = False
        name = _name(pixels)
        with self._lock:
            try:
                self._kept[name] = pixels
            except ValueError:
                raise ImageTooLarge(
                    f"this picture takes {_bytes(pixels):,} bytes when decoded, and at most {self.max_bytes:,} are kept"
                ) from None
        return name

    def get(self, name: str) -> Pixels:
        """The pixels, read-only uint8, (height, width, 3) or (height, width); raises `ImageGone`."""
        with self._lock:
            pixels = self._kept.get(name)
        if pixels is None:
            raise ImageGone(
                f"the uploaded picture {shown(name)} is not kept any more (pictures stay for "
                f"{self.seconds / 60:.0f} minutes, while there is room): upload it again"
            )
        return pixels


def is_upload(name: str) -> bool:
    """Whether a spec's `input` is the id of an uploaded picture."""
    return re.fullmatch(UPLOAD_PATTERN, name) is not None


def _bytes(pixels: Pixels) -> int:
    return pixels.nbytes + _OVERHEAD


def _name(pixels: Pixels) -> str:
    content = blake2b(repr(pixels.shape).encode(), digest_size=16)
    content.update(pixels.data)
    return f"upload-{content.hexdigest()}"
