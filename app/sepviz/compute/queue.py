"""`Compute`: a bounded queue of computations with a cache, which computes each key once at a time."""

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial

from cachetools import TTLCache

from sepviz.compute.rate_limits import RateLimiter
from sepviz.encoded import Encoded
from sepviz.errors import Busy, RateLimited

Work = Callable[[], Awaitable[Encoded]]
# Of one page at most so many computations wait: a newer one takes the place of the oldest.
MAX_QUEUED_PER_PAGE = 4
# A request that finds the queue full waits this long for a place before it is refused: a client that retries at once
# is refused a few times a second, not a hundred times, and the processor computes instead of refusing.
MAX_WAIT_FOR_PLACE_SECONDS = 0.15
MIN_RETRY_SECONDS, MAX_RETRY_SECONDS = 1, 10
_MEAN_WEIGHT = 0.1  # of the newest duration in the moving average


@dataclass(frozen=True)
class Client:
    """The client of a request: its open page, by a random number, and its address."""

    page: str | None = None
    address: str = ""


ANONYMOUS = Client()


@dataclass
class Counts:
    """Counters of outcomes, and the seconds spent computing."""

    computed: int = 0
    cached: int = 0
    coalesced: int = 0  # with a computation that was already queued or running
    shed: int = 0
    superseded: int = 0  # by newer requests of the same page
    abandoned: int = 0  # by all clients, before they were started
    seconds: float = 0.0


@dataclass(eq=False)
class _Computation:
    key: str
    work: Work
    page: str | None
    is_cacheable: bool
    result: asyncio.Future[Encoded] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    waiters: int = 0


class Compute:
    """Computes for one event loop: `workers` at a time, at most `queue` waiting, each key once at a time.

    A computation is not started when nobody waits for it any longer. Results up to `cache_bytes` together are cached
    for `cache_seconds`, by `clock`; no result is cached for longer than uploads are kept. `rate_limiter` counts, for
    the client's address, what is neither cached nor coalesced.
    """

    def __init__(
        self,
        workers: int,
        queue: int,
        deadline_seconds: float,
        cache_bytes: int,
        cache_seconds: float,
        clock: Callable[[], float] = time.monotonic,
        rate_limiter: RateLimiter | None = None,
    ) -> None:
        self.queue = queue
        self.counts = Counts()
        self._rate_limiter = rate_limiter or RateLimiter(())
        self._workers = workers
        self._places = asyncio.Semaphore(queue)  # first come, first served; each queued computation holds one
        self._deadline_seconds = deadline_seconds
        self._cache: TTLCache[str, Encoded] = TTLCache(
            cache_bytes, cache_seconds, timer=clock, getsizeof=lambda encoded: len(encoded.body)
        )
        self._queued: OrderedDict[str, _Computation] = OrderedDict()
        self._running: dict[str, _Computation] = {}
        self._mean_seconds = 0.01

    @property
    def queue_length(self) -> int:
        """The number of computations that are not started yet."""
        return len(self._queued)

    @property
    def cached_bytes(self) -> int:
        """The bytes of all cached results."""
        return int(self._cache.currsize)

    async def get_or_compute(
        self, key: str, work: Work, client: Client = ANONYMOUS, *, is_cacheable: bool = True
    ) -> Encoded:
        """Return the cached result, join a running computation, or start one.

        Raises `Busy` if the queue stays full or the deadline passes, `RateLimited` if newer requests of the same page
        supersede this one or the address is over its limit, and the errors of `work`. Cancelling one request does not
        cancel the computation for others.
        """
        if (cached := self.cached(key)) is not None:
            return cached
        computation = self._coalesce(key)
        if computation is None:
            with ExitStack() as place:
                if has_place := await self._take_place(client.page):
                    place.callback(self._places.release)
                    await self._check_rate(client)
                # Meanwhile another request may have computed or started the same.
                if (cached := self.cached(key)) is not None:
                    return cached
                computation = self._coalesce(key)
                if computation is None:
                    if not has_place:
                        self.counts.shed += 1
                        raise self._busy()
                    place.pop_all()
                    computation = self._enqueue(_Computation(key, work, client.page, is_cacheable))
        return await self._wait(computation)

    def cached(self, key: str) -> Encoded | None:
        """Return the cached result, or None."""
        if (cached := self._cache.get(key)) is not None:
            self.counts.cached += 1
        return cached

    async def _wait(self, computation: _Computation) -> Encoded:
        computation.waiters += 1
        try:
            async with asyncio.timeout(self._deadline_seconds):
                return await asyncio.shield(computation.result)
        except TimeoutError:
            self.counts.shed += 1
            raise Busy(
                f"this took longer than {self._deadline_seconds:g} s; ask for fewer channels or a smaller size, "
                "or try again",
                MAX_RETRY_SECONDS,
            ) from None
        finally:
            computation.waiters -= 1
            if not computation.waiters and self._queued.get(computation.key) is computation:
                del self._queued[computation.key]
                self._places.release()
                self.counts.abandoned += 1

    def _busy(self) -> Busy:
        """Return the error for a full queue; `retry_after` is the time that the queue is expected to take."""
        expected = (len(self._queued) + 1) * self._mean_seconds / self._workers
        seconds = min(max(math.ceil(expected), MIN_RETRY_SECONDS), MAX_RETRY_SECONDS)
        waiting = f"{len(self._queued)} computations wait already"
        return Busy(f"the server is busy: {waiting}; try again in {seconds} s", seconds)

    def _coalesce(self, key: str) -> _Computation | None:
        computation = self._running.get(key) or self._queued.get(key)
        self.counts.coalesced += computation is not None
        return computation

    def _queued_of(self, page: str | None) -> list[_Computation]:
        """Return what is queued for this page alone, oldest first; not what other clients wait for as well."""
        return [each for each in self._queued.values() if page and each.page == page and each.waiters == 1]

    async def _take_place(self, page: str | None) -> bool:
        """Return whether there is a place in the queue, now or soon; a page at its limit gets that of its oldest."""
        queued = self._queued_of(page)
        if len(queued) >= MAX_QUEUED_PER_PAGE:
            oldest = self._queued.pop(queued[0].key)
            self.counts.superseded += 1
            message = f"more than {MAX_QUEUED_PER_PAGE} requests of this page wait; newer ones took its place"
            _set_exception(oldest, RateLimited(message))
            return True
        try:
            async with asyncio.timeout(MAX_WAIT_FOR_PLACE_SECONDS):
                return await self._places.acquire()
        except TimeoutError:
            return False

    async def _check_rate(self, client: Client) -> None:
        try:
            await self._rate_limiter.hit(client.address)
        except RateLimited:
            self.counts.shed += 1
            raise

    def _enqueue(self, computation: _Computation) -> _Computation:
        self._queued[computation.key] = computation
        self._start_queued()
        return computation

    def _start_queued(self) -> None:
        while self._queued and len(self._running) < self._workers:
            key, computation = self._queued.popitem(last=False)
            self._places.release()
            self._running[key] = computation
            task = asyncio.ensure_future(_timed(computation.work))
            task.add_done_callback(partial(self._finish, computation))

    def _finish(self, computation: _Computation, task: asyncio.Future[tuple[Encoded, float]]) -> None:
        del self._running[computation.key]
        if task.cancelled():
            computation.result.cancel()
        elif error := task.exception():
            _set_exception(computation, error)
        else:
            encoded, seconds = task.result()
            self.counts.computed += 1
            self.counts.seconds += seconds
            self._mean_seconds += _MEAN_WEIGHT * (seconds - self._mean_seconds)
            if computation.is_cacheable and len(encoded.body) <= self._cache.maxsize:
                self._cache[computation.key] = encoded
            if not computation.waiters:
                computation.result.cancel()  # a future that nobody awaits would keep the body in memory
            elif not computation.result.done():
                computation.result.set_result(encoded)
        self._start_queued()


async def _timed(work: Work) -> tuple[Encoded, float]:
    start = time.perf_counter()
    return await work(), time.perf_counter() - start


def _set_exception(computation: _Computation, error: BaseException) -> None:
    if not computation.result.done():
        computation.result.set_exception(error)
        # Where nobody awaits it, asyncio would log that it was never retrieved.
        computation.result.exception()
