"""Rows of drawings: a layer's maps and kernels, from input to output. Each function returns the end of its row."""

from collections.abc import Sequence

from sepviz.figures.canvas import SMALL, Canvas, number
from sepviz.figures.columns import (
    COLUMNS,
    Column,
    column_edges,
    draw_headings,
    format_letters,
    format_shape,
    map_column,
    stage_column,
)
from sepviz.figures.kernel_drawing import draw_channel_kernels, draw_kernel_blocks, draw_pointwise_kernels, row_middles
from sepviz.figures.stack import (
    Band,
    Stack,
    band,
    draw_curve,
    draw_mark,
    draw_stack,
    elide,
    input_channel_role,
    output_role,
)
from sepviz.layer.operations import Convolution

END = COLUMNS[-1]
OUTPUT = COLUMNS[3]

CHANNELS = 4  # drawn at most of those that have a kernel of their own
MAPS = 5
OUTPUTS = 8
KERNELS = 4  # standard ones
DEPTH = 3

_STEP = 14.0
_MAP_STEP = 11.0
_OUTPUT_STEP = 16.0
_PAGE_HEIGHT, _HEIGHT = 118.0, 144.0
_ABOVE, _BELOW = 6.0, 4.0


def draw_separable_row(canvas: Canvas, y: float, stages: Sequence[Convolution]) -> float:
    """Depthwise and pointwise, with the maps between them."""
    depthwise, pointwise = stages
    multiplier = depthwise.out_channels // depthwise.in_channels
    left, first, second, last, end = column_edges(canvas)
    headed = (
        map_column(canvas, left, first, "input", format_letters("M"), depthwise.input_shape),
        stage_column(canvas, first, second, depthwise),
        stage_column(canvas, second, last, pointwise),
        map_column(canvas, last, end, "output", format_letters("N", "H′", "W′"), pointwise.output_shape),
    )
    strip = _draw_headed_band(canvas, y, headed, stages)
    source = _draw_input(canvas, left + 2, strip, depthwise)
    between = _draw_channelwise(canvas, source, first, strip, depthwise, first + 138, marked=True)
    right = _draw_mixing(canvas, between, second + 6, strip, pointwise, depthwise.in_channels, last + 2)
    return _draw_sizes(
        canvas,
        strip,
        (source, format_letters("M"), depthwise.input_shape),
        (between, format_letters(_between(multiplier), "H′", "W′"), depthwise.output_shape),
        (right, format_letters("N", "H′", "W′"), pointwise.output_shape),
    )


def draw_spatial_row(canvas: Canvas, y: float, stages: Sequence[Convolution]) -> float:
    """Draw a column kernel, then a row kernel, for each channel."""
    vertical, horizontal = stages
    left, first, second, last, end = column_edges(canvas)
    headed = (
        map_column(canvas, left, first, "input", format_letters("M"), vertical.input_shape),
        stage_column(canvas, first, second, vertical),
        stage_column(canvas, second, last, horizontal),
        map_column(canvas, last, end, "output", format_letters("M", "H′", "W′"), horizontal.output_shape),
    )
    strip = _draw_headed_band(canvas, y, headed, stages)
    source = _draw_input(canvas, left + 2, strip, vertical)
    between = _draw_channelwise(canvas, source, first, strip, vertical, first + 138)
    right = _draw_channelwise(canvas, between, second + 30, strip, horizontal, last + 2)
    return _draw_sizes(
        canvas,
        strip,
        (source, format_letters("M"), vertical.input_shape),
        (between, format_letters("M", "H′"), vertical.output_shape),
        (right, format_letters("M", "H′", "W′"), horizontal.output_shape),
    )


def draw_depthwise_row(canvas: Canvas, y: float, stages: Sequence[Convolution]) -> float:
    """Draw a kernel for each channel."""
    depthwise = stages[0]
    letter = _between(depthwise.out_channels // depthwise.in_channels)
    left, first, last, *_ = column_edges(canvas)
    headed = (
        map_column(canvas, left, first, "input", format_letters("M"), depthwise.input_shape),
        stage_column(canvas, first, last, depthwise),
        map_column(canvas, last, OUTPUT, "output", format_letters(letter, "H′", "W′"), depthwise.output_shape),
    )
    strip = _draw_headed_band(canvas, y, headed, stages[:1])
    source = _draw_input(canvas, left + 2, strip, depthwise)
    right = _draw_channelwise(canvas, source, first + 60, strip, depthwise, last + 2)
    return _draw_sizes(
        canvas,
        strip,
        (source, format_letters("M"), depthwise.input_shape),
        (right, format_letters(letter, "H′", "W′"), depthwise.output_shape),
    )


def draw_pointwise_row(canvas: Canvas, y: float, stages: Sequence[Convolution]) -> float:
    """Draw outputs that are weighted sums of all channels; `stages` are those of the whole layer."""
    depthwise, pointwise = stages
    multiplier = depthwise.out_channels // depthwise.in_channels
    letter = _between(multiplier)
    headed = (
        map_column(canvas, 0, 230, "input", format_letters(letter, "H′", "W′"), pointwise.input_shape),
        stage_column(canvas, 230, 470, pointwise),
        map_column(canvas, 470, OUTPUT, "output", format_letters("N", "H′", "W′"), pointwise.output_shape),
    )
    strip = _draw_headed_band(canvas, y, headed, stages[1:])
    slots = elide(pointwise.in_channels, CHANNELS if multiplier == 1 else MAPS)
    role = input_channel_role(multiplier)
    source = draw_stack(canvas, 2, strip, depthwise.name, slots, role, _STEP, pointwise.input, marked=True)
    right = _draw_mixing(canvas, source, 236, strip, pointwise, depthwise.in_channels, 472)
    return _draw_sizes(
        canvas,
        strip,
        (source, format_letters(letter, "H′", "W′"), pointwise.input_shape),
        (right, format_letters("N", "H′", "W′"), pointwise.output_shape),
    )


def draw_standard_row(canvas: Canvas, y: float, stages: Sequence[Convolution]) -> float:
    """Draw kernels that each span all channels."""
    standard = stages[0]
    left, first, _, last, end = column_edges(canvas)
    headed = (
        map_column(canvas, left, first, "input", format_letters("M"), standard.input_shape),
        stage_column(canvas, first, last, standard),
        map_column(canvas, last, end, "output", format_letters("N", "H′", "W′"), standard.output_shape),
    )
    strip = _draw_headed_band(canvas, y, headed, stages[:1])
    source = _draw_input(canvas, left + 2, strip, standard)
    groups = canvas.translate("layers.groups", groups=standard.groups)
    _draw_labelled_arrow(canvas, source.right + 8, strip.middle, first + 16, "muted", groups)
    slots = elide(standard.out_channels, KERNELS)
    through = elide(standard.in_channels // standard.groups, DEPTH)
    reads = [0 if slot is None else standard.channels_feeding(range(slot, slot + 1)).start for slot in slots]
    right = draw_kernel_blocks(canvas, first + 22, strip, standard, slots, through, reads)
    canvas.arrow(right + 6, strip.middle, last - 6, "standard")
    outputs = elide(standard.out_channels, OUTPUTS)
    maps = draw_stack(canvas, last + 2, strip, standard.name, outputs, output_role, _OUTPUT_STEP, standard.output)
    return _draw_sizes(
        canvas,
        strip,
        (source, format_letters("M"), standard.input_shape),
        (maps, format_letters("N", "H′", "W′"), standard.output_shape),
    )


def _between(multiplier: int) -> str:
    return "M" if multiplier == 1 else "M·m"


def _draw_headed_band(canvas: Canvas, y: float, headed: Sequence[Column], stages: Sequence[Convolution]) -> Band:
    """Draw the headings; return the band below them."""
    top = draw_headings(canvas, y, headed)
    return band(top, _PAGE_HEIGHT, stages) if canvas.inlined else band(top + _ABOVE, _HEIGHT, stages)


def _draw_input(canvas: Canvas, x: float, strip: Band, shape: Convolution) -> Stack:
    slots = elide(shape.in_channels, CHANNELS)
    return draw_stack(canvas, x, strip, "input", slots, input_channel_role(1), _STEP, shape.input)


def _draw_channelwise(
    canvas: Canvas, source: Stack, x: float, strip: Band, shape: Convolution, maps: float, marked: bool = False
) -> Stack:
    """Draw each channel's kernel between a stack and the maps that it computes; return the maps."""
    slots = elide(shape.in_channels, CHANNELS)
    multiplier = shape.out_channels // shape.in_channels
    role, colours = input_channel_role(1), input_channel_role(multiplier)
    drawn = slots if multiplier == 1 else elide(shape.out_channels, MAPS)
    targets = draw_stack(canvas, maps, strip, shape.name, drawn, colours, _MAP_STEP, shape.output, marked)
    label_width = 28 if multiplier > 1 else 0
    rows = row_middles(slots, strip)
    for channel, y in zip(slots, rows, strict=True):
        if channel is None:
            continue
        draw_curve(canvas, source.right + 8, source.level(strip, y), x + 20, y, role(channel))
        draw_curve(canvas, x + 66 + label_width, y, maps - 6, targets.level(strip, y), role(channel))
        if multiplier > 1:
            canvas.text(x + 66, y + 4, f"× {multiplier}", "muted", SMALL)
    label = canvas.translate("layers.groups", groups=shape.groups)
    canvas.text(x + 12, min(rows[0], strip.middle) - 8, label, "muted", SMALL, anchor="end")
    draw_channel_kernels(canvas, x + 42, strip, slots, shape)
    return targets


def _draw_mixing(
    canvas: Canvas, source: Stack, x: float, strip: Band, shape: Convolution, channels: int, output: float
) -> Stack:
    """Draw the line through one cell of every channel, the pointwise kernels and the outputs; return the outputs."""
    y = strip.middle
    canvas.path(f"M{number(source.left - 2)} {number(y)}H{number(source.right + 8)}", stroke="pointwise", line=1.4)
    _draw_labelled_arrow(canvas, source.right + 8, y, x - 5, "pointwise", "1 × 1")
    outputs = elide(shape.out_channels, OUTPUTS)
    inputs = elide(shape.in_channels, CHANNELS if shape.in_channels == channels else MAPS)
    role = input_channel_role(shape.in_channels // channels)
    bars = draw_pointwise_kernels(canvas, x, strip, shape.name, outputs, inputs, role)
    maps = draw_stack(canvas, output, strip, shape.name, outputs, output_role, _OUTPUT_STEP, shape.output)
    draw_mark(canvas, output, y, "pointwise")
    canvas.path(f"M{number(bars.right + 2)} {number(bars.share)}h14", stroke="pointwise", line=1.4)
    _draw_plus(canvas, bars.right + 22, bars.share)
    draw_curve(canvas, bars.right + 28, bars.share, output, y, shape.stage.role)
    return maps


def _draw_plus(canvas: Canvas, x: float, y: float) -> None:
    """Draw a plus in a circle, for the sum over channels."""
    circle = f"M{number(x - 6)} {number(y)}a6 6 0 1 0 12 0a6 6 0 1 0 -12 0z"
    canvas.path(circle, fill="paper", stroke="pointwise", line=1.4)
    canvas.path(f"M{number(x - 3.5)} {number(y)}h7M{number(x)} {number(y - 3.5)}v7", stroke="pointwise", line=1.4)


def _draw_labelled_arrow(canvas: Canvas, x: float, y: float, to_x: float, role: str, label: str) -> None:
    canvas.arrow(x, y, to_x, role)
    canvas.text((x + to_x) / 2 - 2, y - 7, label, "muted", SMALL, anchor="middle")


def _draw_sizes(canvas: Canvas, strip: Band, *maps: tuple[Stack, str, Sequence[int]]) -> float:
    """Draw each map's size below it, except in the page; return the end of the row."""
    if canvas.inlined:
        return strip.bottom + _BELOW
    for drawn, letter, shape in maps:
        canvas.text(drawn.left, strip.bottom + 16, letter, "muted", SMALL, formula=True)
        canvas.text(drawn.left, strip.bottom + 31, format_shape(shape), "ink", SMALL)
    return strip.bottom + 36
