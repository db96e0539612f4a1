"""What the server and its processes take together, and whether it grows with the requests."""

import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import httpx2
import psutil

from tests.soak.crowd import VIEW
from tests.soak.generator import Generator
from tests.soak.verdict import MIB, exactly
from tests.support.sepviz_server import Server, sepviz
from tests.support.table import Row

SETTLED_AFTER, REQUESTS = 100, 10_000
CONNECTIONS = 16
AT_MOST_S = 240
SHAPES = 900
REST_S = 3
WHOLE_TREE = 700 * MIB
GROWTH = 1.05


def processes(pid: int) -> list[psutil.Process]:
    """The server, then every process below it."""
    server = psutil.Process(pid)
    return [server, *server.children(recursive=True)]


def resident(pid: int) -> int:
    """Return the bytes of all of them; a page that several share counts once."""
    total = 0
    for process in processes(pid):
        try:
            total += process.memory_full_info().pss
        except psutil.NoSuchProcess:
            continue
    return total


def at_rest(pid: int) -> int:
    """The same when nothing is asked any more: what was freed under load is given back within a second or two."""
    sizes = [resident(pid)]
    until = time.monotonic() + REST_S
    while time.monotonic() < until:
        time.sleep(REST_S / 10)
        sizes.append(resident(pid))
    return min(sizes)


def growth(settled_after: int = SETTLED_AFTER, requests: int = REQUESTS) -> dict[int, int]:
    """Bytes of the tree after the first requests, after a tenth and after all of them, or a few more."""
    with sepviz() as server:
        sizes, asked = {}, 0
        for total in (settled_after, requests // 10, requests):
            people = {"users": CONNECTIONS, "every": 0, "seconds": AT_MOST_S, "seed": total}
            told = Generator("crowd", AT_MOST_S, port=server.port, most=total - asked, **people).result()
            asked += told["requests"]
            if told["faults"] or asked < total:
                raise RuntimeError(f"{asked} of {total} requests, {told['faults'][:3]}")
            sizes[total] = at_rest(server.pid)
    return sizes


def shapes(settled_after: int = SETTLED_AFTER, requests: int = SHAPES) -> dict[int, int]:
    """The same where every layer has another shape: libraries compile for a shape, and keep what they have compiled."""
    rng = random.Random(1)
    # With more channels the largest kernel is over the budget.
    made_up = [(rng.randint(1, 500), rng.randint(1, 31), rng.randint(1, 4)) for _ in range(requests)]

    def ask(shape: tuple[int, int, int]) -> None:
        query = dict(zip(("in_channels", "kernel_size", "stride"), shape, strict=True))
        query |= {"out_channels": 1, "size": 64, "weights": "random"}
        httpx2.get(server.url + VIEW.format(query=urlencode(query)), timeout=AT_MOST_S).raise_for_status()

    with sepviz() as server, ThreadPoolExecutor(4) as people:
        sizes, asked = {}, 0
        for total in (settled_after, requests):
            list(people.map(ask, made_up[asked:total]))
            asked = total
            sizes[total] = at_rest(server.pid)
    return sizes


def rows() -> Iterator[Row]:
    yield from _grown("memory at rest, {} requests over {}", growth())
    yield from _grown("  and with {} other shapes over {}", shapes())


def _grown(what: str, sizes: dict[int, int]) -> Iterator[Row]:
    (few, first), (many, last) = min(sizes.items()), max(sizes.items())
    ratio = last / first
    yield exactly(what.format(f"{many:,}", few), f"{ratio:.3f} x", f"<= {GROWTH} x", ratio <= GROWTH)
    yield Row("  ", ", ".join(f"{size / MIB:.0f} MiB after {count}" for count, size in sizes.items()))


def whole_tree(server: Server) -> Iterator[Row]:
    taken = at_rest(server.pid)
    goal = f"<= {WHOLE_TREE / MIB:.0f} MiB"
    yield exactly("memory of the whole tree after all this", f"{taken / MIB:.0f} MiB", goal, taken <= WHOLE_TREE)
