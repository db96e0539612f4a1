"""Stacks of planes to scale, one for each channel; of many, the first few, dots and the last are drawn."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from sepviz.figures.canvas import ARROWHEAD, SMALL, Canvas, arrowhead, number
from sepviz.figures.map_images import MapKey
from sepviz.figures.pictured import draw_map_plane, is_pictured
from sepviz.layer.operations import Convolution, Pair
from sepviz.palette import channel_role

Slots = Sequence[int | None]
Role = Callable[[int], str]

MAX_SCALE_RATIO = 4  # of the largest drawn side to the smallest
GAP = 15.0

_CELL = 7.0


@dataclass(frozen=True, slots=True)
class Band:
    """The strip of a row of drawings, and the side of its largest map in cells."""

    top: float
    height: float
    largest: int

    @property
    def middle(self) -> float:
        """The y of its middle."""
        return self.top + self.height / 2

    @property
    def bottom(self) -> float:
        """The y of its lower edge."""
        return self.top + self.height

    def share(self, cells: int) -> float:
        """The drawn length of a side as a share of the largest, at least a quarter."""
        return max(cells / self.largest, 1 / MAX_SCALE_RATIO)


def band(top: float, height: float, stages: Iterable[Convolution]) -> Band:
    """The band for these stages' maps."""
    return Band(top, height, max(max(*stage.input, *stage.output) for stage in stages))


def elide(count: int, most: int) -> list[int | None]:
    """All indices, or `most - 1` of them, None for at least two omitted ones, and the last."""
    return list(range(count)) if count <= most + 1 else [*range(most - 1), None, count - 1]


def count_omitted(slots: Slots) -> int:
    """The number of omitted indices."""
    return (slots[-1] or 0) + 2 - len(slots) if None in slots else 0


def draw_dots(canvas: Canvas, x: float, y: float, down: bool = False) -> None:
    """Draw an ellipsis centred on a point."""
    draw_ellipses(canvas, [(x, y)], down)


def draw_ellipses(canvas: Canvas, places: Iterable[tuple[float, float]], down: bool = False) -> None:
    """Draw an ellipsis centred on each point."""
    step = "m-2 4h2" if down else "m2 0h2"
    first = [(x - 1, y - 4) if down else (x - 5, y) for x, y in places]
    canvas.path("".join([f"M{number(x)} {number(y)}h2{step}{step}" for x, y in first]), stroke="muted", line=2)


def output_role(_: int) -> str:
    """The role of an output plane, which mixes all channels."""
    return "plane"


def input_channel_role(multiplier: int) -> Role:
    """A function that returns the role of a depthwise plane: that of its input channel."""
    return lambda channel: channel_role(channel // multiplier)


@dataclass(frozen=True, slots=True)
class Stack:
    """The left and right edges of a drawn stack, and its height as a share of the band's."""

    left: float
    right: float
    share: float

    def level(self, strip: Band, y: float) -> float:
        """The y at which a line from y of the band meets the stack."""
        return strip.middle + (y - strip.middle) * self.share


def draw_stack(
    canvas: Canvas,
    x: float,
    strip: Band,
    stage: str,
    slots: Slots,
    role: Role,
    step: float,
    cells: Pair,
    marked: bool = False,
) -> Stack:
    """Draw planes of cells = (rows, columns) from left to right, the last in front.

    They are maps of the `stage`: `input`, or the convolution that computes them. With `marked`,
    one cell is marked in every plane: those that lie behind one another.
    """
    high, wide = (strip.share(each) for each in cells)
    upright, across, rise = 0.78 * strip.height * high, 0.24 * strip.height * wide, 0.2 * strip.height * wide
    bottom = strip.middle + (upright + rise) / 2
    step = max(step * wide, _CELL + 2)
    plane = f"v{number(upright)}l{number(across)}-{number(rise)}v-{number(upright)}z"
    left = right = x
    places: list[tuple[str, int, float]] = []
    for channel in slots:
        if channel is None:
            draw_dots(canvas, right + GAP / 2, strip.middle)
            left = right + GAP
            continue
        places.append((role(channel), channel, left))
        right, left = left + across, left + step
    for colour, lefts in groupby(places, itemgetter(0)):
        channels, starts = zip(*((channel, start) for _, channel, start in lefts), strict=True)
        drawn = [f"M{number(start)} {number(bottom - upright)}{plane}" for start in starts]
        if is_pictured(canvas):
            for channel, start, outline in zip(channels, starts, drawn, strict=True):
                square = (across, -rise, 0, upright, start, bottom - upright)
                draw_map_plane(canvas, MapKey(stage, channel), outline, square, colour)
        else:
            canvas.paths(drawn, fill=colour, tint=0.28, stroke=colour, line=1.2, solid=True)
        if marked:
            canvas.path("".join([_cell(start, strip.middle) for start in starts]), fill=colour)
    return Stack(x, right, (upright + rise) / (0.98 * strip.height))


def draw_mark(canvas: Canvas, left: float, y: float, role: str) -> None:
    """Draw the marked cell of a plane, beside its left edge."""
    canvas.path(_cell(left, y), fill=role)


def _cell(left: float, y: float) -> str:
    return f"M{number(left + 1.5)} {number(y - 1)}l{number(_CELL - 1)} -4v6l-{number(_CELL - 1)} 4z"


def draw_curve(canvas: Canvas, x: float, y: float, to_x: float, to_y: float, role: str) -> None:
    """Draw an arrow that begins and ends horizontally."""
    if abs(to_y - y) < 0.5:
        canvas.arrow(x, y, to_x, role)
        return
    end, half = to_x - ARROWHEAD, (x + to_x - ARROWHEAD) / 2
    curve = f"{number(half)} {number(y)} {number(half)} {number(to_y)} {number(end)} {number(to_y)}"
    canvas.path(f"M{number(x)} {number(y)}C{curve}", stroke=role)
    canvas.path(arrowhead(to_x, to_y), fill=role, stroke=role)


def draw_omitted_count(canvas: Canvas, x: float, y: float, slots: Slots) -> None:
    """Draw the number of omitted indices beside dots."""
    canvas.text(x, y + 4, canvas.translate("layers.more", count=count_omitted(slots)), "muted", SMALL)
