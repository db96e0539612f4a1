"""The uploaded pictures of several servers, in one Redis: what one of them was given, all of them find."""

import io
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from cachetools import LRUCache
from numpy.lib import format as npy
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import TimeoutError as NoAnswer
from redis.retry import Retry

from sepviz import circuit_breaker as respite
from sepviz.circuit_breaker import Respite
from sepviz.errors import StoreUnavailable
from sepviz.pictures.decoding import Picture, Pixels
from sepviz.pictures.store import gone, name_of, named, size

PREFIX = "sepviz:"
ANSWER_WITHIN_S = 1.0


class SharedStore:
    """Decoded pictures in the Redis at `url`, each for `seconds` since it was last added to any server.

    Redis is asked each time whether it still keeps the picture, so none is seen longer than that, whichever server
    is asked. The pixels themselves are fetched once and kept here too, up to `max_bytes`: they are those of their
    name, which is their hash. How much Redis keeps is set there (`maxmemory`, with the policy `volatile-lru`).
    """

    def __init__(
        self,
        url: str,
        max_bytes: int,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        # Once more at once, on a fresh connection: a restarted Redis has closed the old ones.
        self._redis = Redis.from_url(
            url,
            socket_timeout=ANSWER_WITHIN_S,
            socket_connect_timeout=ANSWER_WITHIN_S,
            retry=Retry(NoBackoff(), 1, supported_errors=(NotConnected,)),
        )
        self._respite = Respite(clock)
        self._lock = threading.Lock()
        self._copies: LRUCache[str, Pixels] = LRUCache(max_bytes, getsizeof=size)

    def add(self, picture: Picture) -> str:
        """The id of the picture, `upload-` and 32 hex digits; raises `StoreUnavailable`."""
        name, pixels = named(picture)
        file = io.BytesIO()
        npy.write_array(file, pixels, allow_pickle=False)
        self._ask(lambda: self._redis.set(PREFIX + name, file.getvalue(), px=round(self._seconds * 1000)))
        return name

    def get(self, name: str) -> Pixels:
        """The pixels, read-only; raises `ImageGone` and `StoreUnavailable`."""
        with self._lock:
            pixels = self._copies.get(name)
        if pixels is None:
            pixels = _parsed(name, self._ask(lambda: self._redis.get(PREFIX + name)))
        # TOUCH counts as a use for Redis, which lets the least recently used go first; EXISTS does not.
        elif not self._ask(lambda: self._redis.touch(PREFIX + name)):
            pixels = None
        with self._lock:
            if pixels is None:
                self._copies.pop(name, None)
                raise gone(self._seconds)
            with suppress(ValueError):  # larger than all copies may be together
                self._copies[name] = pixels
        return pixels

    def answers(self) -> bool:
        """Whether Redis answers now; from then on it is asked again."""
        try:
            # Not a ping: one that is full answers it, and keeps nothing.
            self._redis.set(f"{PREFIX}probe", b"", px=1000)
        except RedisError:
            return False
        self._respite.end()
        return True

    def close(self) -> None:
        """Close the connections."""
        self._redis.close()

    def _ask(self, question: Callable[[], Any]) -> Any:
        if not self._respite.lasts:
            try:
                return question()
            except (NotConnected, NoAnswer):
                self._respite.begin()
            except RedisError:  # it answers, and will not: it may be full
                pass
        # The library's own words may name the address, and are not for showing.
        raise StoreUnavailable(
            "uploaded pictures cannot be kept or looked up just now; everything else works: "
            f"try again in {respite.SECONDS} s, or choose another input",
            respite.SECONDS,
        )


def _parsed(name: str, file: bytes | None) -> Pixels | None:
    """The pixels in the file, or None where there is none or it holds others."""
    try:
        pixels: Pixels = npy.read_array(io.BytesIO(file or b""), allow_pickle=False)
    except Exception:  # noqa: BLE001 - whatever else somebody put there is no picture, and numpy may say so in any way
        return None
    pixels.flags.writeable = False
    return pixels if name_of(pixels) == name else None
