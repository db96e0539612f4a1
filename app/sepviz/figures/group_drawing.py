"""The connections of a stop between standard and depthwise separable, for the page: its stages side by side."""

from collections.abc import Sequence

from sepviz.figures.canvas import SMALL, Canvas
from sepviz.figures.connections import Room, draw_connections
from sepviz.figures.text_metrics import text_width
from sepviz.layer.operations import Convolution

WIDTH = 440.0
_HEIGHT = 152.0
_EDGE = 44.0  # from the outputs to the right edge, with room for numbers of four digits
_BETWEEN = 10.0  # further room between two stages


def draw_stages(stages: Sequence[Convolution], key: str, title: str, description: str) -> str:
    """Draw which inputs each output reads, in every stage; return the SVG. `key` identifies the layer."""
    canvas = Canvas("group-drawing", key, "page")
    panel = WIDTH / len(stages)
    multiplier = 1
    for index, stage in enumerate(stages):
        outputs = panel - _EDGE
        if stage is not stages[-1]:  # their numbers stand beside those of the next inputs
            outputs -= _BETWEEN + text_width(str(stage.out_channels)[4:], SMALL)
        draw_connections(canvas, index * panel, 4, stage, Room(_HEIGHT, outputs), multiplier)
        multiplier *= stage.multiplier
    return canvas.finish(WIDTH, _HEIGHT + 32, title, description, None)
