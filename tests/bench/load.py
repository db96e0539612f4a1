"""Many people at once, from one other process: `python load.py PORT SECONDS CONNECTIONS [REQUESTS]`.

A change is what the page does at a change: the fragment and the tensors, each with a seed of its own.
"""

import asyncio
import json
import sys
import time
from itertools import count

from client import Connection, get

PATHS = ("/fragment?seed={seed}", "/api/tensors?seed={seed}&tile=96&channels=0-23&dtype=uint8")


async def run(port: int, seconds: float, connections: int, first_seed: int, most: float) -> dict[str, object]:
    """Changes as fast as they are answered, for so long or until so many were begun."""
    seeds, times, errors = count(first_seed), [], 0
    start = time.perf_counter()

    async def person() -> None:
        nonlocal errors
        connection = await Connection.open(port)
        while time.perf_counter() - start < seconds and (seed := next(seeds)) < first_seed + most:
            begun = time.perf_counter()
            for path in PATHS:
                errors += (await connection.ask(get(path.format(seed=seed)))).status != 200
            times.append((time.perf_counter() - begun) * 1000)
        connection.close()

    ended = await asyncio.gather(*(person() for _ in range(connections)), return_exceptions=True)
    errors += sum(isinstance(each, BaseException) for each in ended)
    return {"times": times, "errors": errors, "seconds": time.perf_counter() - start}


if __name__ == "__main__":
    port, seconds, connections, first_seed = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    most = float(sys.argv[5]) if len(sys.argv) > 5 else float("inf")
    print(json.dumps(asyncio.run(run(port, seconds, connections, first_seed, most))))
