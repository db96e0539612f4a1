"""The columns of a row of drawings: their places, headings and what is told in them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sepviz.figures.canvas import SMALL, TEXT, TITLE, Canvas
from sepviz.figures.text_metrics import text_width, wrap
from sepviz.layer.operations import FOLLOWERS, Convolution, same_padding

# Left edges of Input, Depthwise, Pointwise and Output, and the right edge of the figure: the page's maps stand below.
COLUMNS = (0, 190, 470, 690, 968)
# The same for a figure that stands alone: as much space after the pointwise kernels as before.
_APART = (0, 190, 500, 770, 968)

_FIRST_LINE = 31.0
_LEADING = 14.0
_MAX_LINES = 2
_GAP = 2.0


@dataclass(frozen=True, slots=True)
class Column:
    """A heading and the parts of the line below it, which may be broken between them."""

    x: float
    right: float
    title: str
    role: str
    parts: tuple[str, ...] = ()

    def lines(self) -> tuple[list[str], int]:
        """The broken line and its size: the larger one, unless the smaller saves a line."""
        room = self.right - self.x - _GAP
        broken = [(wrap(self.parts, room, size, ", "), size) for size in (TEXT, SMALL)]
        fitting = [each for each in broken if all(text_width(line, each[1]) <= room for line in each[0])]
        return min(fitting or broken[-1:], key=lambda each: len(each[0]))


def columns(canvas: Canvas) -> tuple[int, ...]:
    """The edges of the columns in this figure."""
    return COLUMNS if canvas.inlined else _APART


def draw_headings(canvas: Canvas, y: float, told: Sequence[Column]) -> float:
    """Write the columns' headings from y down; where the drawing may begin, in the page always at the same height."""
    most, size = (_MAX_LINES, TITLE) if canvas.inlined else (0, TEXT)
    for column in told:
        canvas.text(column.x, y + 13, column.title, column.role, size, weight=600)
        lines, fitting = column.lines()
        for index, line in enumerate(lines):
            canvas.text(column.x, y + _FIRST_LINE + _LEADING * index, line, "muted", fitting, formula=True)
        most = max(most, len(lines))
    return y + _FIRST_LINE + _LEADING * (most - 1) + 9


def map_column(canvas: Canvas, x: float, right: float, key: str, named: str, shape: tuple[int, int, int]) -> Column:
    """The column of an input or output; outside the page its size stands below the map."""
    size = format_tensor(named, shape) if canvas.inlined else ()
    return Column(x, right, canvas.translate(f"layers.{key}"), "ink", size)


def format_tensor(named: str, shape: tuple[int, int, int]) -> tuple[str, ...]:
    """A map's size in letters and numbers, as one part."""
    return (f"{named} = {format_shape(shape)}",)


def format_letters(channels: str, height: str = "H", width: str = "W") -> str:
    """A map's size in letters, for a formula."""
    return " × ".join(f"*{each}*" for each in (channels, height, width))


def format_shape(shape: Sequence[int]) -> str:
    """A shape in numbers."""
    return " × ".join(map(str, shape))


def stage_column(canvas: Canvas, x: float, right: float, shape: Convolution) -> Column:
    """The column of a stage, in its colour."""
    title = shape.stage.title
    return Column(x, right, title, f"{shape.stage.role}-ink", _kernels(canvas, shape))


def _kernels(canvas: Canvas, shape: Convolution) -> tuple[str, ...]:
    """What a stage consists of, and its steps where they are not the usual ones; its groups stand at the arrow."""
    count, size = str(shape.out_channels), format_shape(shape.kernel)
    if shape.stage.mixes_channels:
        size += f" × {shape.in_channels // shape.groups}"
    elif shape.out_channels > shape.in_channels:
        count = f"{shape.in_channels} × {shape.out_channels // shape.in_channels}"
    return (
        canvas.translate("layers.kernel" if count == "1" else "layers.kernels", count=count),
        size,
        *format_steps(canvas, shape),
        *followers(canvas, shape),
    )


def followers(canvas: Canvas, shape: Convolution) -> tuple[str, ...]:
    """What is done with a stage's output before the next stage, if anything is."""
    names = " and ".join(FOLLOWERS[each].title for each in shape.followed_by)
    return (canvas.translate("layers.then", operations=names),) if names else ()


def format_steps(canvas: Canvas, shape: Convolution) -> tuple[str, ...]:
    """Stride, padding and dilation of a stage, where they are not the usual ones."""
    axis = shape.stage.axis
    size, kernel, stride, dilation = (each[axis] for each in (shape.input, shape.kernel, shape.stride, shape.dilation))
    padding = shape.padding[axis]
    told = [canvas.translate("layers.stride", stride=stride)] if stride > 1 else []
    if padding != same_padding(size, kernel, stride, dilation):
        told.append(
            canvas.translate("layers.padding", padding=padding[0]) if any(padding) else canvas.translate("layers.valid")
        )
    return (*told, canvas.translate("layers.dilation", dilation=dilation)) if dilation > 1 else tuple(told)
