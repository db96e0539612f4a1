"""How Sepviz connects to Redis, for the blocking client and that of asyncio."""

from typing import Any

from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry


def connection_options(retry: type[Retry | AsyncRetry], timeout_seconds: float) -> dict[str, Any]:
    """Return the options of a connection, which `retry` of its client's own kind retries once.

    It does so at once, on a new connection: a restarted Redis has closed the old ones.
    """
    return {
        "socket_timeout": timeout_seconds,
        "socket_connect_timeout": timeout_seconds,
        "retry": retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
    }
