"""`Decoder`: decoding in separate processes, so that a hostile file can take down nothing else."""

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
DECODE_SECONDS = 3.0
# A worker is replaced after so many pictures, so that leaks of a library do not add up.
MAX_TASKS = 200
PROBE_INTERVAL_SECONDS = 5.0
MAX_WAITING = 16
MAX_WAIT_SECONDS = 20.0  # that a picture waits for others
RETRY_AFTER_SECONDS = 5
ONE_PIXEL = b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\1\0\1\0\0\2\2D\1\0;"


class Decoder:
    """`decode` of `app/sepviz/pictures/decoding.py` in at most `processes` processes, each limited in memory and time.

    They start with the first picture. A process that dies fails its own picture alone; where an idle one was killed,
    the pool is restarted and the picture is decoded in it.
    """

    def __init__(self, processes: int = 1) -> None:
        self._processes = processes
        self._pool: ProcessPool | None = None
        self._last_answer = float("-inf")
        self._waiting = 0
        self._pool_lock = asyncio.Lock()

    async def decode(self, data: bytes) -> Picture:
        """The picture; raises what `decode` raises, `UnsafeImage` where it killed the process or took too long.

        `Busy` where many wait already, because each has its file in memory, or where it waited too long.
        """
        if self._waiting >= MAX_WAITING:
            raise self._busy()
        self._waiting += 1
        try:
            async with asyncio.timeout(MAX_WAIT_SECONDS):
                return await self._decode_with_retry(data)
        except TimeoutError:
            raise self._busy() from None
        finally:
            self._waiting -= 1

    async def answers(self) -> bool:
        """Whether a picture would be decoded soon: one of a single pixel is decoded, at most every five seconds."""
        now = time.monotonic()
        if now - self._last_answer > PROBE_INTERVAL_SECONDS:
            try:
                async with asyncio.timeout(DECODE_SECONDS):
                    await self.decode(ONE_PIXEL)
            except (UnsafeImage, Busy, TimeoutError):
                return False
            self._last_answer = now
        return True

    @property
    def pids(self) -> tuple[int, ...]:
        """The ids of the running processes."""
        workers = getattr(getattr(self._pool, "_pool_manager", None), "worker_manager", None)
        return tuple(workers.workers) if workers is not None else ()

    def close(self) -> None:
        """End the processes."""
        if self._pool is not None:
            _stop(self._pool)
            self._pool = None

    def _busy(self) -> Busy:
        return Busy(f"{self._waiting} pictures wait already; try again in {RETRY_AFTER_SECONDS} s", RETRY_AFTER_SECONDS)

    async def _decode_with_retry(self, data: bytes) -> Picture:
        try:
            return await self._decode_once(data)
        except _PoolBroken:
            try:
                return await self._decode_once(data)
            except _PoolBroken:
                raise UnsafeImage("file: it could not be decoded safely; try another picture") from None

    async def _get_pool(self) -> ProcessPool:
        """The running pool; started, once for all waiting pictures, where there is none."""
        async with self._pool_lock:
            if self._pool is not None and not self._pool.active:
                await asyncio.to_thread(_stop, self._pool)
                self._pool = None
            if self._pool is None:
                self._pool = await asyncio.to_thread(self._start_pool)
            return self._pool

    async def _discard(self, pool: ProcessPool) -> None:
        """Stop this pool, unless it was replaced meanwhile."""
        async with self._pool_lock:
            if self._pool is pool:
                self._pool = None
                await asyncio.to_thread(_stop, pool)

    async def _decode_once(self, data: bytes) -> Picture:
        pool = await self._get_pool()
        try:
            future = pool.schedule(_decode, args=[data], timeout=DECODE_SECONDS)
        except RuntimeError:
            await self._discard(pool)
            raise _PoolBroken from None
        try:
            return await asyncio.wrap_future(future)
        except TimeoutError:
            raise UnsafeImage(
                f"file: decoding took longer than {DECODE_SECONDS:.0f} s; try a simpler picture"
            ) from None
        except (ProcessExpired, MemoryError):
            raise UnsafeImage("file: it could not be decoded safely; try another picture") from None
        except (CancelledError, BrokenPipeError, EOFError, RuntimeError):
            await self._discard(pool)
            raise _PoolBroken from None

    def _start_pool(self) -> ProcessPool:
        # Not a fork of this process, which has threads, and the uploads in its memory.
        method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
        context = multiprocessing.get_context(method)
        # Without it, its helpers would import modules from the working directory first.
        os.environ["PYTHONSAFEPATH"] = "1"
        if method == "forkserver":
            context.set_forkserver_preload([decode.__module__])
        return ProcessPool(self._processes, max_tasks=MAX_TASKS, initializer=_limit, context=context)


def _stop(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()


class _PoolBroken(Exception):
    """The pool failed, not the picture."""


def _limit() -> None:
    """Limit the new process to the memory that the largest picture needs, without core files."""
    # A handler in Python would not run while a library is busy in C.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "win32":  # it has no such limits
        return
    import resource  # noqa: PLC0415 - Unix only

    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _decode(data: bytes) -> Picture:
    return decode(data)
