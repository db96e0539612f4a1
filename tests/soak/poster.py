"""A generator: broken pictures, bombs, and between them whole ones whose pixels are looked at."""

import asyncio
import contextlib
import json
import random
import time
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import psutil
from safetensors.numpy import load

from tests.soak.bombs import BOMBS
from tests.soak.known import LEVELS_OFF, SIDE, Levels, known
from tests.soak.mutations import mutated
from tests.support.client import Answer, Keeping, get
from tests.support.sepviz_server import decoder_processes

ALLOWED = (201, 413, 415, 422)
CONNECTIONS = 3
NAMES = ("a.png", "../../etc/passwd", "%00.svg", "\u202egnp.exe", "x" * 255, "<script>.html", "")
TYPES = ("image/png", "image/jpeg", "text/html", "application/octet-stream", "image/svg+xml; charset=utf-8")
SURVIVES = "could not be decoded safely"


@dataclass
class Posted:
    """What has been seen; times in ms."""

    statuses: Counter[int] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)
    slowest_bomb: float = 0.0
    compared: int = 0
    kills: int = 0
    faults: list[str] = field(default_factory=list)


def form(data: bytes, name: str = "a.png", media_type: str = "image/png") -> bytes:
    """The request that uploads a file."""
    bounds = "----soak"
    about = f'Content-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: {media_type}'
    head = f"--{bounds}\r\n{about}\r\n\r\n"
    body = head.encode() + data + f"\r\n--{bounds}--\r\n".encode()
    lines = f"Content-Type: multipart/form-data; boundary={bounds}\r\nContent-Length: {len(body)}\r\n\r\n"
    return f"POST /api/images HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}".encode() + body


async def run(
    port: int,
    count: int,
    seed: int,
    known_every: int,
    bombs: int = len(BOMBS),
    pid: int = 0,
    kill_every: int = 0,
) -> dict[str, object]:
    """So many broken pictures; after every `known_every` of them a whole one; `bombs` between them.

    After every `kill_every` of them, where that is not 0, the decoder of the server `pid` is killed.
    """
    seen = Posted()
    rng = random.Random(seed)
    # Bombs come between the others; they are made before, as that takes long.
    places = dict(
        zip(
            rng.sample(range(count), bombs), [(name, make()) for name, make in list(BOMBS.items())[:bombs]], strict=True
        )
    )
    numbers = iter(range(count))

    async def person() -> None:
        client = Keeping(port)
        for number in numbers:
            data = mutated(random.Random(f"{seed}-{number}"))
            await _post(client, f"mutated {number}", data, seen, rng)
            if number in places:
                seen.slowest_bomb = max(seen.slowest_bomb, await _post(client, *places[number], seen, rng))
            if number % known_every == 0:
                await _look(client, seed * 1_000_000 + number // known_every, seen)
            if kill_every and number % kill_every == kill_every - 1:
                await _kill_decoder(client, pid)
                seen.kills += 1
        client.close()

    begun = time.perf_counter()
    ended = await asyncio.gather(*(person() for _ in range(CONNECTIONS)), return_exceptions=True)
    seen.faults += [f"connection lost: {error!r}" for error in ended if error is not None]
    return vars(seen) | {"seconds": time.perf_counter() - begun}


async def _post(client: Keeping, what: str, data: bytes, seen: Posted, rng: random.Random) -> float:
    answer = await client.ask(form(data, rng.choice(NAMES), rng.choice(TYPES)))
    seen.statuses[answer.status] += 1
    if what.startswith("mutated"):
        seen.times.append(answer.ms)
    honest = answer.status == 503 and b"retry-after" in answer.headers
    if answer.status not in ALLOWED and not honest:
        seen.faults.append(f"{what}: {answer.status} {answer.body[:200]!r}")
    return answer.ms


async def _kill_decoder(client: Keeping, pid: int) -> None:
    """Kill the decoder, with or without another client's picture in it; start one where there is none."""
    while not (running := decoder_processes(pid)):
        await client.ask(form(known(0)[1]))
    for each in running:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill()


async def _look(client: Keeping, number: int, seen: Posted) -> None:
    """A whole picture comes out as it went in, unless its decoder was killed just then, which is told."""
    name, data, levels = known(number)
    answer = await client.ask(form(data))
    if answer.status != 201:
        if not _killed(answer):
            seen.faults.append(f"{name}: {answer.status} {answer.body[:200]!r}")
        return
    query = f"input={json.loads(answer.body)['id']}&in_channels={levels.shape[2]}&size={SIDE}&stages=input"
    maps = await client.ask(get(f"/api/tensors?{query}"))
    if maps.status != 200:
        if maps.status != 503:
            seen.faults.append(f"{name}, looked at: {maps.status} {maps.body[:200]!r}")
        return
    seen.compared += 1
    seen.faults += _differences(name, 255 * load(maps.body)["input"], levels)


def _killed(answer: Answer) -> bool:
    return answer.status == 503 or (answer.status == 422 and SURVIVES in answer.body.decode())


def _differences(name: str, planes: np.ndarray, levels: Levels) -> list[str]:
    off = np.abs(planes - levels.transpose(2, 0, 1)).max()
    return [f"{name}: a pixel is {off:.1f} levels off"] if off > LEVELS_OFF else []
