"""`RateLimiter`: how much may be computed for one address; cached results are free."""

import math
import time
from collections.abc import Callable, Sequence
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.errors import StorageError

from sepviz.circuit_breaker import CircuitBreaker
from sepviz.errors import RateLimited

if TYPE_CHECKING:
    from redis.asyncio import BlockingConnectionPool

# 30 in 10 s on average over a minute, in bursts of 60.
RULES = (RateLimitItemPerSecond(60, 10), RateLimitItemPerSecond(180, 60))

PREFIX = "sepviz:limits"
MAX_CONNECTIONS = 8
REDIS_TIMEOUT_SECONDS = 0.5


class RateLimiter:
    """Counts the computations of each address in fixed windows, for one event loop; without `rules` it limits nothing.

    The counters are in this process, or in the Redis at `redis_url` for all servers together. A fixed window starts
    with the first computation in it: it takes two numbers for an address, and its end, the time to retry, is known.
    Around the end of one window as much is allowed as in two.
    """

    def __init__(
        self,
        rules: Sequence[RateLimitItem] = RULES,
        redis_url: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rules = rules
        self._breaker = CircuitBreaker(clock)
        self._pool = _connection_pool(redis_url) if rules and redis_url is not None else None
        self._windows = FixedWindowRateLimiter(
            MemoryStorage()
            if self._pool is None
            else RedisStorage(
                "async+redis://",  # the pool has the address
                wrap_exceptions=True,
                implementation="redispy",
                key_prefix=PREFIX,
                connection_pool=self._pool,  # type: ignore[arg-type]  # its types leave this one out
            )
        )

    async def hit(self, address: str) -> None:
        """Count one computation; raises `RateLimited` if the address is over a limit."""
        if not self._rules or self._breaker.is_open:
            return
        key = network(address)
        try:
            # All are tested before any is counted: what one window refuses does not fill the other.
            full = [rule for rule in self._rules if not await self._windows.test(rule, key)]
            full = full or [rule for rule in self._rules if not await self._windows.hit(rule, key)]
            waits = [(await self._windows.get_window_stats(rule, key)).reset_time - time.time() for rule in full]
        except StorageError:
            # Fail open: without limits everybody is still served, and the bounded queue still sheds load.
            self._breaker.trip()
            return
        if full:
            seconds = max(1, math.ceil(max(waits)))
            limits = " and ".join(f"{rule.amount} in {rule.get_expiry()} s" for rule in self._rules)
            raise RateLimited(
                f"{key}: more was to be computed for this address than its share, {limits}; figures, costs, code and "
                f"what was computed before are free; try again in {seconds} s",
                seconds,
            )

    async def close(self) -> None:
        """Close the connections."""
        if self._pool is not None:
            await self._pool.aclose()


def network(address: str) -> str:
    """Return what an address is limited as: itself, or for IPv6 its /64, of which one client may use every address."""
    try:
        parsed = ip_address(address)
    except ValueError:  # a proxy may send anything; all such clients share one limit
        return "unknown"
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or f"{IPv6Address(int(parsed) >> 64 << 64)}/64")
    return str(parsed)


def _connection_pool(url: str) -> "BlockingConnectionPool":
    from redis.asyncio import BlockingConnectionPool  # noqa: PLC0415 - the extra `redis`
    from redis.asyncio.retry import Retry  # noqa: PLC0415

    from sepviz.redis_options import connection_options  # noqa: PLC0415

    return BlockingConnectionPool.from_url(
        url,
        max_connections=MAX_CONNECTIONS,
        timeout=REDIS_TIMEOUT_SECONDS,
        **connection_options(Retry, REDIS_TIMEOUT_SECONDS),
    )
