"""How fast Sepviz is, each figure beside its goal.

`python -m tests.bench.run [slider] [tensors] [diagrams] [visit] [load] [memory]`

Nothing leaves this machine. Whatever else runs on it is measured too.
"""

import sys
from collections.abc import Callable, Iterator
from itertools import count
from statistics import median
from typing import Any

import psutil

from tests.bench.browser import chromium, first_visit, slider
from tests.bench.figures import diagrams, libraries, process
from tests.bench.tensors import beside_torch
from tests.soak.classroom import CONNECTIONS
from tests.soak.generator import Generator
from tests.soak.memory import at_rest
from tests.soak.verdict import percentile
from tests.support.sepviz_server import Server, sepviz
from tests.support.table import Row, known, show, spread

LAYERS = (
    ("default layer", "", 16.7),
    ("64 -> 128 at 128", "in_channels=64&out_channels=128", 30.0),
    ("256 -> 512 at 128", "in_channels=256&out_channels=512", 50.0),
)
LOAD_SECONDS, FIGURES_SECONDS = 10.0, 5.0
SETTLED_AFTER, REQUESTS = 100, 10_000
MAX_SECONDS = 600.0
SEEDS = count(1_000_000, 1_000_000)  # no two runs request the same change


def at_most(what: str, values: list[float], limit: float, unit: str, digits: int = 1) -> Row:
    return Row(what, spread(values, unit, digits), f"<= {limit:g} {unit}", median(values) <= limit)


def slider_rows() -> Iterator[Row]:
    with sepviz() as server, chromium() as browser:
        for name, layer, limit in LAYERS:
            times = slider(browser, server.url, layer)
            yield at_most(f"slider to painted, {name}", times.painted, limit, "ms")
            yield Row("  and to the frame after it", spread(times.framed, "ms"))


def tensors_rows() -> Iterator[Row]:
    for name, channels, outputs in (("default layer", 3, 8), ("64 -> 128 at 128", 64, 128)):
        times = beside_torch(channels, outputs)
        yield Row(f"/api/tensors uint8, {name}", spread(times.handler, "ms"))
        for layout, bare in times.bare.items():
            best = layout == times.best
            over = f"{times.over(layout):.2f} x {spread(bare, 'ms', 2)}"
            what = f"  over torch, {layout}{', the faster' if best else ''}"
            yield Row(what, over, "<= 2.5 x" if best else "", times.over(layout) <= 2.5 if best else None)


def diagrams_rows() -> Iterator[Row]:
    for name, (times, size) in diagrams().items():
        yield at_most(f"diagram {name}", times, 3, "ms", 2)
        yield Row("  its size", f"{size / 1000:.1f} kB", "<= 30 kB", size <= 30_000)
    yield at_most("sepviz diagram, a process", process(), 0.25, "s", 3)
    yield Row("  its libraries alone, the floor", spread(libraries(), "s", 3))
    with sepviz() as server:
        psutil.Process(server.pid).cpu_affinity([0])
        load(server, kind="figure", seconds=1)
        loaded = load(server, kind="figure", seconds=FIGURES_SECONDS)
    rate = len(loaded["times"]) / loaded["seconds"]
    yield Row("a cached figure, server on one core", f"{rate:.0f}/s", ">= 1000/s", rate >= 1000)
    yield from _refused_none(loaded)


def visit_rows() -> Iterator[Row]:
    with sepviz() as server, chromium() as browser:
        visit = first_visit(browser, server.url)
    yield Row("first visit, tensors apart", f"{visit.wire / 1000:.1f} kB", "<= 150 kB", visit.wire <= 150_000)
    yield Row("  tensors", f"{visit.tensors / 1000:.1f} kB")
    yield Row("  requests to another host", str(len(visit.foreign)), "0", not visit.foreign)


def load_rows() -> Iterator[Row]:
    with sepviz() as server:
        load(server, seconds=1)
        loaded = load(server, seconds=LOAD_SECONDS)
    rate, p99 = len(loaded["times"]) / loaded["seconds"], percentile(loaded["times"], 99)
    yield Row(f"{CONNECTIONS} connections, default layer", f"{rate:.0f} changes/s", ">= 350 changes/s", rate >= 350)
    yield Row("  p99", f"{p99:.0f} ms (median {percentile(loaded['times'], 50):.0f})", "<= 250 ms", p99 <= 250)
    yield from _refused_none(loaded)


def memory_rows() -> Iterator[Row]:
    sizes: dict[int, int] = {}
    refused, faults = 0, []
    with sepviz() as server:
        for total in (SETTLED_AFTER, REQUESTS // 10, REQUESTS):
            loaded = load(server, seconds=MAX_SECONDS, max_requests=total - max(sizes, default=0))
            refused += loaded["statuses"]["503"]
            faults += loaded["faults"]
            sizes[total] = at_rest(server.pid)
    ratio = sizes[REQUESTS] / sizes[SETTLED_AFTER]
    what = f"memory at rest, {REQUESTS:,} requests over {SETTLED_AFTER}"
    yield Row(what, f"{ratio:.3f} x", "<= 1.05 x", ratio <= 1.05)
    yield Row("  ", ", ".join(f"{size / 2**20:.0f} MiB after {total}" for total, size in sizes.items()))
    yield from _refused_none({"statuses": {"503": refused}, "faults": faults})


def load(server: Server, **arguments: Any) -> dict[str, Any]:
    """Return what the load generator, a process of its own, has seen; it ends after `seconds`, or `max_requests`."""
    closed_loop = {"port": server.port, "connections": CONNECTIONS, "first_seed": next(SEEDS)}
    return Generator("closed_loop", arguments["seconds"], **closed_loop, **arguments).result()


def _refused_none(loaded: dict[str, Any]) -> Iterator[Row]:
    """A refused change is no change: neither its time nor itself counts, and the bench fails."""
    refused, faults = loaded["statuses"]["503"], loaded["faults"]
    yield Row("  refused", str(refused), "0", refused == 0, refused > 0)
    yield Row("  other faults", "; ".join([str(len(faults)), *faults[:1]]), "0", not faults, bool(faults))


SECTIONS: dict[str, Callable[[], Iterator[Row]]] = {
    "slider": slider_rows,
    "tensors": tensors_rows,
    "diagrams": diagrams_rows,
    "visit": visit_rows,
    "load": load_rows,
    "memory": memory_rows,
}


if __name__ == "__main__":
    raise SystemExit(not show([SECTIONS[name] for name in known(sys.argv[1:], SECTIONS)]))
