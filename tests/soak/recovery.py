"""Parts that are killed, and what is there again how soon."""

import asyncio
import re
import signal
import time
from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

import psutil

from tests.soak.known import known
from tests.soak.memory import processes
from tests.soak.png import png
from tests.soak.poster import SURVIVES, form
from tests.soak.verdict import at_most, faultless, middle
from tests.support.client import Answer, Connection, get
from tests.support.sepviz_server import Server, decoder_processes, sepviz, worker_processes
from tests.support.table import Row

RUNS = 3
IN_FLIGHT = 50
AT_WORK = 8
WITHIN_S = 30
METRICS = b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
# A job of some tens of milliseconds, of which a small part is sent.
JOB = "/api/tensors?in_channels=256&out_channels=256&size=96&weights=random&channels=0-7&seed={seed}"


class Recovered(NamedTuple):
    """Seconds until it was there again in each run, and what was wrong on the way."""

    seconds: list[float]
    faults: list[str]


def idle_decoder(server: Server, runs: int = RUNS) -> Recovered:
    """The decoder is killed while it has nothing to do; the next picture is kept."""
    return asyncio.run(_decoder(server, runs, busy=False))


def busy_decoder(server: Server, runs: int = RUNS) -> Recovered:
    """The decoder is killed with a picture in hand, which is refused; the next one is kept."""
    return asyncio.run(_decoder(server, runs, busy=True))


async def _decoder(server: Server, runs: int, *, busy: bool) -> Recovered:
    # Decoding it takes long enough to be interrupted.
    large = form(png(5000, 4990, 8, 2, bytes(3 * 5000 * 4990)))
    seconds, faults = [], []
    connection, other = await Connection.open(server.port), await Connection.open(server.port)
    for number in range(runs):
        await connection.ask(form(known(number)[1]))
        held = asyncio.ensure_future(other.ask(large)) if busy else None
        if busy:
            await _working(server)
        for each in decoder_processes(server.pid):
            each.kill()
        if held is not None and not _refused(answer := await held):
            faults.append(f"its picture: {answer.status} {answer.body[:200]!r}")
        begun = time.perf_counter()
        answer = await connection.ask(form(known(100 + number)[1]))
        seconds.append(time.perf_counter() - begun)
        if answer.status != 201:
            faults.append(f"the next picture: {answer.status} {answer.body[:200]!r}")
    connection.close()
    other.close()
    return Recovered(seconds, faults)


def _refused(answer: Answer) -> bool:
    return answer.status == 422 and SURVIVES in answer.body.decode()


async def _working(server: Server) -> None:
    """Until a decoder has begun to work: its processor time grows."""
    worker = decoder_processes(server.pid)[0]
    before = worker.cpu_times().user
    until = time.monotonic() + WITHIN_S
    while worker.cpu_times().user <= before and time.monotonic() < until:  # noqa: ASYNC110 - there is no event
        await asyncio.sleep(0.002)


def worker(server: Server, runs: int = RUNS) -> Recovered:
    """The process that computes is killed with work in hand: nobody is left without an answer, and another comes."""
    return asyncio.run(_worker(server, runs))


async def _worker(server: Server, runs: int) -> Recovered:
    connections = [await Connection.open(server.port) for _ in range(AT_WORK)]
    seeds, seconds, faults = count(1_000_000), [], []
    for _ in range(runs):
        before = await _come(server)
        asked = [asyncio.ensure_future(each.ask(get(JOB.format(seed=next(seeds))))) for each in connections]
        await _all_in(server, AT_WORK, before)
        killed = worker_processes(server.pid)
        faults += [] if killed else ["there is nobody who computes"]
        for each in killed:
            each.kill()
        begun = time.perf_counter()
        answers = await asyncio.gather(*asked)
        faults += [f"answered {each.status}" for each in answers if each.status not in (200, 503)]
        faults += [
            "503 without Retry-After" for each in answers if each.status == 503 and b"retry-after" not in each.headers
        ]
        while (await connections[0].ask(get(f"/view?size=8&seed={next(seeds)}"))).status != 200:
            if time.perf_counter() - begun > WITHIN_S:
                faults.append("nothing is computed any more")
                break
        seconds.append(time.perf_counter() - begun)
    for each in connections:
        each.close()
    return Recovered(seconds, faults)


def restart(runs: int = RUNS) -> Recovered:
    """The server is killed and started anew; none of its processes outlives it."""
    seconds, faults = [], []
    for _ in range(runs):
        with sepviz() as server:
            asyncio.run(_one(server, form(known(0)[1])))
            own = processes(server.pid)
            own[0].kill()
            _, alive = psutil.wait_procs(own, timeout=WITHIN_S)
            faults += [f"{command} is still there" for each in alive if (command := _running_command(each))]
        begun = time.perf_counter()
        with sepviz() as server:
            while asyncio.run(_one(server, get("/readyz"))).status != 200:
                if time.perf_counter() - begun > WITHIN_S:
                    faults.append("never ready")
                    break
            seconds.append(time.perf_counter() - begun)
    return Recovered(seconds, faults)


async def _one(server: Server, request: bytes) -> Answer:
    connection = await Connection.open(server.port)
    try:
        return await connection.ask(request)
    finally:
        connection.close()


def _running_command(process: psutil.Process) -> str:
    """Return its command; empty where it has ended, also where its parent has not asked for it."""
    try:
        return " ".join(process.cmdline()[:4])
    except psutil.NoSuchProcess:  # that a zombie raises, too
        return ""


def stop(in_flight: int = IN_FLIGHT) -> Recovered:
    """SIGTERM while so many requests wait: each of them is answered, then the server ends."""
    with sepviz() as server:
        return asyncio.run(_stop(server, in_flight))


async def _stop(server: Server, in_flight: int) -> Recovered:
    connections = [await Connection.open(server.port) for _ in range(in_flight)]
    seeds = count(1)
    asked = [asyncio.ensure_future(each.ask(get(JOB.format(seed=next(seeds))))) for each in connections]
    await _all_in(server, in_flight)
    process = psutil.Process(server.pid)
    process.send_signal(signal.SIGTERM)
    begun = time.perf_counter()
    # Waited for in a thread: a child that has ended stays until its parent asks for it.
    ended = asyncio.to_thread(process.wait, WITHIN_S)
    answers, code = await asyncio.gather(asyncio.gather(*asked, return_exceptions=True), ended)
    seconds = time.perf_counter() - begun
    for each in connections:
        each.close()
    faults = [f"lost: {each!r}" for each in answers if isinstance(each, BaseException)]
    faults += [f"answered {each.status}" for each in answers if isinstance(each, Answer) and each.status != 200]
    # uvicorn ends by the signal that it was told to end with.
    return Recovered([seconds], faults + ([] if code in (0, -signal.SIGTERM) else [f"exit code {code}"]))


async def _all_in(server: Server, in_flight: int, before: int = 0) -> None:
    """Until the server has all of them: answered, at work or waiting; it had so many `before`."""
    until = time.monotonic() + WITHIN_S
    while time.monotonic() < until and await _come(server) < before + in_flight - 2:
        pass


async def _come(server: Server) -> int:
    """How many jobs there have been, but for those at work."""
    told = (await _one(server, METRICS)).body.decode()
    waiting = re.search(r"^sepviz_queue_length (\d+)", told, re.MULTILINE)
    computed = re.search(r'^sepviz_jobs_total{outcome="computed"} (\d+)', told, re.MULTILINE)
    return int(waiting[1]) + int(computed[1])


def rows() -> Iterator[Row]:
    with sepviz() as server:
        for what, recovered in (("idle", idle_decoder(server)), ("busy", busy_decoder(server))):
            yield from faultless(f"recovery: {what} decoder killed", recovered.faults)
            yield middle("  the next picture", recovered.seconds, 1, "s")
        recovered = worker(server)
        yield from faultless(f"recovery: who computes killed, {AT_WORK} in flight", recovered.faults)
        yield middle("  the next view", recovered.seconds, 5, "s")
    recovered = restart()
    yield from faultless("recovery: server killed", recovered.faults)
    yield middle("  ready again", recovered.seconds, 5, "s")
    recovered = stop()
    yield from faultless(f"recovery: SIGTERM, {IN_FLIGHT} in flight", recovered.faults)
    yield at_most("  it has ended", recovered.seconds[0], 10, "s", 1)
