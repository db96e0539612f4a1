"""A class at once, and far more people than fit."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.sepviz_server import Server
from tests.soak.generator import Generator
from tests.soak.memory import resident
from tests.soak.verdict import MIB, at_most, exactly, faultless, percentile
from tests.table import Row


class Class(NamedTuple):
    """How many people, how many seconds between two changes of one, for how long."""

    users: int
    every: float
    seconds: float


SMALL, WHOLE, OVERLOAD = Class(30, 1, 20), Class(300, 2, 60), Class(1000, 1, 30)
FIGURES, HEALTHS = 20, 20  # a second
GOODPUT = 0.9


def attend(server: Server, people: Class, seed: int, most: float = math.inf) -> dict[str, Any]:
    """What a class has seen; `most` ends it after so many requests."""
    return Generator("crowd", people.seconds, port=server.port, seed=seed, most=most, **people._asdict()).result()


def overload(
    server: Server, people: Class = OVERLOAD, watched: float = OVERLOAD.seconds, most: float = math.inf
) -> tuple[dict[str, Any], dict[str, Any], int]:
    """What they have seen, what onlookers have seen for so many seconds of it, and the memory that it took."""
    arguments = {"figures": FIGURES, "healths": HEALTHS, "seconds": watched}
    onlookers = Generator("onlookers", watched, port=server.port, **arguments)
    told = attend(server, people, 3, most)
    return told, onlookers.result(), resident(server.pid)


def goodput(told: dict[str, Any]) -> float:
    """Whole changes a second."""
    return told["good"] / told["seconds"]


def small_rows(server: Server) -> Iterator[Row]:
    told = attend(server, SMALL, 1)
    yield from faultless(_name("small class", SMALL), told["faults"])
    yield at_most("  p99", percentile(told["changes"], 99), 200, "ms")
    refused = len(told["refusals"])
    yield at_most("  503", refused, 0, "")._replace(goal="none")


def classroom_rows(server: Server) -> Iterator[Row]:
    yield from _classroom(attend(server, WHOLE, 2))


def _classroom(told: dict[str, Any]) -> Iterator[Row]:
    yield from faultless(_name("classroom", WHOLE), told["faults"])
    share = 100 * len(told["refusals"]) / told["requests"]
    yield at_most("  503, each with Retry-After", share, 5, "%", 1)
    yield at_most("  p50", percentile(told["changes"], 50), 50, "ms")
    yield at_most("  p99", percentile(told["changes"], 99), 1500, "ms")
    yield Row("  ", f"{goodput(told):.0f} changes/s, {told['abandoned']} given up, {_counts(told)}")


def overload_rows(server: Server) -> Iterator[Row]:
    # What this is compared with, in the same minutes; its own rows are told by its own section.
    usual = goodput(attend(server, WHOLE._replace(seconds=WHOLE.seconds / 3), 4))
    told, onlookers, taken = overload(server)
    yield from faultless(_name("overload", OVERLOAD), told["faults"])
    # Nobody refused is well only where nobody gave up either.
    refusals = told["refusals"] or ([] if told["abandoned"] else [0.0])
    yield at_most("  refusals, p99", percentile(refusals, 99), 300, "ms")
    share = goodput(told) / max(usual, 1e-9)
    yield Row(
        "  goodput over the classroom's",
        f"{share:.2f} ({goodput(told):.0f} changes/s)",
        f">= {GOODPUT}",
        share >= GOODPUT,
        share < GOODPUT / 2,
    )
    yield at_most("  /healthz, p99", percentile(onlookers["health"], 99), 50, "ms")
    yield exactly("  memory of the whole tree", f"{taken / MIB:.0f} MiB", "<= 800 MiB", taken <= 800 * MIB)
    yield Row("  ", f"{told['abandoned']} given up, {_counts(told)}")
    yield from faultless(f"embeds during it, {FIGURES} a second", onlookers["faults"])
    yield at_most("  p99", percentile(onlookers["figure"], 99), 100, "ms")


def _name(what: str, people: Class) -> str:
    return f"{what}: {people.users} users, each {people.every:g} s"


def _counts(told: dict[str, Any]) -> str:
    return ", ".join(f"{count} x {status}" for status, count in sorted(told["statuses"].items()))
