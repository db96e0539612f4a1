"""Broken pictures, bombs and a decoder that is killed again and again."""

import contextlib
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import psutil

from tests.sepviz_server import Server
from tests.soak.bombs import BOMBS
from tests.soak.generator import Generator
from tests.soak.memory import resident
from tests.soak.verdict import MIB, at_most, exactly, faultless, percentile
from tests.table import Row

COUNT, KILL_EVERY_S, KNOWN_EVERY = 10_000, 2.0, 20
WARM = 250  # more than a decoder lives
GROWTH = 32 * MIB


class Uploaded(NamedTuple):
    """What the generator has seen, how often a decoder was killed, and the memory before and after."""

    told: dict[str, Any]
    kills: int
    before: int
    after: int


def decoders(pid: int) -> list[psutil.Process]:
    """The processes that decode: those that the server's children have started."""
    return [each for child in psutil.Process(pid).children() for each in child.children()]


def upload(server: Server, count: int = COUNT, kill_every_s: float = KILL_EVERY_S, bombs: int = len(BOMBS)) -> Uploaded:
    """So many mutated pictures, and so many of the bombs."""
    warm = Generator("poster", 60, port=server.port, count=min(count, WARM), seed=0, known_every=50, bombs=0)
    faults = warm.result()["faults"]
    before = resident(server.pid)
    generator = Generator("poster", 300, port=server.port, count=count, seed=1, known_every=KNOWN_EVERY, bombs=bombs)
    kills, due = 0, time.monotonic() + kill_every_s
    while generator.running:
        time.sleep(0.02)
        if time.monotonic() >= due:
            due += kill_every_s
            kills += _kill(server.pid)
    told = generator.result()
    told["faults"] += faults
    # A decoder that has just had a bomb is not what stays.
    Generator("poster", 60, port=server.port, count=min(count, WARM), seed=2, known_every=50, bombs=0).result()
    return Uploaded(told, kills, before, resident(server.pid))


def _kill(pid: int) -> int:
    killed = 0
    with contextlib.suppress(psutil.NoSuchProcess):
        for each in decoders(pid):
            each.kill()
            killed += 1
    return killed


def rows(server: Server) -> Iterator[Row]:
    told, kills, before, after = upload(server)
    counts = ", ".join(f"{count} x {status}" for status, count in sorted(told["statuses"].items()))
    yield from faultless(f"uploads: {COUNT:,} mutated, bombs, {kills} kills", told["faults"])
    yield Row("  ", f"{counts}; {told['compared']} looked at; {told['seconds']:.0f} s")
    yield at_most("  p99", percentile(told["times"], 99), 250, "ms")
    yield Row("  slowest bomb", f"{told['slowest_bomb']:.0f} ms")
    grown = (after - before) / MIB
    yield exactly(
        "  memory of the whole tree", f"{grown:+.0f} MiB", f"<= +{GROWTH / MIB:.0f} MiB", grown * MIB <= GROWTH
    )
