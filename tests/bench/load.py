"""Many people at once, from one other process.

`python -m tests.bench.load KIND PORT SECONDS CONNECTIONS FIRST_SEED [REQUESTS]`

A `change` is what the page does at a change: it asks for the fragment and the planes in one, each with a seed of its
own. A `figure` is always the same one, a `drawing` always another.
"""

import asyncio
import json
import sys
import time
from itertools import count

from tests.client import Connection, get
from tests.soak.crowd import VIEW

KINDS = {
    "change": VIEW.format(query="seed={seed}"),
    "figure": "/diagrams/separable.svg?in_channels=64",
    "drawing": "/diagrams/separable.svg?in_channels=64&title={seed}",
}


async def run(
    kind: str, port: int, seconds: float, connections: int, first_seed: int, most: float
) -> dict[str, object]:
    """Changes (or figures) as fast as they are answered, for so long or until so many were begun."""
    seeds, times, errors = count(first_seed), [], 0
    start = time.perf_counter()

    async def person() -> None:
        nonlocal errors
        connection = await Connection.open(port)
        while time.perf_counter() - start < seconds and (seed := next(seeds)) < first_seed + most:
            begun = time.perf_counter()
            errors += (await connection.ask(get(KINDS[kind].format(seed=seed)))).status != 200
            times.append((time.perf_counter() - begun) * 1000)
        connection.close()

    ended = await asyncio.gather(*(person() for _ in range(connections)), return_exceptions=True)
    errors += sum(isinstance(each, BaseException) for each in ended)
    return {"times": times, "errors": errors, "seconds": time.perf_counter() - start}


if __name__ == "__main__":
    kind, port, seconds, connections, first_seed, *most = sys.argv[1:]
    limit = float(most[0]) if most else float("inf")
    print(json.dumps(asyncio.run(run(kind, int(port), float(seconds), int(connections), int(first_seed), limit))))
