"""The process that computes, as the event loop sees it."""

import asyncio
import itertools
import logging
import os
import pickle
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import sepviz
from sepviz.compute.frames import HEAD, READY, framed, size
from sepviz.compute.jobs import Job
from sepviz.encoded import Encoded
from sepviz.errors import Busy
from sepviz.settings import Settings

LOG = logging.getLogger("sepviz.compute")

# One arena: glibc gives back the free top of the main arena alone; that of another one stays, and grows to 64 MB.
# Convolutions are compiled for their shape, and torch would keep a thousand of them in each thread: of layers that
# somebody made up, hundreds of megabytes.
SPARING = {"MALLOC_ARENA_MAX": "1", "LRU_CACHE_CAPACITY": "16", "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "32"}
# Where many ask, whoever answers comes first: refusals, figures and what is kept do not wait for a computation. One
# person alone waits for nothing else than that.
NICE = 5
LEAST_BETWEEN_STARTS_S = 1.0
START_WITHIN_S = 60.0
FINISH_WITHIN_S = 1.5  # the server has waited for its requests before
LONGEST_S = 30.0  # what the budgets allow takes a second or two
READ_AHEAD = 4 * 2**20  # bytes of answers
_RETRY_S = 1

_Child = asyncio.subprocess.Process


class Crew(Protocol):
    """Whoever carries out jobs."""

    @property
    def ready(self) -> bool:
        """Whether a job would be begun at once."""

    async def start(self) -> None:
        """Be ready, as soon as may be."""

    async def carry_out(self, job: Job, picture: bytes | None) -> Encoded:
        """What the job asks for, of the picture where its input is an upload; raises what is wrong with it."""

    async def close(self) -> None:
        """Finish what is begun, and end."""


class Process:
    """One process with `settings.workers` threads, from the first job or `start` on; a new one where it has died.

    Belongs to one event loop.
    """

    def __init__(self, settings: Settings) -> None:
        nice = NICE if settings.mode != "local" else 0
        arguments = map(str, (settings.workers, settings.input_cache_bytes, nice))
        self._command = (sys.executable, "-P", "-m", "sepviz.compute.worker", *arguments)
        self._longest_s = max(LONGEST_S, 2 * settings.deadline_seconds)
        self._numbers = itertools.count()
        self._asked: dict[int, asyncio.Future[Encoded]] = {}
        self._living: asyncio.Task[None] | None = None
        self._child: _Child | None = None
        self._up: asyncio.Future[_Child] | None = None  # it comes to be ready, or is lost before
        self._closed = False

    @property
    def ready(self) -> bool:
        """Whether a job would be begun at once."""
        return self._up is not None and self._up.done() and self._up.exception() is None

    async def start(self) -> None:
        """Begin to be ready."""
        self._begin()

    async def carry_out(self, job: Job, picture: bytes | None) -> Encoded:
        """As a `Crew` does; raises `Busy` where the process dies over it or never ends."""
        child = await asyncio.shield(self._begin())
        if child is not self._child:  # it has died in this very moment
            raise _lost()
        number = next(self._numbers)
        done: asyncio.Future[Encoded] = asyncio.get_running_loop().create_future()
        self._asked[number] = done
        _input(child).write(framed((number, job, picture)))
        try:
            async with asyncio.timeout(self._longest_s):
                return await asyncio.shield(done)
        except TimeoutError:
            _kill(child)
            return await done  # it is lost, as soon as the process has ended

    async def close(self) -> None:
        """Let it finish what is begun, for a while, and end."""
        self._closed = True
        if self._living is None:
            return
        if self._child is not None and self.ready:
            _input(self._child).close()
        elif self._child is not None:
            _kill(self._child)
        with suppress(TimeoutError):
            async with asyncio.timeout(FINISH_WITHIN_S):
                await asyncio.shield(self._living)
        if self._child is not None:
            _kill(self._child)
        await self._living

    def _begin(self) -> asyncio.Future[_Child]:
        """The process, as soon as it is ready."""
        if self._up is None:
            self._up = asyncio.get_running_loop().create_future()
            self._living = asyncio.create_task(self._live())
        return self._up

    async def _live(self) -> None:
        """One process after the other, until this is closed."""
        while not self._closed:
            begun, up = time.monotonic(), self._begin()
            try:
                self._child = child = await self._spawned()
                await _greeting(child)
                up.set_result(child)
                while True:
                    await self._hand_out(child)
            except (EOFError, OSError) as error:  # a timeout is an OSError
                if not self._closed:
                    LOG.warning("the process that computes has ended: %r", error)
            except Exception:
                LOG.exception("the process that computes is not understood")
            self._up = asyncio.get_running_loop().create_future()
            if self._child is not None:
                _kill(self._child)
                await self._child.wait()
                self._child = None
            _lose(up)
            for done in self._asked.values():
                _lose(done)
            self._asked.clear()
            if not self._closed:
                await asyncio.sleep(max(0.0, begun + LEAST_BETWEEN_STARTS_S - time.monotonic()))
        _lose(self._begin())

    async def _spawned(self) -> _Child:
        return await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=SPARING | os.environ | {"PYTHONPATH": _with_this_code()},
            limit=READ_AHEAD,
            start_new_session=True,  # Ctrl+C is for the server, which lets it finish
        )

    async def _hand_out(self, child: _Child) -> None:
        """The next outcome, to whom it is for."""
        number, outcome, more = await _read(child)
        if more:
            outcome = outcome._replace(body=await _output(child).readexactly(more))
        done = self._asked.pop(number)
        if done.done():
            return
        if isinstance(outcome, Exception):
            done.set_exception(outcome)
        else:
            done.set_result(outcome)


def _lose(done: asyncio.Future[Any]) -> None:
    if not done.done():
        done.set_exception(_lost())
        # Where nobody waits, nobody asks for it, and asyncio would say so in the log.
        done.exception()


def _lost() -> Busy:
    return Busy(f"the computation was lost; try again in {_RETRY_S} s", _RETRY_S)


def _kill(child: _Child) -> None:
    with suppress(ProcessLookupError):
        child.kill()


def _with_this_code() -> str:
    """Where Python looks first: there this very program is, wherever it was started from."""
    given = os.environ.get("PYTHONPATH")
    here = str(Path(sepviz.__file__).parents[1])
    return os.pathsep.join((here, given) if given else (here,))


def _input(child: _Child) -> asyncio.StreamWriter:
    assert child.stdin is not None  # noqa: S101 - it is a pipe
    return child.stdin


def _output(child: _Child) -> asyncio.StreamReader:
    assert child.stdout is not None  # noqa: S101 - it is a pipe
    return child.stdout


async def _greeting(child: _Child) -> None:
    """Until it is ready; raises `EOFError` where it ends before or says something else, `TimeoutError`."""
    async with asyncio.timeout(START_WITHIN_S):
        said = await _read(child)
    if said != READY:
        raise EOFError(said)


async def _read(child: _Child) -> Any:
    head = await _output(child).readexactly(HEAD)
    return pickle.loads(await _output(child).readexactly(size(head)))  # noqa: S301 - by the worker's own pipe
