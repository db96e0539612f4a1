"""`Store`: uploaded content by a hash of its bytes, for a limited time and up to a number of bytes.

`MemoryStore` is that of one process; `sepviz.uploads.redis_store` is shared by several servers. A store knows nothing
of what its bytes mean: each kind of upload has a codec of its own, as pictures have in `sepviz.pictures.codec`.
"""

import asyncio
import re
import threading
import time
from collections.abc import Callable
from hashlib import blake2b
from typing import Protocol

from cachetools import TTLCache

from sepviz.errors import UploadGone, UploadTooLarge
from sepviz.layer.spec import UPLOAD_PATTERN, LayerSpec

# What an entry costs beside its bytes: without it, a million tiny uploads would seem to fit.
_OVERHEAD = 1024


class Store(Protocol):
    """Uploads by id, each stored for a while since it was last added. Safe across threads."""

    def add(self, content: bytes) -> str:
        """The id of the content (see `upload_id`), whose time begins anew.

        Raises `UploadTooLarge`, and `StoreUnavailable` where nothing can be stored at the moment.
        """

    def get(self, name: str) -> bytes:
        """The content with that id.

        Raises `UploadGone`, and `StoreUnavailable` where nothing can be looked up at the moment.
        """

    def answers(self) -> bool:
        """Whether the store can be used now; may take a second."""

    def close(self) -> None:
        """Close connections."""


class MemoryStore:
    """The store of one process, in its memory.

    It has at most `max_bytes`, the least recently used evicted first, and each upload for `seconds` since it was last
    added. `clock` returns seconds.
    """

    def __init__(self, max_bytes: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_bytes = max_bytes
        self._seconds = seconds
        self._lock = threading.Lock()
        self._contents: TTLCache[str, bytes] = TTLCache(max_bytes, seconds, timer=clock, getsizeof=stored_size)

    def add(self, content: bytes) -> str:
        """The id of the content, whose time begins anew; `UploadTooLarge` where it alone is more than all may be."""
        name = upload_id(content)
        with self._lock:
            try:
                self._contents[name] = content
            except ValueError:
                raise UploadTooLarge(
                    f"this upload takes {stored_size(content):,} bytes, and at most {self._max_bytes:,} are stored"
                ) from None
        return name

    def get(self, name: str) -> bytes:
        """The content with that id; raises `UploadGone`."""
        with self._lock:
            content = self._contents.get(name)
        if content is None:
            raise upload_gone(self._seconds)
        return content

    def answers(self) -> bool:
        """Always."""
        return True

    def close(self) -> None:
        """Nothing to close."""


def upload_id(content: bytes) -> str:
    """`upload-` and 32 hex digits, a hash of the content: equal contents have equal ids."""
    return f"upload-{blake2b(content, digest_size=16).hexdigest()}"


def is_upload(name: str) -> bool:
    """Whether a spec's `input` is the id of an upload."""
    return re.fullmatch(UPLOAD_PATTERN, name) is not None


async def load_input(store: Store, spec: LayerSpec) -> bytes | None:
    """The content of the upload that a spec names as its input, None where it names none; raises what `get` raises."""
    return await asyncio.to_thread(store.get, spec.input) if is_upload(spec.input) else None


def stored_size(content: bytes) -> int:
    """The bytes that an upload counts for."""
    return len(content) + _OVERHEAD


def upload_gone(seconds: float) -> UploadGone:
    """The error for an upload that is not stored; its id would mean nothing to a reader."""
    return UploadGone(
        f"this upload is not kept any more (uploads stay for {format_duration(seconds)}, "
        "while there is room): upload it again"
    )


def format_duration(seconds: float) -> str:
    """The duration for people: `30 minutes`, `90 seconds`."""
    minutes = seconds / 60
    return f"{minutes:g} minutes" if minutes > 1 and minutes.is_integer() else f"{seconds:g} seconds"
