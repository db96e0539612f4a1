"""Executes jobs in worker processes, which a pebble pool runs.

torch is imported once, in multiprocessing's fork server; workers are forked from it and share its memory. The process
that answers never imports it.
"""

import asyncio
import logging
import multiprocessing
import os
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from typing import NamedTuple, Protocol

from pebble import ProcessExpired, ProcessPool

from sepviz.compute.jobs import Job
from sepviz.encoded import Encoded
from sepviz.errors import Busy
from sepviz.settings import Settings

LOG = logging.getLogger("sepviz.compute")

# One arena: glibc returns the free top of the main arena alone; that of another one stays, and grows to 64 MB.
# torch keeps a compiled convolution for each of the last thousand shapes: of made-up layers, hundreds of megabytes.
WORKER_ENV = {"MALLOC_ARENA_MAX": "1", "LRU_CACHE_CAPACITY": "16", "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "32"}
# Under load, refusals, figures and cached responses do not wait for computations. One person waits for nothing else.
NICENESS = 5
MAX_JOB_SECONDS = 30.0  # within the budgets a job takes a second or two
SHUTDOWN_SECONDS = 1.5  # the server has waited for its requests before
CHECK_INTERVAL_SECONDS = 0.5
RETRY_SECONDS = 1


class Executor(Protocol):
    """Executes jobs somewhere else than in the event loop."""

    @property
    def is_ready(self) -> bool:
        """Whether a job would be started at once."""

    async def start(self) -> None:
        """Begin to get ready, and return at once."""

    async def execute(self, job: Job, picture: bytes | None) -> Encoded:
        """Return the job's result, with `picture` as its input if that is an upload; raises the job's error."""

    async def close(self) -> None:
        """Finish the running jobs, and stop."""


class RunningPool(NamedTuple):
    """A pool whose workers are ready, and a future that is done when it has ended."""

    pool: ProcessPool
    ended: asyncio.Future[None]


class ProcessExecutor:
    """`settings.workers` worker processes with one torch thread each; belongs to one event loop.

    A worker that dies loses its own job, and is replaced. Where pebble gives up on a whole pool, another is started.
    """

    def __init__(self, settings: Settings) -> None:
        self._workers = settings.workers
        self._niceness = NICENESS if settings.mode != "local" else 0
        self._cache_bytes = settings.input_cache_bytes // settings.workers
        self._max_job_seconds = max(MAX_JOB_SECONDS, 2 * settings.deadline_seconds)
        self._running: asyncio.Future[RunningPool] | None = None  # done when a pool is ready
        self._supervisor: asyncio.Task[None] | None = None

    @property
    def is_ready(self) -> bool:
        """Whether a job would be started at once."""
        return self._running is not None and self._running.done() and self._running.result().pool.active

    async def start(self) -> None:
        """Begin to get ready, and return at once."""
        if self._supervisor is None:
            self._running = asyncio.get_running_loop().create_future()
            self._supervisor = asyncio.create_task(self._supervise())

    async def execute(self, job: Job, picture: bytes | None) -> Encoded:
        """Return the job's result; raises its error, or `Busy` where its worker dies or it takes too long."""
        await self.start()
        ended, scheduled = await self._schedule((job, picture, self._cache_bytes))
        result = asyncio.wrap_future(scheduled)
        await asyncio.wait((result, ended), return_when=asyncio.FIRST_COMPLETED)
        try:
            if result.done():
                return result.result()
        except (BrokenProcessPool, ProcessExpired, TimeoutError):
            pass
        raise Busy(f"the computation was lost; try again in {RETRY_SECONDS} s", RETRY_SECONDS)

    async def close(self) -> None:
        """Finish the running jobs, for `SHUTDOWN_SECONDS` at most, and stop the workers."""
        if self._supervisor is not None:
            self._supervisor.cancel()
            with suppress(asyncio.CancelledError):
                await self._supervisor

    async def _schedule(self, arguments: tuple[Job, bytes | None, int]) -> tuple[asyncio.Future[None], Future[Encoded]]:
        """Schedule a job in the running pool, or the next one where that has just broken."""
        while True:
            assert self._running is not None  # noqa: S101 - `start` has set it
            running = await asyncio.shield(self._running)
            try:
                return running.ended, running.pool.schedule(_execute, arguments, timeout=self._max_job_seconds)
            except RuntimeError:
                await asyncio.shield(running.ended)

    async def _supervise(self) -> None:
        """Keep a pool running: start one, and another when it breaks, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            assert self._running is not None  # noqa: S101 - `start` has set it
            running = RunningPool(_new_pool(self._workers, self._cache_bytes, self._niceness), loop.create_future())
            try:
                await _wait_ready(running.pool)
                self._running.set_result(running)
                while running.pool.active:  # noqa: ASYNC110 - pebble has no event for it
                    await asyncio.sleep(CHECK_INTERVAL_SECONDS)
                LOG.warning("the worker processes have ended; others are started")
                self._running = loop.create_future()
            except asyncio.CancelledError:
                running.pool.close()  # type: ignore[no-untyped-call]
                with suppress(TimeoutError):
                    await asyncio.to_thread(running.pool.join, SHUTDOWN_SECONDS)
                raise
            except BrokenProcessPool:
                LOG.warning("the worker processes do not start; they are started again")
                await asyncio.sleep(CHECK_INTERVAL_SECONDS)
            finally:
                running.pool.stop()  # type: ignore[no-untyped-call]
                await asyncio.to_thread(running.pool.join)
                running.ended.set_result(None)


async def _wait_ready(pool: ProcessPool) -> None:
    """Return when one of the pool's workers is initialized; raises `BrokenProcessPool`."""
    ready = asyncio.wrap_future(await asyncio.to_thread(pool.schedule, _ping))
    while not ready.done():
        if not pool.active:  # a task that is scheduled in this very moment is never done
            raise BrokenProcessPool
        await asyncio.wait((ready,), timeout=CHECK_INTERVAL_SECONDS)
    ready.result()


def _new_pool(workers: int, cache_bytes: int, niceness: int) -> ProcessPool:
    has_fork_server = "forkserver" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if has_fork_server else "spawn")
    # The fork server and its children read these when they start. Modules are not looked for in the working directory.
    for name, value in {**WORKER_ENV, "PYTHONSAFEPATH": "1"}.items():
        os.environ.setdefault(name, value)
    if has_fork_server:
        context.set_forkserver_preload(["sepviz.compute.worker"])
    return ProcessPool(workers, initializer=_initialize, initargs=(cache_bytes, niceness), context=context)


# What follows runs in a worker, which alone imports torch.


def _initialize(cache_bytes: int, niceness: int) -> None:
    from sepviz.compute import worker  # noqa: PLC0415

    worker.initialize(cache_bytes, niceness)


def _execute(job: Job, picture: bytes | None, cache_bytes: int) -> Encoded:
    from sepviz.compute import worker  # noqa: PLC0415

    return worker.execute(job, picture, cache_bytes)


def _ping() -> None:
    """Return once a worker is initialized."""
