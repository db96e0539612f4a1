"""`RedisStore`: the uploads of several servers, in one Redis."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from cachetools import LRUCache
from redis import Redis, RedisError
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import TimeoutError as NoAnswer
from redis.retry import Retry

from sepviz.circuit_breaker import OPEN_SECONDS, CircuitBreaker
from sepviz.errors import StoreUnavailable
from sepviz.redis_options import connection_options
from sepviz.uploads.store import stored_size, upload_gone, upload_id

PREFIX = "sepviz:"
TIMEOUT_SECONDS = 1.0


class RedisStore:
    """Uploads in the Redis at `url`, each for `seconds` since it was last added to any server.

    Every `get` asks Redis whether the upload still exists, so that it expires on all servers at once. Its content is
    fetched once and cached here, up to `max_bytes`; the id, which is its hash, verifies it. How much Redis stores is
    set there (`maxmemory`, with the policy `volatile-lru`).
    """

    def __init__(
        self,
        url: str,
        max_bytes: int,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self._redis = Redis.from_url(url, **connection_options(Retry, TIMEOUT_SECONDS))
        self._breaker = CircuitBreaker(clock)
        self._lock = threading.Lock()
        self._cache: LRUCache[str, bytes] = LRUCache(max_bytes, getsizeof=stored_size)

    def add(self, content: bytes) -> str:
        """The id of the content, whose time begins anew; raises `StoreUnavailable`."""
        name = upload_id(content)
        self._ask(lambda: self._redis.set(PREFIX + name, content, px=round(self._seconds * 1000)))
        return name

    def get(self, name: str) -> bytes:
        """The content with that id; raises `UploadGone` and `StoreUnavailable`."""
        with self._lock:
            content = self._cache.get(name)
        if content is None:
            content = self._ask(lambda: self._redis.get(PREFIX + name))
            if content is not None and upload_id(content) != name:  # somebody else wrote it
                content = None
        # TOUCH counts as a use for Redis, which evicts the least recently used first; EXISTS does not.
        elif not self._ask(lambda: self._redis.touch(PREFIX + name)):
            content = None
        with self._lock:
            if content is None:
                self._cache.pop(name, None)
                raise upload_gone(self._seconds)
            with suppress(ValueError):  # larger than the cache
                self._cache[name] = content
        return content

    def answers(self) -> bool:
        """Whether Redis answers now; if so, it is used again at once."""
        try:
            # Not a ping: one that is full answers it, and stores nothing.
            self._redis.set(f"{PREFIX}probe", b"", px=1000)
        except RedisError:
            return False
        self._breaker.reset()
        return True

    def close(self) -> None:
        """Close the connections."""
        self._redis.close()

    def _ask(self, command: Callable[[], Any]) -> Any:
        """The result of a command; raises `StoreUnavailable`, without a try for a while after Redis did not answer."""
        if not self._breaker.is_open:
            try:
                return command()
            except (NotConnected, NoAnswer):
                self._breaker.trip()
            except RedisError:  # it answers, and refuses: it may be full
                pass
        # The library's own message may contain the address, and is not for users.
        raise StoreUnavailable(
            "uploads cannot be kept or looked up just now; everything else works: "
            f"try again in {OPEN_SECONDS} s, or choose another input",
            OPEN_SECONDS,
        )
