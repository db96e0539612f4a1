"""Clients that stall, and those who share the server with them."""

from collections.abc import Iterator
from typing import Any

from tests.soak.generator import Generator
from tests.soak.verdict import at_most, faultless, percentile
from tests.support.sepviz_server import Server
from tests.support.table import Row

HEADS, BODIES = 900, 100
CLOSED_WITHIN_S = 30
PATIENCE_S = 2 * CLOSED_WITHIN_S
RATE, SECONDS = 20, 28


def stall(
    server: Server, heads: int, bodies: int, seconds: float, *, trickling_bodies: bool = True
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the stalled ones have seen, and what the others have."""
    stalled = Generator(
        "stalled",
        PATIENCE_S,
        port=server.port,
        heads=heads,
        bodies=bodies,
        patience=PATIENCE_S,
        trickling_bodies=trickling_bodies,
    )
    others = Generator("onlookers", seconds, port=server.port, seconds=seconds, figures=RATE, healths=RATE)
    return stalled.result(), others.result()


def rows(server: Server) -> Iterator[Row]:
    """What clients that stall see behind nginx, and the others."""
    stalled, others = stall(server, HEADS, BODIES, SECONDS, trickling_bodies=False)
    yield from faultless(f"slow clients: {HEADS} heads, {BODIES} bodies", stalled["faults"])
    # The deadlines themselves are 15 and 30 s: what a timer adds to them is no matter.
    longest = max(round(seconds) for seconds in stalled["head"] + stalled["body"])
    yield at_most("  the last one is closed", longest, CLOSED_WITHIN_S, "s")
    yield from faultless("  others meanwhile", others["faults"])
    yield at_most("  others, p99", percentile(others["figure"] + others["health"], 99), 200, "ms")
