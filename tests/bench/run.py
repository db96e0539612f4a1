"""How fast Sepviz is, each figure beside its goal.

`python -m tests.bench.run [slider] [tensors] [diagrams] [visit] [load] [memory]`

Nothing leaves this machine. Whatever else runs on it is measured too.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from statistics import median, quantiles

import psutil

from tests.bench.browser import chromium, first_visit, slider
from tests.bench.figures import diagrams, libraries, process
from tests.bench.tensors import beside_torch
from tests.sepviz_server import ROOT, Server, sepviz
from tests.soak.memory import at_rest
from tests.table import Row, known, show, spread

LAYERS = (
    ("default layer", "", 16.7),
    ("64 -> 128 at 128", "in_channels=64&out_channels=128", 50.0),
    ("256 -> 512 at 128", "in_channels=256&out_channels=512", 120.0),
)
CONNECTIONS, LOAD_S, FIGURES_S = 64, 10.0, 5.0
SETTLED_AFTER, REQUESTS = 100, 10_000
AT_MOST_S = 90.0


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
    yield at_most("sepviz diagram, a process", process(), 0.35, "s", 3)
    yield Row("  its libraries alone, the floor", spread(libraries(), "s", 3))
    with sepviz() as server:
        psutil.Process(server.pid).cpu_affinity([0])
        load(server, 1, 0, kind="figure")
        answer = load(server, FIGURES_S, 0, kind="figure")
    rate = len(answer["times"]) / answer["seconds"]
    met = rate >= 1000 and not answer["errors"]
    yield Row("a cached figure, server on one core", f"{rate:.0f}/s", ">= 1000/s", met)


def visit_rows() -> Iterator[Row]:
    with sepviz() as server, chromium() as browser:
        visit = first_visit(browser, server.url)
    yield Row("first visit, tensors apart", f"{visit.wire / 1000:.1f} kB", "<= 150 kB", visit.wire <= 150_000)
    yield Row("  tensors", f"{visit.tensors / 1000:.1f} kB")
    yield Row("  requests to another host", str(len(visit.foreign)), "0", not visit.foreign)


def load_rows() -> Iterator[Row]:
    with sepviz() as server:
        load(server, 1, 1_000_000)
        answer = load(server, LOAD_S, 2_000_000)
    rate = len(answer["times"]) / answer["seconds"]
    p99 = quantiles(answer["times"], n=100)[98]
    yield Row(f"{CONNECTIONS} connections, default layer", f"{rate:.0f} changes/s", ">= 150 changes/s", rate >= 150)
    yield Row("  p99", f"{p99:.0f} ms (median {median(answer['times']):.0f})", "<= 250 ms", p99 <= 250)
    yield Row("  errors", str(answer["errors"]), "0", answer["errors"] == 0)


def memory_rows() -> Iterator[Row]:
    with sepviz() as server:
        sizes, asked = {}, 0
        for total in (SETTLED_AFTER, REQUESTS // 10, REQUESTS):
            answer = load(server, AT_MOST_S, 3_000_000 + asked, total - asked)
            if answer["errors"]:
                raise RuntimeError(f"{answer['errors']} requests failed")
            asked += len(answer["times"])
            sizes[asked] = at_rest(server.pid)
    first, *_, last = sizes.values()
    told = ", ".join(f"{size / 2**20:.0f} MiB after {count}" for count, size in sizes.items())
    what = f"memory at rest, {asked:,} requests over {SETTLED_AFTER}"
    yield Row(what, f"{last / first:.3f} x", "<= 1.05 x", last / first <= 1.05 and asked == REQUESTS)
    yield Row("  ", told)


def load(server: Server, seconds: float, first_seed: int, changes: int | None = None, kind: str = "change") -> dict:
    """What the load generator, a process of its own, has seen."""
    command = [sys.executable, "-m", "tests.bench.load", kind, str(server.port), str(seconds)]
    command += [str(CONNECTIONS), str(first_seed), *([str(changes)] if changes else [])]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=seconds + 30).stdout)


SECTIONS: dict[str, Callable[[], Iterator[Row]]] = {
    "slider": slider_rows,
    "tensors": tensors_rows,
    "diagrams": diagrams_rows,
    "visit": visit_rows,
    "load": load_rows,
    "memory": memory_rows,
}


if __name__ == "__main__":
    show([SECTIONS[name] for name in known(sys.argv[1:], SECTIONS)])
