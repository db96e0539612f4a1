"""The stored figures in tests/gallery: those that the gallery shows, and those of layers at the ends of the bounds.

`python -m tests.support.stored_figures` (or `make figures`) draws them again; review what changed in the diff.
"""

import re
from pathlib import Path

from sepviz.figures import NAMES, draw
from sepviz.figures.animation import ANIMATED
from sepviz.figures.options import Options
from sepviz.layer.spec import LayerSpec
from sepviz.web.routes.gallery import EXAMPLES

FOLDER = Path(__file__).parents[1] / "gallery"
BOUNDARY_LAYERS = {
    "many channels": LayerSpec(in_channels=512, out_channels=1024, kernel_size=31, size=64),
    "strided, with a multiplier": LayerSpec(
        in_channels=6, out_channels=4, kernel_size=5, stride=3, dilation=2, depth_multiplier=2, bias=True
    ),
    "one channel": LayerSpec(in_channels=1, out_channels=1, kernel_size=1, size=8),
    "3 x 3 on 5 x 5": LayerSpec(in_channels=1, out_channels=1, padding="valid", size=5),
    "two sides": LayerSpec(kernel_size="1x7", size="1080x1920", between=("norm", "relu6"), after=("norm", "relu6")),
    "grouped": LayerSpec(kind="standard", in_channels=6, out_channels=12, groups=3, size="32x64", after=("relu",)),
    "spatially separable, two sides": LayerSpec(kind="spatially-separable", kernel_size="3x7", size="24x48"),
    "MobileNet, 1024 at 7": LayerSpec(in_channels=1024, out_channels=1024, size=7),
}
LAYERS = {title: LayerSpec.parse(query.items()) for title, query in EXAMPLES.items()} | BOUNDARY_LAYERS


def draw_all() -> dict[Path, str]:
    """Every stored figure, by the path of its file."""
    drawn = {}
    for title, spec in LAYERS.items():
        folder = FOLDER / re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
        drawn |= {folder / f"{name}.svg": draw(name, spec) for name in NAMES}
    for folder, options in (("animated", Options(animate=True)), ("frames", Options(frames=4))):
        drawn |= {FOLDER / folder / f"{name}.svg": draw(name, LayerSpec(), options) for name in ANIMATED}
    return drawn


def store(figures: dict[Path, str]) -> None:
    """Write the figures and remove every other file."""
    for obsolete in set(FOLDER.rglob("*.svg")) - set(figures):
        obsolete.unlink()
    for path, svg in figures.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(svg + "\n", encoding="utf-8")


if __name__ == "__main__":
    store(draw_all())
