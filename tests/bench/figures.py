"""Diagrams: how long one takes to draw, how large it is, and the command as a process."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from server import COMMAND, ROOT

from app.diagrams import NAMES, draw
from app.spec import LayerSpec

RUNS, STARTS = 30, 9
FORGETFUL = ("app.cost", "app.diagrams", "app.shapes")


def forget() -> None:
    """Empty every cache that a figure may have been served from."""
    for name, module in list(sys.modules.items()):
        if name.startswith(FORGETFUL):
            for each in vars(module).values():
                if hasattr(each, "cache_clear"):
                    each.cache_clear()


def diagrams() -> dict[str, tuple[list[float], int]]:
    """Of each figure the milliseconds, caches empty, and the bytes; 64 to 128 channels."""
    return {name: _diagram(name, LayerSpec(in_channels=64, out_channels=128)) for name in NAMES}


def _diagram(name: str, spec: LayerSpec) -> tuple[list[float], int]:
    times = []
    for _ in range(RUNS + 1):
        forget()
        start = time.perf_counter()
        svg = draw(name, spec).encode()
        times.append((time.perf_counter() - start) * 1000)
    return times[1:], len(svg)


def process() -> list[float]:
    """Seconds of `sepviz diagram separable -o FILE`, start to end."""
    times = []
    with tempfile.TemporaryDirectory() as folder:
        command = [*COMMAND, "diagram", "separable", "-o", str(Path(folder, "figure.svg"))]
        for _ in range(STARTS + 1):
            start = time.perf_counter()
            subprocess.run(command, cwd=ROOT, check=True)
            times.append(time.perf_counter() - start)
    return times[1:]
