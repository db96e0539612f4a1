"""The stored figures: all that the gallery shows, and those of layers at the ends of what is legal.

`python -m tests.gallery` (or `make figures`) draws them anew; what changed is then seen in the diff, and looked at.
"""

import re
from pathlib import Path

from sepviz.figures import NAMES, draw
from sepviz.figures.animation import MOVING
from sepviz.figures.options import Options
from sepviz.layer.spec import LayerSpec
from sepviz.web.routes.gallery import EXAMPLES

FOLDER = Path(__file__).with_name("gallery")
CORNERS = {
    "many channels": LayerSpec(in_channels=512, out_channels=1024, kernel_size=31, size=64),
    "strided, with a multiplier": LayerSpec(
        in_channels=6, out_channels=4, kernel_size=5, stride=3, dilation=2, depth_multiplier=2, bias=True
    ),
    "one channel": LayerSpec(in_channels=1, out_channels=1, kernel_size=1, size=8),
}
LAYERS = {words: LayerSpec.parse(given.items()) for words, given in EXAMPLES.items()} | CORNERS


def folder(layer: str) -> Path:
    """Where the figures of a layer lie."""
    return FOLDER / re.sub(r"[^a-z0-9]+", "-", layer.lower()).strip("-")


def stills(layer: str) -> dict[Path, str]:
    """Each figure of a layer, and where it is stored."""
    return {folder(layer) / f"{name}.svg": draw(name, LAYERS[layer]) for name in NAMES}


def moving() -> dict[Path, str]:
    """The figures that move, of the default layer, as films and as stills."""
    variants = {"animated": Options(animate=True), "frames": Options(frames=4)}
    return {
        FOLDER / suffix / f"{name}.svg": draw(name, LayerSpec(), options)
        for name in MOVING
        for suffix, options in variants.items()
    }


def everything() -> dict[Path, str]:
    """All that is stored."""
    return {path: svg for layer in LAYERS for path, svg in stills(layer).items()} | moving()


if __name__ == "__main__":
    for gone in set(FOLDER.rglob("*.svg")) - set(everything()):
        gone.unlink()
    for path, svg in everything().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(svg + "\n", encoding="utf-8")
