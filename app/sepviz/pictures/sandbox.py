"""Decoding in a process of its own: what a hostile file may take down is that process, nothing else."""

import asyncio
import multiprocessing
import os
import signal
import sys
import time
from concurrent.futures import CancelledError

from pebble import ProcessExpired, ProcessPool

from sepviz.errors import Busy, UnsafeImage
from sepviz.pictures.decoding import Picture, decode

MEMORY_BYTES = 600 * 2**20
SECONDS = 3.0
# A fresh process now and then: what a library leaks does not add up.
TASKS_OF_A_PROCESS = 200
ASKED_EVERY_S = 5.0
MOST_WAITING = 16
LONGEST_S = 20.0  # that a picture waits for others
RETRY_S = 5
ONE_PIXEL = b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\1\0\1\0\0\2\2D\1\0;"


class Decoder:
    """`decode` of `app/sepviz/pictures/decoding.py` in at most `processes` processes, each limited in memory and time.

    They start with the first picture. A process that dies takes its picture with it and nobody else's; where an idle
    one was killed, the pool is made anew and the picture tried once more.
    """

    def __init__(self, processes: int = 1) -> None:
        self._processes = processes
        self._pool: ProcessPool | None = None
        self._answered = float("-inf")
        self._waiting = 0
        self._making = asyncio.Lock()

    async def decode(self, data: bytes) -> Picture:
        """The picture; raises what `decode` raises, `UnsafeImage` where it took the process down or too long.

        `Busy` where many wait already, as each holds its file in memory, or for too long.
        """
        if self._waiting >= MOST_WAITING:
            raise self._busy()
        self._waiting += 1
        try:
            async with asyncio.timeout(LONGEST_S):
                return await self._again(data)
        except TimeoutError:
            raise self._busy() from None
        finally:
            self._waiting -= 1

    async def answers(self) -> bool:
        """Whether a picture would be decoded soon: one of a single pixel is tried, at most every five seconds."""
        now = time.monotonic()
        if now - self._answered > ASKED_EVERY_S:
            try:
                async with asyncio.timeout(SECONDS):
                    await self.decode(ONE_PIXEL)
            except (UnsafeImage, Busy, TimeoutError):
                return False
            self._answered = now
        return True

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes that there are now."""
        workers = getattr(getattr(self._pool, "_pool_manager", None), "worker_manager", None)
        return tuple(workers.workers) if workers is not None else ()

    def close(self) -> None:
        """End the processes."""
        if self._pool is not None:
            _stop(self._pool)
            self._pool = None

    def _busy(self) -> Busy:
        return Busy(f"{self._waiting} pictures wait already; send yours again in {RETRY_S} s", RETRY_S)

    async def _again(self, data: bytes) -> Picture:
        try:
            return await self._once(data)
        except _PoolBroken:
            try:
                return await self._once(data)
            except _PoolBroken:
                raise UnsafeImage("file: it could not be decoded safely; try another picture") from None

    async def _running(self) -> ProcessPool:
        """The pool; made anew, once for all who wait, where there is none that works."""
        async with self._making:
            if self._pool is not None and not self._pool.active:
                await asyncio.to_thread(_stop, self._pool)
                self._pool = None
            if self._pool is None:
                self._pool = await asyncio.to_thread(self._started)
            return self._pool

    async def _drop(self, pool: ProcessPool) -> None:
        """This pool no longer, unless somebody has made another meanwhile."""
        async with self._making:
            if self._pool is pool:
                self._pool = None
                await asyncio.to_thread(_stop, pool)

    async def _once(self, data: bytes) -> Picture:
        pool = await self._running()
        try:
            future = pool.schedule(_decode, args=[data], timeout=SECONDS)
        except RuntimeError:
            await self._drop(pool)
            raise _PoolBroken from None
        try:
            return await asyncio.wrap_future(future)
        except TimeoutError:
            raise UnsafeImage(f"file: decoding took longer than {SECONDS:.0f} s; try a simpler picture") from None
        except (ProcessExpired, MemoryError):
            raise UnsafeImage("file: it could not be decoded safely; try another picture") from None
        except (CancelledError, BrokenPipeError, EOFError, RuntimeError):
            await self._drop(pool)
            raise _PoolBroken from None

    def _started(self) -> ProcessPool:
        # Not a copy of this process, which has threads, and everybody's pictures in its memory.
        method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
        context = multiprocessing.get_context(method)
        # Its helpers would look for modules where the server was started, before they look anywhere else.
        os.environ["PYTHONSAFEPATH"] = "1"
        if method == "forkserver":
            context.set_forkserver_preload([decode.__module__])
        return ProcessPool(self._processes, max_tasks=TASKS_OF_A_PROCESS, initializer=_limit, context=context)


def _stop(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()


class _PoolBroken(Exception):
    """The pool, not the picture, is at fault."""


def _limit() -> None:
    """In the new process: no more memory than a picture of the largest size needs, and no core file."""
    # A library that is at work in C would not come back to Python to hear that its time is over.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "win32":  # it has no such limits
        return
    import resource  # noqa: PLC0415 - Unix only

    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _decode(data: bytes) -> Picture:
    return decode(data)
