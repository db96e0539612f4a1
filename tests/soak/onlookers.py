"""A generator: what else is asked of a server meanwhile, a different figure each time and its health, at a steady pace.

Each is sent when it is due, whether or not those before it have been answered.
"""

import asyncio
import time

from tests.support.client import NO_ANSWER, Keeping, get

NAMES = ("separable", "depthwise", "pointwise", "standard", "comparison", "cost", "groups", "window", "ratio", "block")
PATIENCE_S = 60  # how long an answer takes is measured; only one that never comes is a fault


def figure(number: int) -> str:
    """The address of one; no two of ten thousand are of the same layer."""
    layer = f"in_channels={1 + number % 500}&out_channels={1 + number // 500}&kernel_size={1 + 2 * (number % 3)}"
    return f"/diagrams/{NAMES[number % len(NAMES)]}.svg?{layer}"


def health(_number: int) -> str:
    return "/healthz"


async def run(port: int, seconds: float, figures: float, healths: float) -> dict[str, object]:
    """So many of each a second, for so long: the times of each in ms, and what was not answered 200."""
    seen: dict[str, object] = {"faults": []}
    watched = [_watch(port, seconds, rate, target, seen) for target, rate in ((figure, figures), (health, healths))]
    await asyncio.gather(*(each for each, rate in zip(watched, (figures, healths), strict=True)))
    return seen


async def _watch(port, seconds, rate, target, seen) -> None:
    idle: list[Keeping] = []
    times = seen[target.__name__] = []

    async def one(number: int) -> None:
        begun = time.perf_counter()
        client = idle.pop() if idle else Keeping(port)
        try:
            async with asyncio.timeout(PATIENCE_S):
                answer = await client.ask(get(target(number)))
        except NO_ANSWER as error:  # a timeout is an OSError
            seen["faults"].append(f"{target(number)}: {type(error).__name__}")
        else:
            idle.append(client)
            if answer.status != 200:
                seen["faults"].append(f"{target(number)}: {answer.status}")
        times.append((time.perf_counter() - begun) * 1000)

    begun = time.perf_counter()
    async with asyncio.TaskGroup() as asking:
        for number in range(int(seconds * rate)):
            await asyncio.sleep(max(0.0, begun + number / rate - time.perf_counter()))
            asking.create_task(one(number))
    for client in idle:
        client.close()
