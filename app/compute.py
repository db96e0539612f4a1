"""What is computed when: two worker threads, each request once, a small cache.

Nothing is computed on the event loop. torch runs with one thread in each worker: on a shared machine two
threads in one small convolution waited for each other longer than they computed.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch
from cachetools import TTLCache

from app.encoders import Encoded

Result = TypeVar("Result")


class Compute:
    """Carries out jobs for one event loop."""

    def __init__(self, workers: int, cache_bytes: int, cache_seconds: int, clock: Callable[[], float]) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="compute", initializer=_one_torch_thread)
        # Nothing is kept longer than an uploaded picture may be.
        self._cache: TTLCache[str, Encoded] = TTLCache(
            cache_bytes, cache_seconds, timer=clock, getsizeof=lambda encoded: len(encoded.body)
        )
        self._running: dict[str, asyncio.Task[Encoded]] = {}

    async def once(self, key: str, job: Callable[[], Encoded]) -> Encoded:
        """The result for the key: from the cache, from the same job already running, or from this job."""
        if (known := self._cache.get(key)) is not None:
            return known
        task = self._running.get(key)
        if task is None:
            task = self._running[key] = asyncio.create_task(self._carry_out(key, job))
        # Shielded: whoever goes away takes the result from nobody else.
        return await asyncio.shield(task)

    async def run(self, job: Callable[[], Result]) -> Result:
        """A job on a worker thread, its result not kept."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, job)

    def close(self) -> None:
        """Let the workers finish what they have begun."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    async def _carry_out(self, key: str, job: Callable[[], Encoded]) -> Encoded:
        try:
            result = await self.run(job)
        finally:
            del self._running[key]
        if len(result.body) <= self._cache.maxsize:
            self._cache[key] = result
        return result


def _one_torch_thread() -> None:
    torch.set_num_threads(1)
