"""Diagrams: how long one takes to draw, how large it is, and the command as a process."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sepviz.figures import NAMES, draw
from sepviz.layer.spec import LayerSpec

from tests.support.sepviz_server import COMMAND, ROOT

RUNS, STARTS = 30, 9


def diagrams() -> dict[str, tuple[list[float], int]]:
    """Of each figure the milliseconds, every time of a layer that was never drawn, and the bytes."""
    return {name: _diagram(name) for name in NAMES}


def _diagram(name: str) -> tuple[list[float], int]:
    times = []
    for size in range(112 - RUNS, 113):  # layers of 64 to 128 channels, the last with a map of 112
        spec = LayerSpec(in_channels=64, out_channels=128, size=size)
        start = time.perf_counter()
        svg = draw(name, spec).encode()
        times.append((time.perf_counter() - start) * 1000)
    return times[1:], len(svg)


def process() -> list[float]:
    """Seconds of `sepviz diagram separable -o FILE`, start to end."""
    with tempfile.TemporaryDirectory() as folder:
        return _started(*COMMAND, "diagram", "separable", "-o", str(Path(folder, "figure.svg")))


def libraries() -> list[float]:
    """Seconds of a process that only imports what `sepviz diagram` stands on: its floor."""
    return _started(sys.executable, "-c", "import click, svgwrite; from pydantic import AfterValidator, BaseModel")


def _started(*command: str) -> list[float]:
    times = []
    for _ in range(STARTS + 1):
        start = time.perf_counter()
        subprocess.run(command, cwd=ROOT, check=True)
        times.append(time.perf_counter() - start)
    return times[1:]
