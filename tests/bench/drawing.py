"""Times of drawing a figure, its size, and times of the command as a process."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sepviz.figures import NAMES, draw
from sepviz.layer.spec import LayerSpec

from tests.support.sepviz_server import COMMAND, ROOT

DRAWINGS, PROCESSES = 30, 9
LARGEST_SIZE = 112
LAYERS = {
    "default": LayerSpec(),
    "large": LayerSpec(
        in_channels=512, out_channels=1024, kernel_size=31, stride=2, dilation=3, depth_multiplier=8, bias=True
    ),
}


def measure_figures() -> dict[tuple[str, str], tuple[list[float], int]]:
    """By names of the figure and of the layer: milliseconds of each drawing, and the bytes of the last one."""
    return {(name, layer): _measure_figure(name, spec) for name in NAMES for layer, spec in LAYERS.items()}


def _measure_figure(name: str, spec: LayerSpec) -> tuple[list[float], int]:
    times = []
    # Each drawing is of another layer, so that nothing is cached; the first one is not counted.
    for size in range(LARGEST_SIZE - DRAWINGS, LARGEST_SIZE + 1):
        another = spec.replace(size=size)
        start = time.perf_counter()
        svg = draw(name, another).encode()
        times.append((time.perf_counter() - start) * 1000)
    return times[1:], len(svg)


def time_command() -> list[float]:
    """Seconds of `sepviz diagram separable -o FILE`, from start to end of the process."""
    with tempfile.TemporaryDirectory() as folder:
        return _time_processes(*COMMAND, "diagram", "separable", "-o", str(Path(folder, "figure.svg")))


def time_imports() -> list[float]:
    """Seconds of a process that only imports the libraries of `sepviz diagram`: the least that it can take."""
    imports = "import click, svgwrite; from pydantic import AfterValidator, BaseModel"
    return _time_processes(sys.executable, "-c", imports)


def _time_processes(*command: str) -> list[float]:
    times = []
    for _ in range(PROCESSES + 1):
        start = time.perf_counter()
        subprocess.run(command, cwd=ROOT, check=True)
        times.append(time.perf_counter() - start)
    return times[1:]
