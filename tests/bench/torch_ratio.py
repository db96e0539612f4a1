"""Times of /api/tensors, including the worker processes, beside those of the same convolutions in bare torch."""

import asyncio
import time
from statistics import median
from typing import NamedTuple

import torch
import torch.nn.functional as F
import uvloop
from sepviz.web.app import create_app

RUNS, WARM_UP = 30, 5
LAYOUTS = {"default": torch.contiguous_format, "channels_last": torch.channels_last}


class TensorTimes(NamedTuple):
    """Milliseconds of the request, and of torch's convolutions by memory layout; every run measures all of them."""

    request: list[float]
    torch: dict[str, list[float]]

    def ratio(self, layout: str) -> float:
        return median(self.request) / median(self.torch[layout])

    @property
    def faster_layout(self) -> str:
        return min(self.torch, key=lambda layout: median(self.torch[layout]))


def measure_tensors(in_channels: int, out_channels: int, size: int = 128) -> TensorTimes:
    torch.set_num_threads(1)
    # The server's event loop: that of asyncio is slower at reading from a pipe.
    return uvloop.run(_measure(in_channels, out_channels, size))


async def _measure(in_channels: int, out_channels: int, size: int) -> TensorTimes:
    app = create_app()
    query = f"in_channels={in_channels}&out_channels={out_channels}&size={size}&weights=random&dtype=uint8"
    x = torch.rand(1, in_channels, size, size)
    depthwise, pointwise = torch.rand(in_channels, 1, 3, 3), torch.rand(out_channels, in_channels, 1, 1)
    times = TensorTimes([], {name: [] for name in LAYOUTS})
    for run in range(RUNS + WARM_UP):
        start = time.perf_counter()
        await _request(app, f"{query}&seed={run + 1}".encode())
        times.request.append((time.perf_counter() - start) * 1000)
        for name, layout in LAYOUTS.items():
            maps = x.contiguous(memory_format=layout)
            start = time.perf_counter()
            with torch.inference_mode():
                F.conv2d(F.conv2d(maps, depthwise, padding=1, groups=in_channels), pointwise)
            times.torch[name].append((time.perf_counter() - start) * 1000)
    await app.state.services.executor.close()
    torch_times = {name: values[WARM_UP:] for name, values in times.torch.items()}
    return TensorTimes(times.request[WARM_UP:], torch_times)


async def _request(app, query: bytes) -> None:
    """Call the ASGI app as a server would; RuntimeError unless the status is 200."""
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
        return await asyncio.Future()  # the client never disconnects

    async def send(message: dict[str, object]) -> None:
        if message.get("status", 200) != 200:
            raise RuntimeError(f"/api/tensors returned {message['status']}")

    await app(scope, receive, send)
