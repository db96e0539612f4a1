"""The process that computes, as the event loop sees it."""

import asyncio
import contextlib
import itertools
import os
import pickle
import sys
import time
from pathlib import Path
from typing import Any, ClassVar, Protocol

import app
from app.compute.frames import HEAD, framed, size
from app.compute.jobs import Job
from app.encoders import Encoded
from app.errors import Busy
from app.inputs.store import Store, picture_of
from app.settings import Settings

# glibc would keep what each thread has freed for that thread; it is tens of megabytes.
SPARING = {"MALLOC_ARENA_MAX": "2"}
# Where many ask, whoever answers comes first: refusals, figures and what is kept do not wait for a computation. One
# person alone waits for nothing else than that.
NICE = 5
LEAST_BETWEEN_STARTS_S = 1.0
READ_AHEAD = 4 * 2**20  # bytes of answers
_RETRY_S = 1


class Crew(Protocol):
    """Whoever carries out jobs."""

    @property
    def ready(self) -> bool:
        """Whether a job would be begun at once."""

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes that there are now."""

    async def start(self) -> None:
        """Be ready, as soon as may be."""

    async def carry_out(self, job: Job) -> Encoded:
        """What the job asks for; raises what is wrong with it, `ImageGone` for an upload that is not kept."""

    async def close(self) -> None:
        """Finish what is begun, and end."""


class Process:
    """One process with `settings.workers` threads, from the first job or `start` on; a new one where it has died.

    Pictures are looked up in `store` here. Belongs to one event loop.
    """

    longest_s: ClassVar[float] = 30.0  # what the budgets allow takes a second or two

    def __init__(self, settings: Settings, store: Store) -> None:
        self._store = store
        self._command = (sys.executable, "-P", "-m", "app.compute.worker")
        nice = NICE if settings.mode != "local" else 0
        self._arguments = tuple(map(str, (settings.workers, settings.input_cache_bytes, nice)))
        self._numbers = itertools.count()
        self._asked: dict[int, asyncio.Future[Encoded]] = {}
        self._starting = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None
        self._started = float("-inf")
        self._reviving: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def ready(self) -> bool:
        """Whether a job would be begun at once."""
        return self._process is not None

    @property
    def pids(self) -> tuple[int, ...]:
        """The process, if there is one."""
        return (self._process.pid,) if self._process is not None else ()

    async def start(self) -> None:
        """Be ready, as soon as may be."""
        with contextlib.suppress(Busy):
            await self._running()

    async def carry_out(self, job: Job) -> Encoded:
        """What the job asks for; raises what is wrong with it, `Busy` where the process dies over it or never ends."""
        picture = await picture_of(self._store, job.spec)
        process = await self._running()
        number = next(self._numbers)
        done: asyncio.Future[Encoded] = asyncio.get_running_loop().create_future()
        self._asked[number] = done
        _input(process).write(framed((number, job, picture)))
        try:
            async with asyncio.timeout(self.longest_s):
                return await asyncio.shield(done)
        except TimeoutError:
            process.kill()
            return await done  # it is lost, as soon as the process has ended

    async def close(self) -> None:
        """Let it finish what is begun, and end."""
        self._closed = True
        async with self._starting:
            if self._process is not None:
                _input(self._process).close()
            if self._listening is not None:
                await self._listening
        if self._reviving is not None:
            await self._reviving

    async def _running(self) -> asyncio.subprocess.Process:
        """The process, ready for work."""
        async with self._starting:
            if self._process is None:
                if self._listening is not None:
                    await self._listening
                await asyncio.sleep(max(0.0, self._started + LEAST_BETWEEN_STARTS_S - time.monotonic()))
                self._process = await self._begun()
            return self._process

    async def _begun(self) -> asyncio.subprocess.Process:
        if self._closed:
            raise _lost()
        self._started = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            *self._command,
            *self._arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=SPARING | os.environ | {"PYTHONPATH": _with_this_code()},
            limit=READ_AHEAD,
        )
        try:
            await _read(process)  # it is ready
        except asyncio.IncompleteReadError:
            await process.wait()
            raise _lost() from None
        self._listening = asyncio.create_task(self._listen(process))
        return process

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        """Hand out what comes, until it ends; whoever still waits then is told."""
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                number, outcome, more = await _read(process)
                if more:
                    outcome = outcome._replace(body=await _output(process).readexactly(more))
                done = self._asked.pop(number)
                if done.done():
                    continue
                if isinstance(outcome, Exception):
                    done.set_exception(outcome)
                else:
                    done.set_result(outcome)
        self._process = None
        await process.wait()
        lost, self._asked = self._asked, {}
        for done in lost.values():
            if not done.done():
                done.set_exception(_lost())
        if not self._closed:
            # Nobody has to ask for a new one.
            self._reviving = asyncio.create_task(self.start())


def _with_this_code() -> str:
    """Where Python looks first: there this very program is, wherever it was started from."""
    given = os.environ.get("PYTHONPATH")
    here = str(Path(app.__file__).parents[1])
    return os.pathsep.join((here, given) if given else (here,))


def _input(process: asyncio.subprocess.Process) -> asyncio.StreamWriter:
    assert process.stdin is not None  # noqa: S101 - it is a pipe
    return process.stdin


def _output(process: asyncio.subprocess.Process) -> asyncio.StreamReader:
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    return process.stdout


async def _read(process: asyncio.subprocess.Process) -> Any:
    head = await _output(process).readexactly(HEAD)
    return pickle.loads(await _output(process).readexactly(size(head)))  # noqa: S301 - by the worker's own pipe


def _lost() -> Busy:
    return Busy(f"the computation was lost; try again in {_RETRY_S} s", _RETRY_S)
