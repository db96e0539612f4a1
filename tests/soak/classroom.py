"""A class at once, and far more people than fit."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.soak.generator import Generator
from tests.soak.memory import resident
from tests.soak.verdict import MIB, at_least, at_most, exactly, faultless, percentile
from tests.support.sepviz_server import Server
from tests.support.table import Row


class Class(NamedTuple):
    """How many people, how many seconds between two changes of one, for how long."""

    users: int
    every: float
    seconds: float


SMALL, WHOLE, OVERLOAD = Class(30, 1, 20), Class(300, 2, 60), Class(1000, 1, 30)
FIGURES, HEALTHS = 20, 20  # a second
MAX_SECONDS = 240.0
GOODPUT = 0.9
# As many connections as the queue has places, and twice as many, that request again as soon as they are answered.
CONNECTIONS, CLOSED_LOOP_SECONDS, CLOSED_LOOP_RUNS = 64, 10.0, 3
CLOSED_LOOP_GOODPUT = 0.75


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
    yield at_least("  goodput over the classroom's", [share], GOODPUT)
    yield at_most("  /healthz, p99", percentile(onlookers["health"], 99), 100, "ms")
    yield exactly("  memory of the whole tree", f"{taken / MIB:.0f} MiB", "<= 800 MiB", taken <= 800 * MIB)
    yield Row("  ", f"{goodput(told):.0f} changes/s, {told['abandoned']} given up, {_counts(told)}")
    yield from faultless(f"embeds during it, {FIGURES} a second", onlookers["faults"])
    yield at_most("  p99", percentile(onlookers["figure"], 99), 100, "ms")


def closed_loop(server: Server, connections: int, first_seed: int, **limits: float) -> dict[str, Any]:
    """Return what connections that request again at once have seen, within `seconds` or `max_requests`."""
    arguments = {"port": server.port, "connections": connections, "first_seed": first_seed}
    return Generator("closed_loop", limits.get("seconds", MAX_SECONDS), **arguments, **limits).result()


def closed_loop_rows(server: Server) -> Iterator[Row]:
    closed_loop(server, CONNECTIONS, 10**8, seconds=1)
    shares, faults, refused, rates = [], [], 0, []
    for run in range(CLOSED_LOOP_RUNS):
        # One right after the other: what else the machine does slows both.
        fitting, twice = (
            closed_loop(server, CONNECTIONS * times, (10 * run + times) * 10**6, seconds=CLOSED_LOOP_SECONDS)
            for times in (1, 2)
        )
        faults += fitting["faults"] + twice["faults"]
        refused += fitting["statuses"]["503"]
        rates.append([each["statuses"]["200"] / each["seconds"] for each in (fitting, twice)])
        shares.append(rates[-1][1] / max(rates[-1][0], 1e-9))
    yield from faultless(f"closed loop: {CONNECTIONS} and {2 * CONNECTIONS} connections", faults)
    yield exactly(f"  503 of {CONNECTIONS}", str(refused), "none", refused == 0)
    yield at_least(f"  goodput of {2 * CONNECTIONS} over {CONNECTIONS}'s", shares, CLOSED_LOOP_GOODPUT)
    yield Row("  ", ", ".join(f"{twice:.0f} after {fitting:.0f}" for fitting, twice in rates) + " changes/s")


def _name(what: str, people: Class) -> str:
    return f"{what}: {people.users} users, each {people.every:g} s"


def _counts(told: dict[str, Any]) -> str:
    return ", ".join(f"{count} x {status}" for status, count in sorted(told["statuses"].items()))
