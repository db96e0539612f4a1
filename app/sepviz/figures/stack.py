"""Stacks of planes, one for each channel and to scale; of many the first few, dots and the last are drawn."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from sepviz.figures.canvas import HEAD, SMALL, Canvas, head, number
from sepviz.layer.operations import Convolution, Pair
from sepviz.palette import channel_role

Slots = Sequence[int | None]
Role = Callable[[int], str]

MAX_SCALE_RATIO = 4  # the smallest map is drawn as one this many times smaller than the largest
GAP = 15.0

_CELL = 7.0


@dataclass(frozen=True, slots=True)
class Band:
    """The strip that a row of drawings takes, and the size of its largest map in cells."""

    top: float
    height: float
    largest: int

    @property
    def middle(self) -> float:
        """Its middle line."""
        return self.top + self.height / 2

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.top + self.height

    def share(self, cells: int) -> float:
        """How large a side is drawn, of the largest; never less than a quarter."""
        return max(cells / self.largest, 1 / MAX_SCALE_RATIO)


def band(top: float, height: float, stages: Iterable[Convolution]) -> Band:
    """The strip for these stages' maps."""
    return Band(top, height, max(max(*stage.input, *stage.output) for stage in stages))


def elide(count: int, most: int) -> list[int | None]:
    """All the indices, or `most - 1` of them, a gap (None) and the last; a gap stands for two or more."""
    return list(range(count)) if count <= most + 1 else [*range(most - 1), None, count - 1]


def count_omitted(slots: Slots) -> int:
    """How many indices the gap stands for."""
    return (slots[-1] or 0) + 2 - len(slots) if None in slots else 0


def draw_dots(canvas: Canvas, x: float, y: float, down: bool = False) -> None:
    """An ellipsis about a point."""
    draw_ellipses(canvas, [(x, y)], down)


def draw_ellipses(canvas: Canvas, places: Iterable[tuple[float, float]], down: bool = False) -> None:
    """An ellipsis about each point."""
    step = "m-2 4h2" if down else "m2 0h2"
    first = [(x - 1, y - 4) if down else (x - 5, y) for x, y in places]
    canvas.path("".join([f"M{number(x)} {number(y)}h2{step}{step}" for x, y in first]), stroke="muted", line=2)


def output_role(_: int) -> str:
    """The colour of an output plane: all channels have met in it."""
    return "plane"


def input_channel_role(multiplier: int) -> Role:
    """The colour of a depthwise plane: that of the input channel it is made of."""
    return lambda channel: channel_role(channel // multiplier)


@dataclass(frozen=True, slots=True)
class Stack:
    """Where a stack was drawn, how high its maps are of the band's full height, and where its first plane begins."""

    left: float
    right: float
    share: float

    def level(self, strip: Band, y: float) -> float:
        """Where a line from the height y of the band meets the stack."""
        return strip.middle + (y - strip.middle) * self.share


def draw_stack(
    canvas: Canvas, x: float, strip: Band, slots: Slots, role: Role, step: float, cells: Pair, marked: bool = False
) -> Stack:
    """Planes of cells = (rows, columns) from left to right, the last in front.

    With `marked`, one cell is marked in every plane: those that lie behind one another.
    """
    high, wide = (strip.share(each) for each in cells)
    upright, across, rise = 0.78 * strip.height * high, 0.24 * strip.height * wide, 0.2 * strip.height * wide
    bottom = strip.middle + (upright + rise) / 2
    step = max(step * wide, _CELL + 2)
    plane = f"v{number(upright)}l{number(across)}-{number(rise)}v-{number(upright)}z"
    left = right = x
    places: list[tuple[str, float]] = []
    for channel in slots:
        if channel is None:
            draw_dots(canvas, right + GAP / 2, strip.middle)
            left = right + GAP
            continue
        places.append((role(channel), left))
        right, left = left + across, left + step
    for colour, lefts in groupby(places, itemgetter(0)):
        starts = [start for _, start in lefts]
        drawn = [f"M{number(start)} {number(bottom - upright)}{plane}" for start in starts]
        canvas.paths(drawn, fill=colour, tint=0.28, stroke=colour, line=1.2, solid=True)
        if marked:
            canvas.path("".join([_cell(start, strip.middle) for start in starts]), fill=colour)
    return Stack(x, right, (upright + rise) / (0.98 * strip.height))


def draw_mark(canvas: Canvas, left: float, y: float, role: str) -> None:
    """The marked cell of a plane, beside its left edge."""
    canvas.path(_cell(left, y), fill=role)


def _cell(left: float, y: float) -> str:
    return f"M{number(left + 1.5)} {number(y - 1)}l{number(_CELL - 1)} -4v6l-{number(_CELL - 1)} 4z"


def draw_curve(canvas: Canvas, x: float, y: float, to_x: float, to_y: float, role: str) -> None:
    """An arrow that sets out and arrives level."""
    if abs(to_y - y) < 0.5:
        canvas.arrow(x, y, to_x, role)
        return
    end, half = to_x - HEAD, (x + to_x - HEAD) / 2
    curve = f"{number(half)} {number(y)} {number(half)} {number(to_y)} {number(end)} {number(to_y)}"
    canvas.path(f"M{number(x)} {number(y)}C{curve}", stroke=role)
    canvas.path(head(to_x, to_y), fill=role, stroke=role)


def draw_omitted_count(canvas: Canvas, x: float, y: float, slots: Slots) -> None:
    """Beside dots: how many they stand for."""
    canvas.text(x, y + 4, canvas.translate("layers.more", count=count_omitted(slots)), "muted", SMALL)
