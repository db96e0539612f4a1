"""What is computed when: one place that admits, joins, orders and drops work."""

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial

from cachetools import TTLCache

from sepviz.compute.rate_limits import Limits
from sepviz.encoded import Encoded
from sepviz.errors import Busy, Flooding

Work = Callable[[], Awaitable[Encoded]]
# So much work of a page waits at most: newer work takes the place of the oldest.
MOST_OF_A_PAGE = 4
# A request that finds the queue full waits this long for a place before it is refused: a client that retries at once
# is refused a few times a second, not a hundred times, and the processor computes instead of refusing.
MAX_WAIT_FOR_PLACE_SECONDS = 0.15
SHORTEST_RETRY_S, LONGEST_RETRY_S = 1, 10
_RECENT = 0.1  # weight of the newest in the mean time that work takes


@dataclass(frozen=True)
class Client:
    """Who asks: the open page, by a number that it made up, and the address that it is at."""

    page: str | None = None
    address: str = ""


SOMEBODY = Client()


@dataclass
class Counts:
    """What has happened so far, for whoever watches."""

    computed: int = 0
    cached: int = 0
    joined: int = 0
    refused: int = 0
    overtaken: int = 0
    dropped: int = 0
    seconds: float = 0.0


@dataclass(eq=False)
class _Admitted:
    key: str
    work: Work
    page: str | None
    keep: bool
    done: asyncio.Future[Encoded] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    watchers: int = 0


class Compute:
    """Lets work be done for one event loop: `workers` at a time, `queue` waiting at most, each key once.

    Work for which nobody waits any longer is not begun. Results up to `cache_bytes` together are kept for
    `cache_seconds`, by `clock`; nothing is kept longer than an uploaded picture may be. What is neither kept nor
    joined is charged to the address that asks, by `limits`.
    """

    def __init__(
        self,
        workers: int,
        queue: int,
        deadline_s: float,
        cache_bytes: int,
        cache_seconds: float,
        clock: Callable[[], float] = time.monotonic,
        limits: Limits | None = None,
    ) -> None:
        self.queue = queue
        self._limits = limits or Limits(())
        self.counts = Counts()
        self._workers = workers
        self._places = asyncio.Semaphore(queue)  # first come, first served; work that waits holds one of them
        self._deadline_s = deadline_s
        self._cache: TTLCache[str, Encoded] = TTLCache(
            cache_bytes, cache_seconds, timer=clock, getsizeof=lambda encoded: len(encoded.body)
        )
        self._waiting: OrderedDict[str, _Admitted] = OrderedDict()
        self._running: dict[str, _Admitted] = {}
        self._mean_s = 0.01

    @property
    def waiting(self) -> int:
        """How much work is not yet begun."""
        return len(self._waiting)

    @property
    def cached_bytes(self) -> int:
        """How much of the cache is used."""
        return int(self._cache.currsize)

    async def once(self, key: str, work: Work, client: Client = SOMEBODY, *, keep: bool = True) -> Encoded:
        """The result for the key: from the cache, from the same work already admitted, or from this.

        With `keep` false it does not go into the cache.

        Raises `Busy` where the queue stays full or the answer takes too long, `Flooding` where newer work of the same
        page has taken this one's place or the address has had its share, and what the work raises. Whoever is
        cancelled takes the result from nobody else.
        """
        if (known := self.kept(key)) is not None:
            return known
        admitted = self._joined(key)
        if admitted is None:
            with ExitStack() as place:
                if has_place := await self._take_place(client.page):
                    place.callback(self._places.release)
                    await self._charge(client)
                # Meanwhile another may have asked for the same, and have it.
                if (known := self.kept(key)) is not None:
                    return known
                admitted = self._joined(key)
                if admitted is None:
                    if not has_place:
                        self.counts.refused += 1
                        raise self._busy()
                    place.pop_all()
                    admitted = self._admit(_Admitted(key, work, client.page, keep))
        admitted.watchers += 1
        try:
            async with asyncio.timeout(self._deadline_s):
                return await asyncio.shield(admitted.done)
        except TimeoutError:
            self.counts.refused += 1
            raise Busy(
                f"this took longer than {self._deadline_s:g} s; ask for fewer channels or a smaller size, or try again",
                LONGEST_RETRY_S,
            ) from None
        finally:
            admitted.watchers -= 1
            if not admitted.watchers and self._waiting.get(key) is admitted:
                del self._waiting[key]
                self._places.release()
                self.counts.dropped += 1

    def kept(self, key: str) -> Encoded | None:
        """The result, if it is kept."""
        if (known := self._cache.get(key)) is not None:
            self.counts.cached += 1
        return known

    def _busy(self) -> Busy:
        """What is said to whom the queue has no place for: when to come again, by its length."""
        expected = (len(self._waiting) + 1) * self._mean_s / self._workers
        seconds = min(max(math.ceil(expected), SHORTEST_RETRY_S), LONGEST_RETRY_S)
        waiting = f"{len(self._waiting)} computations wait already"
        return Busy(f"the server is busy: {waiting}; try again in {seconds} s", seconds)

    def _joined(self, key: str) -> _Admitted | None:
        admitted = self._running.get(key) or self._waiting.get(key)
        self.counts.joined += admitted is not None
        return admitted

    def _own(self, page: str | None) -> list[_Admitted]:
        """What waits for this page alone: what others wait for as well is not its own to give up."""
        return [each for each in self._waiting.values() if page and each.page == page and each.watchers == 1]

    async def _take_place(self, page: str | None) -> bool:
        """Whether there is a place in the queue, now or soon; where enough of the page waits, that of its oldest."""
        own = self._own(page)
        if len(own) >= MOST_OF_A_PAGE:
            oldest = self._waiting.pop(own[0].key)
            self.counts.overtaken += 1
            _fail(oldest, Flooding(f"more than {MOST_OF_A_PAGE} requests of this page wait; newer ones took its place"))
            return True
        try:
            async with asyncio.timeout(MAX_WAIT_FOR_PLACE_SECONDS):
                return await self._places.acquire()
        except TimeoutError:
            return False

    async def _charge(self, client: Client) -> None:
        try:
            await self._limits.charge(client.address)
        except Flooding:
            self.counts.refused += 1
            raise

    def _admit(self, new: _Admitted) -> _Admitted:
        self._waiting[new.key] = new
        self._begin()
        return new

    def _begin(self) -> None:
        while self._waiting and len(self._running) < self._workers:
            key, begun = self._waiting.popitem(last=False)
            self._places.release()
            self._running[key] = begun
            ended = asyncio.ensure_future(_timed(begun.work))
            ended.add_done_callback(partial(self._end, begun))

    def _end(self, running: _Admitted, ended: asyncio.Future[tuple[Encoded, float]]) -> None:
        del self._running[running.key]
        if ended.cancelled():
            running.done.cancel()
        elif error := ended.exception():
            _fail(running, error)
        else:
            result, seconds = ended.result()
            self.counts.computed += 1
            self.counts.seconds += seconds
            self._mean_s += _RECENT * (seconds - self._mean_s)
            if running.keep and len(result.body) <= self._cache.maxsize:
                self._cache[running.key] = result
            if not running.watchers:
                running.done.cancel()  # it came too late: in the future that nobody waits for it would stay
            elif not running.done.done():
                running.done.set_result(result)
        self._begin()


async def _timed(work: Work) -> tuple[Encoded, float]:
    begun = time.perf_counter()
    return await work(), time.perf_counter() - begun


def _fail(admitted: _Admitted, error: BaseException) -> None:
    if not admitted.done.done():
        admitted.done.set_exception(error)
        # Where everybody has left, nobody asks for it, and asyncio would say so in the log.
        admitted.done.exception()
