"""How much one address may ask for: of what has to be computed; what is known already is free."""

import math
import time
from collections.abc import Callable, Sequence
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.errors import StorageError

from sepviz.circuit_breaker import Respite
from sepviz.errors import Flooding

if TYPE_CHECKING:
    from redis.asyncio import BlockingConnectionPool

# 30 in 10 s, taken over a minute, and twice as many at once.
RULES = (RateLimitItemPerSecond(60, 10), RateLimitItemPerSecond(180, 60))

PREFIX = "sepviz:limits"
CONNECTIONS = 8
ANSWER_WITHIN_S = 0.5


class Limits:
    """Counts what each address has had computed, for one event loop; without `rules` nothing is counted.

    The count is in this process, or in the Redis at `redis_url` for all servers together. A window begins with the
    first computation in it: it takes two numbers for an address, and its end, when to come again, is known. Around the
    end of one as much may be had as two allow.
    """

    def __init__(
        self,
        rules: Sequence[RateLimitItem] = RULES,
        redis_url: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rules = rules
        self._respite = Respite(clock)
        self._pool = _connections(redis_url) if rules and redis_url is not None else None
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

    async def charge(self, address: str) -> None:
        """Count one computation; raises `Flooding` where the address has had its share."""
        if not self._rules or self._respite.lasts:
            return
        who = network(address)
        try:
            # Looked at before any is counted: what one window refuses does not fill the other.
            full = [rule for rule in self._rules if not await self._windows.test(rule, who)]
            full = full or [rule for rule in self._rules if not await self._windows.hit(rule, who)]
            waits = [(await self._windows.get_window_stats(rule, who)).reset_time - time.time() for rule in full]
        except StorageError:
            # The limits keep one from taking what is others'; without them all are still served, and the queue still
            # refuses what is too much. To refuse everybody instead would be the greater harm.
            self._respite.begin()
            return
        if full:
            seconds = max(1, math.ceil(max(waits)))
            shares = " and ".join(f"{rule.amount} in {rule.get_expiry()} s" for rule in self._rules)
            raise Flooding(
                f"{who}: more was to be computed for this address than its share, {shares}; figures, costs, code and "
                f"what was computed before are free; try again in {seconds} s",
                seconds,
            )

    async def close(self) -> None:
        """Close the connections."""
        if self._pool is not None:
            await self._pool.aclose()


def network(address: str) -> str:
    """Whom an address stands for: itself, or of IPv6 its /64, of which anybody has every address."""
    try:
        parsed = ip_address(address)
    except ValueError:  # a proxy may say anything, and who says nothing sensible shares one
        return "unknown"
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or f"{IPv6Address(int(parsed) >> 64 << 64)}/64")
    return str(parsed)


def _connections(url: str) -> "BlockingConnectionPool":
    from redis.asyncio import BlockingConnectionPool  # noqa: PLC0415 - the extra `redis`
    from redis.asyncio.retry import Retry  # noqa: PLC0415
    from redis.backoff import NoBackoff  # noqa: PLC0415
    from redis.exceptions import ConnectionError as NotConnected  # noqa: PLC0415

    return BlockingConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS,
        timeout=ANSWER_WITHIN_S,
        socket_timeout=ANSWER_WITHIN_S,
        socket_connect_timeout=ANSWER_WITHIN_S,
        # Once more at once, on a fresh connection: a restarted Redis has closed the old ones.
        retry=Retry(NoBackoff(), 1, supported_errors=(NotConnected,)),
    )
