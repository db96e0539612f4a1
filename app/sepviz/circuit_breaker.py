"""`CircuitBreaker`: after a failure, skips a dependency for a while instead of waiting for it again and again."""

import time
from collections.abc import Callable

OPEN_SECONDS = 5


class CircuitBreaker:
    """Open for `OPEN_SECONDS` after each failure, by `clock`; while it is open the dependency is not called."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open_until = float("-inf")

    def trip(self) -> None:
        """Open it: the dependency has failed."""
        self._open_until = self._clock() + OPEN_SECONDS

    def reset(self) -> None:
        """Close it: the dependency works again."""
        self._open_until = float("-inf")

    @property
    def is_open(self) -> bool:
        """Whether the dependency is to be skipped."""
        return self._clock() < self._open_until
