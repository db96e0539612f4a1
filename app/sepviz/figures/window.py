"""One output cell and the cells that made it, back through both stages."""

from dataclasses import replace
from itertools import accumulate

from sepviz.figures.canvas import SMALL, Canvas, Point
from sepviz.figures.columns import Column, draw_headings, format_letters, format_tensor
from sepviz.figures.kernel_drawing import draw_grid
from sepviz.figures.map_patch import Patch
from sepviz.figures.paint import number
from sepviz.figures.receptive_field import ReceptiveField, draw_next, draw_window, receptive_field
from sepviz.figures.stack import Slots, draw_curve, draw_dots, elide
from sepviz.layer.operations import Convolution, Pair
from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec
from sepviz.palette import channel_role

WIDTH = 968.0

_ROW = 58.0
_GAP_ROW = 26.0
_CHANNELS = 4
_SMALL = 14.0  # a cell of a depthwise map
_OUTPUT = 36.0  # a cell of the output
_LEAST = 5 * _OUTPUT  # so high, that the output's cell can be level with the middle
_RIGHT = 772.0  # where it begins
_KERNEL = 38.0


def describe(spec: LayerSpec) -> str:
    """What is drawn, in words and numbers."""
    return receptive_field(plan(spec).convolutions).describe()


def draw(canvas: Canvas, spec: LayerSpec) -> float:
    """The window in the input, each stage's kernels and cells, and the output cell; how high it all is."""
    feet = receptive_field(plan(spec).convolutions)
    drawing = _spatial if feet.spatial else _standard if len(feet.stages) == 1 else _separable
    return drawing(canvas, feet)


def _separable(canvas: Canvas, feet: ReceptiveField) -> float:
    depthwise, pointwise = feet.stages
    between = depthwise.out_channels
    columns = (
        feet.column(canvas, 0, 310),
        _column(canvas, 330, 590, depthwise, _count(canvas, "kernels", between)),
        _column(canvas, 600, 750, pointwise, f"1 × 1 × {between}"),
        _output_column(canvas, feet),
    )
    top = draw_headings(canvas, 0, columns) + 8
    places = _places(elide(between, _CHANNELS))
    height = max(_height(places), feet.height, _LEAST)
    middle = top + height / 2
    right = feet.draw(canvas, middle)
    left, maps, weights = 390.0, 506.0, 662.0
    _post(canvas, weights, middle, places, 13, "pointwise")
    for slot, offset in places:
        centre = middle + offset
        if slot is None:
            for x in (left, maps + 1.5 * _SMALL, weights):
                draw_dots(canvas, x, centre, down=True)
            continue
        role = channel_role(slot // (between // depthwise.in_channels))
        _kernel(canvas, (right + 8, middle), (left, centre), depthwise, slot)
        canvas.arrow(left + 28, centre, maps - 10, role)
        edge = _map(canvas, feet, maps, centre, _SMALL, role)
        canvas.path(f"M{number(edge + 8)} {number(centre)}H{number(weights - 14)}", stroke=role)
        canvas.rect(weights - 9, centre - 9, 18, 18, fill=role, tint=0.6, stroke=role)
    _output(canvas, feet, weights + 22, middle, "pointwise")
    return feet.draw_legend(canvas, top + height + 20)


def _standard(canvas: Canvas, feet: ReceptiveField) -> float:
    (standard,) = feet.stages
    channels = standard.in_channels
    columns = (
        feet.column(canvas, 0, 400),
        _column(canvas, 430, 750, standard, f"{_size(standard)} × {channels}"),
        _output_column(canvas, feet),
    )
    top = draw_headings(canvas, 0, columns) + 8
    places = _places(elide(channels, _CHANNELS))
    height = max(_height(places), feet.height, _LEAST)
    middle = top + height / 2
    right = feet.draw(canvas, middle)
    left = 520.0
    _post(canvas, left, middle, places, 46, "standard")
    for slot, offset in places:
        if slot is None:
            draw_dots(canvas, left, middle + offset, down=True)
        else:
            _kernel(canvas, (right + 8, middle), (left, middle + offset), standard, slot)
    _output(canvas, feet, left + 58, middle, "standard")
    return feet.draw_legend(canvas, top + height + 20)


def _spatial(canvas: Canvas, feet: ReceptiveField) -> float:
    vertical, horizontal = feet.stages
    columns = (
        feet.column(canvas, 0, 286),
        _column(canvas, 306, 590, vertical, _count(canvas, "kernels", vertical.out_channels)),
        _column(canvas, 600, 750, horizontal, _count(canvas, "kernels", vertical.out_channels)),
        _output_column(canvas, feet, "M"),
    )
    top = draw_headings(canvas, 0, columns) + 8
    height = max(feet.height, _LEAST)
    middle = top + height / 2
    right = feet.draw(canvas, middle)
    _kernel(canvas, (right + 8, middle), (330, middle), vertical, 0)
    between = feet.between()
    between = replace(between, x=590 - between.width, y=middle - between.height / 2)
    canvas.arrow(352, middle, between.x - 12, "depthwise")
    between.draw(canvas, channel_role(0))
    if feet.beside:
        draw_next(canvas, between, horizontal.window(*feet.beside))
    draw_window(canvas, between, horizontal.window(*feet.cell), "pointwise")
    for column in feet.tap():
        between.frame(canvas, *_single((feet.cell[0], column)), "depthwise", 2)
    _kernel(canvas, (600, middle), (690, middle), horizontal, 0)
    _output(canvas, feet, 718, middle, "pointwise")
    return feet.draw_legend(canvas, top + height + 20)


def _column(canvas: Canvas, x: float, right: float, shape: Convolution, what: str) -> Column:
    """The heading of a stage: its kernels, and how many products make one cell."""
    products = shape.in_channels // shape.groups * shape.kernel[0] * shape.kernel[1]
    parts = (what, _count(canvas, "products", products))
    return Column(x, right, shape.stage.title, f"{shape.stage.role}-ink", parts)


def _count(canvas: Canvas, what: str, count: int) -> str:
    return canvas.translate_count(f"window.{what}", count)


def _size(shape: Convolution) -> str:
    return f"{shape.kernel[0]} × {shape.kernel[1]}"


def _places(slots: Slots) -> list[tuple[int | None, float]]:
    """What stands in each row, and where its middle is below that of all."""
    heights = [_GAP_ROW if slot is None else _ROW for slot in slots]
    ends = accumulate(heights)
    return [(slot, end - (high + sum(heights)) / 2) for slot, end, high in zip(slots, ends, heights, strict=True)]


def _height(places: list[tuple[int | None, float]]) -> float:
    return places[-1][1] - places[0][1] + _ROW


def _post(
    canvas: Canvas, x: float, middle: float, places: list[tuple[int | None, float]], half: float, role: str
) -> None:
    """The frame about what is summed."""
    first, last = places[0][1], places[-1][1]
    reach = 15 if half < _KERNEL / 2 else _ROW / 2 + 4
    canvas.rect(x - half, middle + first - reach, 2 * half, last - first + 2 * reach, fill=role, tint=0.12, stroke=role)


def _kernel(canvas: Canvas, start: Point, centre: Point, shape: Convolution, index: int) -> None:
    """The line from the input to a channel's kernel, and the kernel with its name."""
    x, y = centre
    multiplier = 1 if shape.stage.mixes_channels else shape.multiplier
    role = channel_role(index // multiplier)
    draw_curve(canvas, *start, x - 28, y, role)
    draw_grid(canvas, x, y - 2, _KERNEL, shape.kernel, role, 0.45)
    if multiplier == 1:
        name = canvas.translate("window.channel", channel=index)
    else:
        name = canvas.translate("window.map", map=index, channel=index // multiplier)
    canvas.text(x, y + 29, name, "muted", SMALL, anchor="middle")


def _map(canvas: Canvas, feet: ReceptiveField, x: float, middle: float, size: float, role: str) -> float:
    """A map, three cells high and wide: the one that is made, level with `middle`, and the next; its right edge."""
    output = feet.stages[-1].output
    starts = (max(0, min(at - 1, cells - 3)) for at, cells in zip(feet.cell, output, strict=True))
    rows, columns = (range(start, min(start + 3, cells)) for start, cells in zip(starts, output, strict=True))
    top = middle - (feet.cell[0] - rows.start + 0.5) * size
    part = Patch(x, top, rows, columns, output, (range(output[0]), range(output[1])), (size, size))
    part.draw(canvas, role)
    part.cells(canvas, *_single(feet.cell), role, 0.8)
    if feet.beside:
        draw_next(canvas, part, _single(feet.beside))
    return x + part.width


def _single(cell: Pair) -> tuple[range, range]:
    return range(cell[0], cell[0] + 1), range(cell[1], cell[1] + 1)


def _output(canvas: Canvas, feet: ReceptiveField, left: float, middle: float, role: str) -> None:
    """The arrow to the output, and its cell."""
    canvas.arrow(left, middle, _RIGHT - 12, role)
    _map(canvas, feet, _RIGHT, middle, _OUTPUT, role)


def _output_column(canvas: Canvas, feet: ReceptiveField, channels: str = "N") -> Column:
    at = canvas.translate("window.cell", y=feet.cell[0], x=feet.cell[1])
    parts = (*format_tensor(format_letters(channels, "H′", "W′"), feet.stages[-1].output_shape), at)
    return Column(_RIGHT, WIDTH, canvas.translate("layers.output"), "ink", parts)
