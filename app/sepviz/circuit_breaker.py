"""A respite for what does not answer: else everybody would wait for it, one after the other."""

import time
from collections.abc import Callable

SECONDS = 5


class Respite:
    """Begins when something has not answered; for `SECONDS`, by `clock`, it is left alone."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ends = float("-inf")

    def begin(self) -> None:
        """It has not answered."""
        self._ends = self._clock() + SECONDS

    def end(self) -> None:
        """It answers again."""
        self._ends = float("-inf")

    @property
    def lasts(self) -> bool:
        """Whether it is to be left alone."""
        return self._clock() < self._ends
