"""The columns of a row of drawings: their edges and headings."""

from collections.abc import Sequence
from dataclasses import dataclass

from sepviz.figures.canvas import SMALL, TEXT, TITLE, Canvas
from sepviz.figures.text_metrics import text_width, wrap
from sepviz.layer.operations import FOLLOWERS, Convolution, same_padding

# Left edges of Input, Depthwise, Pointwise and Output, and the right edge of the figure: the page's maps stand below.
COLUMNS = (0, 190, 470, 690, 968)
# The same for a figure outside the page, with equal space before and after the pointwise kernels.
_APART = (0, 190, 500, 770, 968)

_FIRST_LINE = 31.0
_LEADING = 14.0
_MAX_LINES = 2
_GAP = 2.0


@dataclass(frozen=True, slots=True)
class Column:
    """A heading and the parts of the text below it, which wraps between parts."""

    x: float
    right: float
    title: str
    role: str
    parts: tuple[str, ...] = ()

    def lines(self) -> tuple[list[str], int]:
        """The wrapped text and its size: the larger one, unless the smaller saves a line."""
        room = self.right - self.x - _GAP
        broken = [(wrap(self.parts, room, size, ", "), size) for size in (TEXT, SMALL)]
        fitting = [each for each in broken if all(text_width(line, each[1]) <= room for line in each[0])]
        return min(fitting or broken[-1:], key=lambda each: len(each[0]))


def column_edges(canvas: Canvas) -> tuple[int, ...]:
    """The edges of the columns in this figure."""
    return COLUMNS if canvas.inlined else _APART


def draw_headings(canvas: Canvas, y: float, headed: Sequence[Column]) -> float:
    """Draw the columns' headings from y down; return the top of the drawings, which is fixed in the page."""
    most, size = (_MAX_LINES, TITLE) if canvas.inlined else (0, TEXT)
    for column in headed:
        canvas.text(column.x, y + 13, column.title, column.role, size, weight=600)
        lines, fitting = column.lines()
        for index, line in enumerate(lines):
            canvas.text(column.x, y + _FIRST_LINE + _LEADING * index, line, "muted", fitting, formula=True)
        most = max(most, len(lines))
    return y + _FIRST_LINE + _LEADING * (most - 1) + 9


def map_column(canvas: Canvas, x: float, right: float, key: str, named: str, shape: tuple[int, int, int]) -> Column:
    """The heading of an input or output; outside the page its size is drawn below the map."""
    size = format_tensor(named, shape) if canvas.inlined else ()
    if size and text_width(size[0], SMALL) > right - x - _GAP:
        size = (format_shape(shape),)
    return Column(x, right, canvas.translate(f"layers.{key}"), "ink", size)


def format_tensor(named: str, shape: tuple[int, int, int]) -> tuple[str, ...]:
    """Format a map's size in letters and numbers, as one part of a heading."""
    return (f"{named} = {format_shape(shape)}",)


def format_letters(channels: str, height: str = "H", width: str = "W") -> str:
    """Format a map's size in letters, for a formula."""
    return " × ".join(f"*{each}*" for each in (channels, height, width))


def format_shape(shape: Sequence[int]) -> str:
    """Format a shape in numbers."""
    return " × ".join(map(str, shape))


def stage_column(canvas: Canvas, x: float, right: float, shape: Convolution) -> Column:
    """The heading of a stage, in its colour."""
    title = shape.stage.title
    return Column(x, right, title, f"{shape.stage.role}-ink", _format_kernels(canvas, shape))


def _format_kernels(canvas: Canvas, shape: Convolution) -> tuple[str, ...]:
    """The kernels of a stage, and its stride, padding and dilation unless they are the default."""
    count, size = str(shape.out_channels), format_shape(shape.kernel)
    if shape.stage.mixes_channels:
        size += f" × {shape.in_channels // shape.groups}"
    elif shape.out_channels > shape.in_channels:
        count = f"{shape.in_channels} × {shape.out_channels // shape.in_channels}"
    return (
        canvas.translate("layers.kernel" if count == "1" else "layers.kernels", count=count),
        size,
        *format_steps(canvas, shape),
        *format_followers(canvas, shape),
    )


def format_followers(canvas: Canvas, shape: Convolution) -> tuple[str, ...]:
    """The operations between a stage and the next one, as a part of a heading."""
    names = " and ".join(FOLLOWERS[each].title for each in shape.followed_by)
    return (canvas.translate("layers.then", operations=names),) if names else ()


def format_steps(canvas: Canvas, shape: Convolution) -> tuple[str, ...]:
    """Format a stage's stride, padding and dilation unless they are the default."""
    axis = shape.stage.axis
    size, kernel, stride, dilation = (each[axis] for each in (shape.input, shape.kernel, shape.stride, shape.dilation))
    padding = shape.padding[axis]
    steps = [canvas.translate("layers.stride", stride=stride)] if stride > 1 else []
    if padding != same_padding(size, kernel, stride, dilation):
        steps.append(
            canvas.translate("layers.padding", padding=padding[0]) if any(padding) else canvas.translate("layers.valid")
        )
    return (*steps, canvas.translate("layers.dilation", dilation=dilation)) if dilation > 1 else tuple(steps)
