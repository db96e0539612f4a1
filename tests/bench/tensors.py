"""The whole handler of /api/tensors, with the process that computes, beside the bare convolutions of the same layer."""

import asyncio
import time
from statistics import median
from typing import NamedTuple

import torch
import torch.nn.functional as F
import uvloop
from sepviz.web.app import create_app

RUNS, WARM = 30, 5
LAYOUTS = {"default": torch.contiguous_format, "channels_last": torch.channels_last}


class Beside(NamedTuple):
    """Milliseconds of the handler, and of the convolutions in each layout; one of each in every turn."""

    handler: list[float]
    bare: dict[str, list[float]]

    def over(self, layout: str) -> float:
        return median(self.handler) / median(self.bare[layout])

    @property
    def best(self) -> str:
        return min(self.bare, key=lambda layout: median(self.bare[layout]))


def beside_torch(channels: int, outputs: int, size: int = 128) -> Beside:
    torch.set_num_threads(1)
    return uvloop.run(_measure(channels, outputs, size))  # the server's loop: asyncio's own reads a pipe more slowly


async def _measure(channels: int, outputs: int, size: int) -> Beside:
    app = create_app()
    query = f"in_channels={channels}&out_channels={outputs}&size={size}&weights=random&dtype=uint8"
    image = torch.rand(1, channels, size, size)
    depthwise, pointwise = torch.rand(channels, 1, 3, 3), torch.rand(outputs, channels, 1, 1)
    result = Beside([], {name: [] for name in LAYOUTS})
    for turn in range(RUNS + WARM):
        start = time.perf_counter()
        await _ask(app, f"{query}&seed={turn + 1}".encode())
        result.handler.append((time.perf_counter() - start) * 1000)
        for name, layout in LAYOUTS.items():
            maps = image.contiguous(memory_format=layout)
            start = time.perf_counter()
            with torch.inference_mode():
                F.conv2d(F.conv2d(maps, depthwise, padding=1, groups=channels), pointwise)
            result.bare[name].append((time.perf_counter() - start) * 1000)
    await app.state.services.crew.close()
    return Beside(result.handler[WARM:], {name: times[WARM:] for name, times in result.bare.items()})


async def _ask(app, query: bytes) -> None:
    """One request, as a server hands it over."""
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": "/api/tensors", "raw_path": b"/api/tensors", "query_string": query, "root_path": "",
        "headers": [(b"host", b"127.0.0.1"), (b"accept-encoding", b"gzip")],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip

    messages = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> dict[str, object]:
        for message in messages:
            return message
        return await asyncio.Future()  # it never leaves

    async def send(message: dict[str, object]) -> None:
        if message.get("status", 200) != 200:
            raise RuntimeError(f"/api/tensors answered {message['status']}")

    await app(scope, receive, send)
