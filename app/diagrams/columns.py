"""The columns of a row of drawings: their places, headings and what is told in them."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.diagrams.canvas import Canvas
from app.diagrams.text import text_width, wrap
from app.palette import STAGE_ROLES
from app.shapes import ConvShape, same_padding

# Left edges of Input, Depthwise, Pointwise and Output, and the right edge of the figure: the page's maps stand below.
COLUMNS = (0, 190, 470, 690, 968)

DRAWING = 118.0  # height of what is drawn below the headings
BELOW = 4.0

_TITLE_SIZE = 14
_SIZES = (12, 11)
_FIRST_LINE = 31.0
_LEADING = 14.0
_GAP = 2.0


@dataclass(frozen=True, slots=True)
class Column:
    """A heading and the parts of the line below it, which may be broken between them."""

    x: float
    right: float
    title: str
    role: str
    parts: tuple[str, ...]

    def lines(self) -> tuple[list[str], int]:
        """The broken line and its size: the larger one, unless the smaller saves a line."""
        room = self.right - self.x - _GAP
        broken = [(wrap(self.parts, room, size, ", "), size) for size in _SIZES]
        fitting = [each for each in broken if all(text_width(line, each[1]) <= room for line in each[0])]
        return min(fitting or broken[-1:], key=lambda each: len(each[0]))


def headings(canvas: Canvas, y: float, columns: Sequence[Column]) -> float:
    """Write the columns' headings from y down; where the drawing may begin."""
    most = 1
    for column in columns:
        canvas.text(column.x, y + 13, column.title, column.role, _TITLE_SIZE, weight=600)
        lines, size = column.lines()
        for index, line in enumerate(lines):
            canvas.text(column.x, y + _FIRST_LINE + _LEADING * index, line, "muted", size, formula=True)
        most = max(most, len(lines))
    return y + _FIRST_LINE + _LEADING * (most - 1) + 9


def tensor(letter: str, shape: tuple[int, int, int]) -> tuple[str, ...]:
    """A map's size, as one part."""
    letters = " × ".join(f"*{each}*" for each in (letter, "H", "W"))
    return (f"{letters} = {' × '.join(map(str, shape))}",)


def map_column(x: float, right: float, title: str, letter: str, shape: tuple[int, int, int]) -> Column:
    """The column of an input or output."""
    return Column(x, right, title, "ink", tensor(letter, shape))


def stage_column(x: float, right: float, shape: ConvShape) -> Column:
    """The column of a stage, in its colour."""
    return Column(x, right, shape.name.capitalize(), f"{STAGE_ROLES[shape.name]}-ink", kernels(shape))


def kernels(shape: ConvShape) -> tuple[str, ...]:
    """What a stage consists of, and its steps where they are not the usual ones."""
    count = str(shape.out_channels)
    rows, columns = shape.kernel
    size = f"{rows} × {columns}"
    if shape.groups == 1 and shape.name in ("pointwise", "standard"):
        size += f" × {shape.in_channels}"
        told: tuple[str, ...] = ()
    else:
        if shape.out_channels > shape.in_channels:
            count = f"{shape.in_channels} × {shape.out_channels // shape.in_channels}"
        told = (f"groups = {shape.groups}",)
    noun = "kernel" if count == "1" else "kernels"
    return (f"{count} {noun}", size, *told, *_steps(shape))


def _steps(shape: ConvShape) -> tuple[str, ...]:
    axis = 1 if shape.name == "horizontal" else 0
    size, kernel, stride, dilation = (each[axis] for each in (shape.input, shape.kernel, shape.stride, shape.dilation))
    padding = shape.padding[axis]
    told = [f"stride {stride}"] if stride > 1 else []
    if padding != same_padding(size, kernel, stride, dilation):
        told.append(f"padding {padding[0]}" if any(padding) else "no padding")
    return (*told, f"dilation {dilation}") if dilation > 1 else tuple(told)
