"""Broken pictures, bombs and a decoder that is killed again and again."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.soak.bombs import BOMBS
from tests.soak.generator import Generator
from tests.soak.memory import resident
from tests.soak.verdict import MIB, at_most, exactly, faultless, percentile
from tests.support.sepviz_server import Server
from tests.support.table import Row

COUNT, KILL_EVERY, KNOWN_EVERY = 10_000, 500, 20  # uploads
WARM = 250  # more than a decoder lives
GROWTH = 32 * MIB
MAX_SECONDS = 600


class Uploaded(NamedTuple):
    """What the generator has seen, and the memory before and after."""

    told: dict[str, Any]
    before: int
    after: int


def upload(server: Server, count: int = COUNT, kill_every: int = KILL_EVERY, bombs: int = len(BOMBS)) -> Uploaded:
    """Upload so many mutated pictures and bombs; after every `kill_every` pictures the decoder is killed."""
    faults = _warm(server, count, seed=0)
    before = resident(server.pid)
    kills = {"pid": server.pid, "kill_every": kill_every}
    generator = Generator(
        "poster", MAX_SECONDS, port=server.port, count=count, seed=1, known_every=KNOWN_EVERY, bombs=bombs, **kills
    )
    told = generator.result()
    # A decoder that has just had a bomb is not what stays.
    told["faults"] += faults + _warm(server, count, seed=2)
    return Uploaded(told, before, resident(server.pid))


def _warm(server: Server, count: int, seed: int) -> list[str]:
    """Upload a few pictures; returns what was wrong."""
    arguments = {"port": server.port, "count": min(count, WARM), "seed": seed, "known_every": 50, "bombs": 0}
    faults: list[str] = Generator("poster", MAX_SECONDS, **arguments).result()["faults"]
    return faults


def rows(server: Server) -> Iterator[Row]:
    told, before, after = upload(server)
    counts = ", ".join(f"{count} x {status}" for status, count in sorted(told["statuses"].items()))
    yield from faultless(f"uploads: {COUNT:,} mutated, bombs, {told['kills']} kills", told["faults"])
    yield Row("  ", f"{counts}; {told['compared']} looked at; {told['seconds']:.0f} s")
    yield at_most("  p99", percentile(told["times"], 99), 250, "ms")
    yield Row("  slowest bomb", f"{told['slowest_bomb']:.0f} ms")
    grown = (after - before) / MIB
    yield exactly(
        "  memory of the whole tree", f"{grown:+.0f} MiB", f"<= +{GROWTH / MIB:.0f} MiB", grown * MIB <= GROWTH
    )
