"""Speed and memory of Sepviz, each value beside its goal.

`python -m tests.bench [slider] [pointing] [tensors] [diagrams] [visit] [load] [memory]`

It sends nothing to other machines. Other programs that run meanwhile make the times longer.
"""

import sys
from collections.abc import Callable, Iterator
from itertools import count
from statistics import median
from typing import Any

import psutil

from tests.bench.chromium import launch_chromium, measure_first_visit, time_slider
from tests.bench.drawing import measure_figures, time_command, time_imports
from tests.bench.pointing import time_frames, time_pointer
from tests.bench.torch_ratio import measure_tensors
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
WARM_UP_REQUESTS, REQUESTS = 100, 10_000
MAX_SECONDS = 600.0
SEEDS = count(1_000_000, 1_000_000)  # no two loads request the same layer


def at_most(what: str, values: list[float], limit: float, unit: str, digits: int = 1) -> Row:
    return Row(what, spread(values, unit, digits), f"<= {limit:g} {unit}", median(values) <= limit)


def report_slider() -> Iterator[Row]:
    with sepviz() as server, launch_chromium() as browser:
        for name, layer, limit in LAYERS:
            times = time_slider(browser, server.url, layer)
            yield at_most(f"slider to painted, {name}", times.painted, limit, "ms")
            yield Row("  and to the frame after it", spread(times.next_frame, "ms"))


def report_pointing() -> Iterator[Row]:
    with sepviz() as server, launch_chromium() as browser:
        times = time_pointer(browser, server.url)
        yield at_most("pointer to marks, default layer", times.painted, 16.7, "ms")
        yield Row("  of that, until they are set", spread(times.marked, "ms"))
        yield at_most("pointer to numbers, default layer", times.numbers, 50.0, "ms")
        yield at_most("play, between two frames", time_frames(browser, server.url), 16.8, "ms")


def report_tensors() -> Iterator[Row]:
    for name, in_channels, out_channels in (("default layer", 3, 8), ("64 -> 128 at 128", 64, 128)):
        times = measure_tensors(in_channels, out_channels)
        yield Row(f"/api/tensors uint8, {name}", spread(times.request, "ms"))
        for layout, torch_times in times.torch.items():
            ratio = times.ratio(layout)
            measured = f"{ratio:.2f} x {spread(torch_times, 'ms', 2)}"
            if layout == times.faster_layout:
                yield Row(f"  over torch, {layout}, the faster", measured, "<= 2.5 x", ratio <= 2.5)
            else:
                yield Row(f"  over torch, {layout}", measured)


def report_diagrams() -> Iterator[Row]:
    for (name, layer), (times, size) in measure_figures().items():
        yield at_most(f"diagram {name}, {layer} layer", times, 5, "ms", 2)
        yield Row("  its size", f"{size / 1000:.1f} kB", "<= 30 kB", size <= 30_000)
    yield at_most("sepviz diagram, a process", time_command(), 0.25, "s", 3)
    yield Row("  importing its libraries alone", spread(time_imports(), "s", 3))
    with sepviz() as server:
        psutil.Process(server.pid).cpu_affinity([0])
        run_load(server, kind="figure", seconds=1)
        loaded = run_load(server, kind="figure", seconds=FIGURES_SECONDS)
    rate = len(loaded["times"]) / loaded["seconds"]
    yield Row("a cached figure, server on one core", f"{rate:.0f}/s", ">= 1000/s", rate >= 1000)
    yield from _report_failures(loaded)


def report_visit() -> Iterator[Row]:
    with sepviz() as server, launch_chromium() as browser:
        visit = measure_first_visit(browser, server.url)
    yield Row("first visit, without /view", f"{visit.page / 1000:.1f} kB", "<= 150 kB", visit.page <= 150_000)
    yield Row("  /view", f"{visit.view / 1000:.1f} kB")
    yield Row("  requests to other hosts", str(len(visit.foreign_urls)), "0", not visit.foreign_urls)


def report_load() -> Iterator[Row]:
    with sepviz() as server:
        run_load(server, seconds=1)
        loaded = run_load(server, seconds=LOAD_SECONDS)
    rate, p99 = len(loaded["times"]) / loaded["seconds"], percentile(loaded["times"], 99)
    yield Row(f"{CONNECTIONS} connections, default layer", f"{rate:.0f} changes/s", ">= 350 changes/s", rate >= 350)
    yield Row("  p99", f"{p99:.0f} ms (median {percentile(loaded['times'], 50):.0f})", "<= 250 ms", p99 <= 250)
    yield from _report_failures(loaded)


def report_memory() -> Iterator[Row]:
    sizes: dict[int, int] = {}
    refused, faults = 0, []
    with sepviz() as server:
        for total in (WARM_UP_REQUESTS, REQUESTS // 10, REQUESTS):
            loaded = run_load(server, seconds=MAX_SECONDS, max_requests=total - max(sizes, default=0))
            refused += loaded["statuses"]["503"]
            faults += loaded["faults"]
            sizes[total] = at_rest(server.pid)
    ratio = sizes[REQUESTS] / sizes[WARM_UP_REQUESTS]
    what = f"memory at rest, {REQUESTS:,} requests over {WARM_UP_REQUESTS}"
    yield Row(what, f"{ratio:.3f} x", "<= 1.05 x", ratio <= 1.05)
    yield Row("  ", ", ".join(f"{size / 2**20:.0f} MiB after {total}" for total, size in sizes.items()))
    yield from _report_failures({"statuses": {"503": refused}, "faults": faults})


def run_load(server: Server, **arguments: Any) -> dict[str, Any]:
    """The result of a load generator that runs in its own process for `seconds` or `max_requests`."""
    closed_loop = {"port": server.port, "connections": CONNECTIONS, "first_seed": next(SEEDS)}
    return Generator("closed_loop", arguments["seconds"], **closed_loop, **arguments).result()


def _report_failures(loaded: dict[str, Any]) -> Iterator[Row]:
    """Rows that fail the benchmark where a request was refused or failed: its time is not measured."""
    refused, faults = loaded["statuses"]["503"], loaded["faults"]
    yield Row("  refused", str(refused), "0", refused == 0, refused > 0)
    yield Row("  other faults", "; ".join([str(len(faults)), *faults[:1]]), "0", not faults, bool(faults))


SECTIONS: dict[str, Callable[[], Iterator[Row]]] = {
    "slider": report_slider,
    "pointing": report_pointing,
    "tensors": report_tensors,
    "diagrams": report_diagrams,
    "visit": report_visit,
    "load": report_load,
    "memory": report_memory,
}


if __name__ == "__main__":
    raise SystemExit(not show([SECTIONS[name] for name in known(sys.argv[1:], SECTIONS)]))
