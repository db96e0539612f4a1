"""A generator: many people who each open the page and move its sliders, every one at a pace of their own.

A change is what the page does at a change: it asks for the view of a layer. What the answers allow to be kept is kept,
as a browser does; a change that is overtaken by the next one is given up, and its connection is closed. Half of the
changes are to layers that everybody has (those of the lesson), half to others.
"""

import asyncio
import math
import random
import re
import time
from dataclasses import dataclass, field

from tests.support.client import NO_ANSWER, Answer, Keeping, get

LESSON = [f"kernel_size={kernel}&stride={stride}" for kernel in (1, 3, 5, 7, 9) for stride in (1, 2)]
LESSON += [f"kind={kind}&in_channels=8" for kind in ("spatially-separable", "standard")]
LESSON += [f"in_channels=64&out_channels=128&kernel_size={kernel}" for kernel in (3, 5)]
SHARED = 0.5
INPUTS = ("chelsea", "coffee", "camera", "impulse", "step", "zone-plate", "noise")
VIEW = "/view?{query}&tile=96&channels=0-15"


@dataclass
class Seen:
    """What all of them have seen; times in ms."""

    statuses: dict[int, int] = field(default_factory=dict)
    changes: list[float] = field(default_factory=list)  # the time of each until it was whole or given up
    good: int = 0  # changes that became whole
    abandoned: int = 0
    refusals: list[float] = field(default_factory=list)
    requests: int = 0
    faults: list[str] = field(default_factory=list)


@dataclass
class Person:
    """One page of one person, with what the browser keeps."""

    client: Keeping
    name: str
    rng: random.Random
    seen: Seen
    kept: dict[str, tuple[str, float]] = field(default_factory=dict)  # tag, and until when it need not be asked for

    async def change(self) -> bool | None:
        """Whether the view came; None where it need not be asked for."""
        target = VIEW.format(query=self.layer())
        tag, fresh_until = self.kept.get(target, ("", 0.0))
        if time.perf_counter() < fresh_until:
            return None
        self.seen.requests += 1
        held = {"If_None_Match": tag} if tag else {}
        try:
            answer = await self.client.ask(get(target, Sepviz_Page=self.name, **held))
        except NO_ANSWER as error:
            self.seen.faults.append(f"{target}: {type(error).__name__}")
            return False
        return self.judged(target, answer)

    def judged(self, target: str, answer: Answer) -> bool:
        seen, status = self.seen, answer.status
        seen.statuses[status] = seen.statuses.get(status, 0) + 1
        if status == 503:
            seen.refusals.append(answer.ms)
            if not answer.headers.get(b"retry-after", b"").isdigit():
                seen.faults.append(f"{target}: 503 without Retry-After")
        elif status not in (200, 304):
            seen.faults.append(f"{target}: {status}")
        elif tag := answer.headers.get(b"etag"):
            seconds = re.search(rb"max-age=(\d+)", answer.headers.get(b"cache-control", b""))
            self.kept[target] = (tag.decode(), time.perf_counter() + (int(seconds[1]) if seconds else 0))
        return status in (200, 304)

    def layer(self) -> str:
        rng = self.rng
        if rng.random() < SHARED:
            return rng.choice(LESSON)
        moved = {
            "in_channels": rng.choice((1, 3, 4, 8, 16, 32, 64)),
            "out_channels": rng.choice((4, 8, 16, 32, 64, 128)),
            "kernel_size": rng.randint(1, 11),
            "stride": rng.choice((1, 1, 1, 2, 3)),
            "dilation": rng.choice((1, 1, 1, 2)),
            "input": rng.choice(INPUTS),
            "weights": rng.choice(("classic", "classic", "random")),
            "seed": rng.randint(0, 99),
        }
        return "&".join(f"{name}={value}" for name, value in moved.items())

    async def stay(self, every: float, until: float, most: float) -> None:
        """A change every so many seconds, or with 0 as soon as the last one is whole."""
        await asyncio.sleep(self.rng.random() * every)
        while (begun := time.perf_counter()) < until and self.seen.requests < most:
            try:
                async with asyncio.timeout(every or None):
                    whole = await self.change()
            except TimeoutError:
                self.seen.abandoned += 1
                self.seen.changes.append(every * 1000)
            else:
                self.seen.good += whole is True
                if whole:
                    self.seen.changes.append((time.perf_counter() - begun) * 1000)
            await asyncio.sleep(max(0.0, begun + every - time.perf_counter()))
        self.client.close()


async def run(
    port: int, users: int, every: float, seconds: float, seed: int, most: float = math.inf
) -> dict[str, object]:
    """So many people for so long, or until `most` requests were begun, and as many more as there are people."""
    seen, begun = Seen(), time.perf_counter()
    people = [Person(Keeping(port), f"{seed}-{n}", random.Random(f"{seed}-{n}"), seen) for n in range(users)]
    await asyncio.gather(*(person.stay(every, begun + seconds, most) for person in people))
    return vars(seen) | {"seconds": time.perf_counter() - begun}
