"""A load generator: each connection sends its next request as soon as the last one is answered, refused or not.

A `change` is what the page requests at a change: the fragment and the planes in one, each with a seed of its own. A
`figure` is always the same one, a `drawing` always another.
"""

import asyncio
import math
import time
from collections import Counter
from itertools import count

from tests.soak.crowd import VIEW
from tests.support.client import NO_ANSWER, Keeping, get

TARGETS = {
    "change": VIEW.format(query="seed={seed}"),
    "figure": "/diagrams/separable.svg?in_channels=64",
    "drawing": "/diagrams/separable.svg?in_channels=64&title={seed}",
}


async def run(
    port: int,
    connections: int,
    kind: str = "change",
    first_seed: int = 0,
    seconds: float = math.inf,
    max_requests: float = math.inf,
) -> dict[str, object]:
    """Return the statuses, and the milliseconds of each answer that was 200, of so many seconds or requests.

    `faults` are lost connections and statuses other than 200 and 503.
    """
    times: list[float] = []
    statuses: Counter[int] = Counter({200: 0, 503: 0})
    faults: list[str] = []
    seeds, begun = count(first_seed), time.perf_counter()

    async def request_repeatedly() -> None:
        client = Keeping(port)
        while time.perf_counter() - begun < seconds and (seed := next(seeds)) < first_seed + max_requests:
            target = TARGETS[kind].format(seed=seed)
            try:
                answer = await client.ask(get(target))
            except NO_ANSWER as error:
                faults.append(f"{target}: {error!r}")
                continue
            statuses[answer.status] += 1
            if answer.status == 200:
                times.append(answer.ms)
            elif answer.status != 503:
                faults.append(f"{target}: {answer.status}")
        client.close()

    await asyncio.gather(*(request_repeatedly() for _ in range(connections)))
    return {"times": times, "statuses": statuses, "faults": faults, "seconds": time.perf_counter() - begun}
