"""A generator: what else is asked of a server meanwhile, a different figure each time and its health, at a steady pace.

Each is sent when it is due, whether or not those before it have been answered.
"""

import asyncio
import time
from collections import deque

from tests.client import Answer, Connection, get

NAMES = ("separable", "depthwise", "pointwise", "standard", "comparison", "cost", "groups", "window", "ratio", "block")
PATIENCE_S = 10


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
    idle: deque[Connection] = deque()  # used last, taken first: none is idle for as long as the server waits
    times = seen[target.__name__] = []

    async def one(number: int) -> None:
        begun = time.perf_counter()
        try:
            async with asyncio.timeout(PATIENCE_S):
                connection, answer = await _asked(port, idle, get(target(number)))
        except (OSError, EOFError) as error:  # a timeout is an OSError
            seen["faults"].append(f"{target(number)}: {type(error).__name__}")
        else:
            idle.append(connection)
            if answer.status != 200:
                seen["faults"].append(f"{target(number)}: {answer.status}")
        times.append((time.perf_counter() - begun) * 1000)

    begun = time.perf_counter()
    async with asyncio.TaskGroup() as asking:
        for number in range(int(seconds * rate)):
            await asyncio.sleep(max(0.0, begun + number / rate - time.perf_counter()))
            asking.create_task(one(number))
    for connection in idle:
        connection.close()


async def _asked(port: int, idle: deque[Connection], request: bytes) -> tuple[Connection, Answer]:
    """The server may have closed a connection that was idle; then on a new one, as a browser does."""
    if idle:
        connection = idle.pop()
        try:
            return connection, await connection.ask(request)
        except (OSError, EOFError) as error:
            if getattr(error, "partial", b""):
                raise
    connection = await Connection.open(port)
    return connection, await connection.ask(request)
