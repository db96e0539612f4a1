"""Many people at once, from one other process: `python load.py KIND PORT SECONDS CONNECTIONS FIRST_SEED [REQUESTS]`.

A `change` is what the page does at a change: it asks for the fragment and the planes in one, each with a seed of its
own. A `figure` is always the same one.
"""

import asyncio
import json
import sys
import time
from itertools import count

ASK = "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\n\r\n"
KINDS = {
    "change": ("/view?seed={seed}&tile=96&channels=0-23",),
    "figure": ("/diagrams/separable.svg?in_channels=64",),
}


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, text: str) -> bool:
    """Whether the answer is 200; it is read to its end."""
    writer.write(text.encode())
    head = await reader.readuntil(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    await reader.readexactly(int(lengths[0].split(b":")[1]))
    return head.split(b" ", 2)[1] == b"200"


async def run(
    kind: str, port: int, seconds: float, connections: int, first_seed: int, most: float
) -> dict[str, object]:
    """Changes (or figures) as fast as they are answered, for so long or until so many were begun."""
    seeds, times, errors = count(first_seed), [], 0
    start = time.perf_counter()

    async def person() -> None:
        nonlocal errors
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
        while time.perf_counter() - start < seconds and (seed := next(seeds)) < first_seed + most:
            begun = time.perf_counter()
            for path in KINDS[kind]:
                errors += not await ask(reader, writer, ASK.format(path=path.format(seed=seed)))
            times.append((time.perf_counter() - begun) * 1000)
        writer.close()

    ended = await asyncio.gather(*(person() for _ in range(connections)), return_exceptions=True)
    errors += sum(isinstance(each, BaseException) for each in ended)
    return {"times": times, "errors": errors, "seconds": time.perf_counter() - start}


if __name__ == "__main__":
    kind, port, seconds, connections, first_seed, *most = sys.argv[1:]
    limit = float(most[0]) if most else float("inf")
    print(json.dumps(asyncio.run(run(kind, int(port), float(seconds), int(connections), int(first_seed), limit))))
