"""Rows of drawings: a layer's maps and kernels, from input to output. Each tells where it ends."""

from app.diagrams.canvas import Canvas
from app.diagrams.columns import BELOW, COLUMNS, DRAWING, headings, map_column, stage_column
from app.diagrams.kernels import block, channel_kernels, point_kernels, rows_of
from app.diagrams.stack import Slots, dots, elide, grey, of_input, stack
from app.palette import STAGE_ROLES
from app.shapes import ConvShape

INPUT, DEPTHWISE, POINTWISE, OUTPUT, END = COLUMNS

CHANNELS = 4  # drawn at most of those that have a kernel of their own
MAPS = 5
OUTPUTS = 8
STANDARD_KERNELS = 4
DEPTH = 3

_STEP = 13.0
_MAP_STEP = 11.0
_OUTPUT_STEP = 15.0
_BLOCK = 44.0


def separable_row(canvas: Canvas, y: float, stages: tuple[ConvShape, ...]) -> float:
    """Depthwise and pointwise, with the maps between them."""
    depthwise, pointwise = stages
    columns = (
        map_column(INPUT, DEPTHWISE, "Input", "M", depthwise.input_shape),
        stage_column(DEPTHWISE, POINTWISE, depthwise),
        stage_column(POINTWISE, OUTPUT, pointwise),
        map_column(OUTPUT, END, "Output", "N", pointwise.output_shape),
    )
    top = headings(canvas, y, columns)
    slots = elide(depthwise.in_channels, CHANNELS)
    right = stack(canvas, INPUT + 2, top, slots, of_input(1), _STEP)
    right = _kernels_and_maps(canvas, right, DEPTHWISE, top, depthwise, DEPTHWISE + 138)
    _mix(canvas, right, POINTWISE + 4, top, pointwise, depthwise.in_channels, OUTPUT)
    return top + DRAWING + BELOW


def spatial_row(canvas: Canvas, y: float, stages: tuple[ConvShape, ...]) -> float:
    """A column kernel, then a row kernel, each channel for itself."""
    vertical, horizontal = stages
    columns = (
        map_column(INPUT, DEPTHWISE, "Input", "M", vertical.input_shape),
        stage_column(DEPTHWISE, POINTWISE, vertical),
        stage_column(POINTWISE, OUTPUT, horizontal),
        map_column(OUTPUT, END, "Output", "M", horizontal.output_shape),
    )
    top = headings(canvas, y, columns)
    slots = elide(vertical.in_channels, CHANNELS)
    right = stack(canvas, INPUT + 2, top, slots, of_input(1), _STEP)
    right = _kernels_and_maps(canvas, right, DEPTHWISE, top, vertical, DEPTHWISE + 138)
    _kernels_and_maps(canvas, right, POINTWISE + 30, top, horizontal, OUTPUT + 2)
    return top + DRAWING + BELOW


def depthwise_row(canvas: Canvas, y: float, stages: tuple[ConvShape, ...]) -> float:
    """A kernel for each channel."""
    depthwise = stages[0]
    letter = "M" if depthwise.out_channels == depthwise.in_channels else "M·m"
    columns = (
        map_column(INPUT, DEPTHWISE, "Input", "M", depthwise.input_shape),
        stage_column(DEPTHWISE, POINTWISE, depthwise),
        map_column(POINTWISE, OUTPUT, "Output", letter, depthwise.output_shape),
    )
    top = headings(canvas, y, columns)
    slots = elide(depthwise.in_channels, CHANNELS)
    right = stack(canvas, INPUT + 2, top, slots, of_input(1), _STEP)
    _kernels_and_maps(canvas, right, DEPTHWISE + 60, top, depthwise, POINTWISE + 2)
    return top + DRAWING + BELOW


def pointwise_row(canvas: Canvas, y: float, stages: tuple[ConvShape, ...]) -> float:
    """Every output a weighted sum of all channels; `stages` are those of the whole layer."""
    depthwise, pointwise = stages
    multiplier = depthwise.out_channels // depthwise.in_channels
    columns = (
        map_column(0, 230, "Input", "M" if multiplier == 1 else "M·m", pointwise.input_shape),
        stage_column(230, 470, pointwise),
        map_column(470, OUTPUT, "Output", "N", pointwise.output_shape),
    )
    top = headings(canvas, y, columns)
    slots = elide(pointwise.in_channels, MAPS)
    right = stack(canvas, 2, top, slots, of_input(multiplier), _STEP)
    _mix(canvas, right, 234, top, pointwise, depthwise.in_channels, 470)
    return top + DRAWING + BELOW


def standard_row(canvas: Canvas, y: float, stages: tuple[ConvShape, ...]) -> float:
    """Kernels that each span all channels."""
    standard = stages[0]
    columns = (
        map_column(INPUT, DEPTHWISE, "Input", "M", standard.input_shape),
        stage_column(DEPTHWISE, OUTPUT, standard),
        map_column(OUTPUT, END, "Output", "N", standard.output_shape),
    )
    top = headings(canvas, y, columns)
    middle = top + DRAWING / 2
    right = stack(canvas, INPUT + 2, top, elide(standard.in_channels, CHANNELS), of_input(1), _STEP)
    canvas.arrow(right + 10, middle, DEPTHWISE + 10, "muted")
    through: Slots = elide(standard.in_channels, DEPTH)
    slots = elide(standard.out_channels, STANDARD_KERNELS)
    frame, left, pitch = 88.0, DEPTHWISE + 18.0, 94.0
    for index, kernel in enumerate(slots):
        if kernel is None:
            dots(canvas, left + 15, middle)
            left += 30
            continue
        canvas.rect(left, middle - frame / 2, frame, frame, fill="standard", tint=0.12, stroke="standard", line=1.4)
        block(canvas, left + frame / 2, middle, _BLOCK, standard.kernel, through)
        left += pitch if index < len(slots) - 1 else frame
    canvas.arrow(left + 8, middle, OUTPUT - 6, "muted")
    stack(canvas, OUTPUT + 2, top, elide(standard.out_channels, OUTPUTS), grey, _OUTPUT_STEP)
    return top + DRAWING + BELOW


def _kernels_and_maps(canvas: Canvas, left: float, x: float, top: float, shape: ConvShape, maps: float) -> float:
    """From the right edge of a stack to each channel's kernel and on to the maps; their right edge."""
    slots = elide(shape.in_channels, CHANNELS)
    multiplier = shape.out_channels // shape.in_channels
    told = 28 if multiplier > 1 else 0
    role = of_input(1)
    for channel, y in zip(slots, rows_of(slots, top), strict=True):
        if channel is None:
            continue
        canvas.arrow(left + 10, y, x + 20, role(channel))
        canvas.arrow(x + 66 + told, y, maps - 8, role(channel))
        if multiplier > 1:
            canvas.text(x + 66, y + 4, f"× {multiplier}", "muted", 11)
    channel_kernels(canvas, x + 42, top, slots, shape.kernel, multiplier)
    return stack(canvas, maps, top, elide(shape.out_channels, MAPS), of_input(multiplier), _MAP_STEP)


def _mix(canvas: Canvas, left: float, x: float, top: float, shape: ConvShape, channels: int, output: float) -> None:
    """From the right edge of the maps to the pointwise kernels and on to the outputs."""
    middle = top + DRAWING / 2
    canvas.arrow(left + 10, middle, x - 8, "muted")
    outputs, inputs = elide(shape.out_channels, OUTPUTS), elide(shape.in_channels, CHANNELS)
    right = point_kernels(canvas, x, top, outputs, inputs, of_input(shape.in_channels // channels))
    canvas.arrow(right + 12, middle, output - 8, STAGE_ROLES["pointwise"])
    stack(canvas, output + 2, top, outputs, grey, _OUTPUT_STEP)
