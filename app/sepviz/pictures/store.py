"""The uploaded pictures that are kept: decoded, for a while, up to a number of bytes.

`ImageStore` keeps them in this process; `app/sepviz/pictures/redis_store.py` where several servers find them.
"""

import asyncio
import re
import threading
import time
from collections.abc import Callable
from hashlib import blake2b
from typing import Protocol

import numpy as np
from cachetools import TTLCache

from sepviz.errors import ImageGone, ImageTooLarge
from sepviz.layer.spec import UPLOAD_PATTERN, LayerSpec
from sepviz.pictures.decoding import Picture, Pixels

# What an entry costs beside its pixels: without it, a million pictures of one pixel would seem to fit.
_OVERHEAD = 1024


class Store(Protocol):
    """Decoded pictures by a hash of their content, each for a while since it was last added. Safe across threads."""

    def add(self, picture: Picture) -> str:
        """The id of the picture, `upload-` and 32 hex digits; equal pixels have equal ids, and their time begins anew.

        Raises `ImageTooLarge`, and `StoreUnavailable` where pictures cannot be kept just now.
        """

    def get(self, name: str) -> Pixels:
        """The pixels, read-only uint8, (height, width, 3) or (height, width).

        Raises `ImageGone`, and `StoreUnavailable` where pictures cannot be looked up just now.
        """

    def answers(self) -> bool:
        """Whether pictures can be kept and looked up now; may take a second."""

    def close(self) -> None:
        """Let go of what was opened."""


class ImageStore:
    """The store of one process, in its memory.

    Kept are at most `max_bytes`, the least recently used going first, and each for `seconds` since it
    was last added. `clock` gives seconds.
    """

    def __init__(self, max_bytes: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_bytes = max_bytes
        self._seconds = seconds
        self._lock = threading.Lock()
        self._kept: TTLCache[str, Pixels] = TTLCache(max_bytes, seconds, timer=clock, getsizeof=size)

    def add(self, picture: Picture) -> str:
        """The id of the picture, `upload-` and 32 hex digits; equal pixels have equal ids, and their time begins anew.

        Raises `ImageTooLarge` for a picture that takes more than everything that is kept.
        """
        name, pixels = named(picture)
        with self._lock:
            try:
                self._kept[name] = pixels
            except ValueError:
                raise ImageTooLarge(
                    f"this picture takes {size(pixels):,} bytes when decoded, and at most {self._max_bytes:,} are kept"
                ) from None
        return name

    def get(self, name: str) -> Pixels:
        """The pixels, read-only uint8, (height, width, 3) or (height, width); raises `ImageGone`."""
        with self._lock:
            pixels = self._kept.get(name)
        if pixels is None:
            raise gone(self._seconds)
        return pixels

    def answers(self) -> bool:
        """Always."""
        return True

    def close(self) -> None:
        """Nothing was opened."""


def is_upload(name: str) -> bool:
    """Whether a spec's `input` is the id of an uploaded picture."""
    return re.fullmatch(UPLOAD_PATTERN, name) is not None


async def picture_of(store: Store, spec: LayerSpec) -> Pixels | None:
    """The pixels of the upload that a spec names, None where it names none; raises what `get` raises."""
    return await asyncio.to_thread(store.get, spec.input) if is_upload(spec.input) else None


def named(picture: Picture) -> tuple[str, Pixels]:
    """The id of a picture, and a copy of its pixels that nobody can change."""
    pixels = np.array(picture.pixels, dtype=np.uint8, order="C")
    pixels.flags.writeable = False
    return name_of(pixels), pixels


def name_of(pixels: Pixels) -> str:
    """The id of these pixels: a hash of them and of their shape."""
    content = blake2b(repr(pixels.shape).encode(), digest_size=16)
    content.update(pixels.data)
    return f"upload-{content.hexdigest()}"


def size(pixels: Pixels) -> int:
    """The bytes that a kept picture takes."""
    return pixels.nbytes + _OVERHEAD


def gone(seconds: float) -> ImageGone:
    """The error for a picture that is not kept; its id says nothing to a reader."""
    return ImageGone(
        f"this uploaded picture is not kept any more (pictures stay for {lasting(seconds)}, "
        "while there is room): upload it again"
    )


def lasting(seconds: float) -> str:
    """How long, as people say it."""
    minutes = seconds / 60
    return f"{minutes:g} minutes" if minutes > 1 and minutes.is_integer() else f"{seconds:g} seconds"
