"""One output cell and the cells that made it, back through both stages."""

from dataclasses import replace
from itertools import accumulate

from sepviz.figures.canvas import SMALL, Canvas, Point
from sepviz.figures.columns import Column, draw_headings, format_letters, format_tensor
from sepviz.figures.kernel_drawing import draw_grid
from sepviz.figures.map_patch import Patch
from sepviz.figures.paint import number
from sepviz.figures.receptive_field import ReceptiveField, draw_next, draw_window, first_receptive_field
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
_MIN_HEIGHT = 5 * _OUTPUT  # room for the output's cell to be level with the middle
_RIGHT = 772.0  # left edge of the output
_KERNEL = 38.0


def describe(spec: LayerSpec) -> str:
    """Describe what is drawn in words and numbers."""
    return first_receptive_field(plan(spec).convolutions).describe()


def draw(canvas: Canvas, spec: LayerSpec) -> float:
    """Draw the window in the input, each stage's kernels and cells, and the output cell; return the height."""
    field = first_receptive_field(plan(spec).convolutions)
    drawing = _draw_spatial if field.is_spatial else _draw_standard if len(field.stages) == 1 else _draw_separable
    return drawing(canvas, field)


def _draw_separable(canvas: Canvas, field: ReceptiveField) -> float:
    depthwise, pointwise = field.stages
    between = depthwise.out_channels
    columns = (
        field.column(canvas, 0, 310),
        _column(canvas, 330, 590, depthwise, _count(canvas, "kernels", between)),
        _column(canvas, 600, 750, pointwise, f"1 × 1 × {between}"),
        _output_column(canvas, field),
    )
    top = draw_headings(canvas, 0, columns) + 8
    places = _places(elide(between, _CHANNELS))
    height = max(_height(places), field.height, _MIN_HEIGHT)
    middle = top + height / 2
    right = field.draw(canvas, middle)
    left, maps, weights = 390.0, 506.0, 662.0
    _draw_sum_frame(canvas, weights, middle, places, 13, "pointwise")
    for slot, offset in places:
        centre = middle + offset
        if slot is None:
            for x in (left, maps + 1.5 * _SMALL, weights):
                draw_dots(canvas, x, centre, down=True)
            continue
        role = channel_role(slot // (between // depthwise.in_channels))
        _draw_kernel(canvas, (right + 8, middle), (left, centre), depthwise, slot)
        canvas.arrow(left + 28, centre, maps - 10, role)
        edge = _draw_map(canvas, field, maps, centre, _SMALL, role)
        canvas.path(f"M{number(edge + 8)} {number(centre)}H{number(weights - 14)}", stroke=role)
        canvas.rect(weights - 9, centre - 9, 18, 18, fill=role, tint=0.6, stroke=role)
    _draw_output(canvas, field, weights + 22, middle, "pointwise")
    return field.draw_legend(canvas, top + height + 20)


def _draw_standard(canvas: Canvas, field: ReceptiveField) -> float:
    (standard,) = field.stages
    channels = standard.in_channels // standard.groups  # that make one output
    columns = (
        field.column(canvas, 0, 400),
        _column(canvas, 430, 750, standard, f"{_format_size(standard)} × {channels}"),
        _output_column(canvas, field),
    )
    top = draw_headings(canvas, 0, columns) + 8
    places = _places(elide(channels, _CHANNELS))
    height = max(_height(places), field.height, _MIN_HEIGHT)
    middle = top + height / 2
    right = field.draw(canvas, middle)
    left = 520.0
    _draw_sum_frame(canvas, left, middle, places, 46, "standard")
    for slot, offset in places:
        if slot is None:
            draw_dots(canvas, left, middle + offset, down=True)
        else:
            _draw_kernel(canvas, (right + 8, middle), (left, middle + offset), standard, slot)
    _draw_output(canvas, field, left + 58, middle, "standard")
    return field.draw_legend(canvas, top + height + 20)


def _draw_spatial(canvas: Canvas, field: ReceptiveField) -> float:
    vertical, horizontal = field.stages
    columns = (
        field.column(canvas, 0, 286),
        _column(canvas, 306, 590, vertical, _count(canvas, "kernels", vertical.out_channels)),
        _column(canvas, 600, 750, horizontal, _count(canvas, "kernels", vertical.out_channels)),
        _output_column(canvas, field, "M"),
    )
    top = draw_headings(canvas, 0, columns) + 8
    height = max(field.height, _MIN_HEIGHT)
    middle = top + height / 2
    right = field.draw(canvas, middle)
    _draw_kernel(canvas, (right + 8, middle), (330, middle), vertical, 0)
    between = field.intermediate_patch()
    between = replace(between, x=590 - between.width, y=middle - between.height / 2)
    canvas.arrow(352, middle, between.x - 12, "depthwise")
    between.draw(canvas, channel_role(0))
    if field.next_cell:
        draw_next(canvas, between, horizontal.window(*field.next_cell))
    draw_window(canvas, between, horizontal.window(*field.cell), "pointwise")
    for column in field.intermediate_column():
        between.draw_frame(canvas, *_single_cell((field.cell[0], column)), "depthwise", 2)
    _draw_kernel(canvas, (600, middle), (690, middle), horizontal, 0)
    _draw_output(canvas, field, 718, middle, "pointwise")
    return field.draw_legend(canvas, top + height + 20)


def _column(canvas: Canvas, x: float, right: float, shape: Convolution, what: str) -> Column:
    """Heading of a stage: its kernels, and the number of products for one cell."""
    products = shape.in_channels // shape.groups * shape.kernel[0] * shape.kernel[1]
    parts = (what, _count(canvas, "products", products))
    return Column(x, right, shape.stage.title, f"{shape.stage.role}-ink", parts)


def _count(canvas: Canvas, what: str, count: int) -> str:
    return canvas.translate_count(f"window.{what}", count)


def _format_size(shape: Convolution) -> str:
    return f"{shape.kernel[0]} × {shape.kernel[1]}"


def _places(slots: Slots) -> list[tuple[int | None, float]]:
    """By row: the channel (None for a gap), and the offset of the row's middle from the middle of all rows."""
    heights = [_GAP_ROW if slot is None else _ROW for slot in slots]
    ends = accumulate(heights)
    return [(slot, end - (high + sum(heights)) / 2) for slot, end, high in zip(slots, ends, heights, strict=True)]


def _height(places: list[tuple[int | None, float]]) -> float:
    return places[-1][1] - places[0][1] + _ROW


def _draw_sum_frame(
    canvas: Canvas, x: float, middle: float, places: list[tuple[int | None, float]], half: float, role: str
) -> None:
    """Draw the frame around the terms of the sum."""
    first, last = places[0][1], places[-1][1]
    reach = 15 if half < _KERNEL / 2 else _ROW / 2 + 4
    canvas.rect(x - half, middle + first - reach, 2 * half, last - first + 2 * reach, fill=role, tint=0.12, stroke=role)


def _draw_kernel(canvas: Canvas, start: Point, centre: Point, shape: Convolution, index: int) -> None:
    """Draw the line from the input to a channel's kernel, and the kernel with its name."""
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


def _draw_map(canvas: Canvas, field: ReceptiveField, x: float, middle: float, size: float, role: str) -> float:
    """Draw three by three cells of a map: the output cell, level with `middle`, and the next; return the right edge."""
    output = field.stages[-1].output
    starts = (max(0, min(at - 1, cells - 3)) for at, cells in zip(field.cell, output, strict=True))
    rows, columns = (range(start, min(start + 3, cells)) for start, cells in zip(starts, output, strict=True))
    top = middle - (field.cell[0] - rows.start + 0.5) * size
    part = Patch(x, top, rows, columns, output, (range(output[0]), range(output[1])), (size, size))
    part.draw(canvas, role)
    part.fill_cells(canvas, *_single_cell(field.cell), role, 0.8)
    if field.next_cell:
        draw_next(canvas, part, _single_cell(field.next_cell))
    return x + part.width


def _single_cell(cell: Pair) -> tuple[range, range]:
    return range(cell[0], cell[0] + 1), range(cell[1], cell[1] + 1)


def _draw_output(canvas: Canvas, field: ReceptiveField, left: float, middle: float, role: str) -> None:
    """Draw the arrow to the output, and the output cell."""
    canvas.arrow(left, middle, _RIGHT - 12, role)
    _draw_map(canvas, field, _RIGHT, middle, _OUTPUT, role)


def _output_column(canvas: Canvas, field: ReceptiveField, channels: str = "N") -> Column:
    at = canvas.translate("window.cell", y=field.cell[0], x=field.cell[1])
    parts = (*format_tensor(format_letters(channels, "H′", "W′"), field.stages[-1].output_shape), at)
    return Column(_RIGHT, WIDTH, canvas.translate("layers.output"), "ink", parts)
