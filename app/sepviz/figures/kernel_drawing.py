"""Drawings of kernels: grids of cells, in the colours of the channels that they read."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from sepviz.figures.canvas import SMALL, Canvas, number
from sepviz.figures.map_images import KernelKey
from sepviz.figures.pictured import Box, draw_kernel_cells, is_pictured
from sepviz.figures.stack import Band, Role, Slots, Stack, count_omitted, draw_dots, draw_ellipses, draw_omitted_count
from sepviz.layer.operations import Convolution
from sepviz.palette import channel_role

MAX_DRAWN_CELLS = 9  # on a side; of a larger kernel only the corners are drawn
KERNEL = 34.0  # maximum height and width of a kernel

_CELL = 11.0  # maximum side of a cell
_MIN_SIDE = 6.0
_CORNERS = 5  # two cells at each end, and a gap of one
_POINT = 14.0  # length of a cell of a pointwise kernel
_PITCH = 16.0
_FRAME = 88.0
_BLOCK = 44.0
_COPIES = 2  # drawn kernels of one channel
_BEHIND = 10.0  # offset of a grid behind another
_MAX_LINED_CELLS = 5  # with more cells, only the front kernel has lines


def draw_grid(
    canvas: Canvas, x: float, y: float, size: float, cells: tuple[int, int], role: str, tint: float, lined: bool = True
) -> None:
    """Draw a kernel of rows x columns cells, its longer side `size`, centred on (x, y)."""
    draw_grids(canvas, [x], y, size, cells, role, tint, lined)


def draw_grids(
    canvas: Canvas,
    places: Sequence[float],
    y: float,
    size: float,
    cells: tuple[int, int],
    role: str,
    tint: float,
    lined: bool = True,
) -> None:
    """Draw the same kernel centred on each x of `places`."""
    rows, columns = (count if count <= MAX_DRAWN_CELLS else _CORNERS for count in cells)
    width, height = _sides(size, cells)
    corners = [f"M{number(x - width / 2)} {number(y - height / 2)}" for x in places]
    d = _outline(cells, width, height, lined)
    canvas.paths([corner + d for corner in corners], fill=role, tint=tint, stroke=role, line=0.8, solid=True)
    if lined and max(cells) > MAX_DRAWN_CELLS:
        gaps = _gaps(rows, columns, width, height)
        canvas.path("".join([corner + gaps for corner in corners]), stroke=role, line=1.2)


def draw_kernel(
    canvas: Canvas,
    key: KernelKey,
    x: float,
    y: float,
    size: float,
    cells: tuple[int, int],
    role: str,
    tint: float,
    lined: bool = True,
) -> None:
    """Draw a kernel as `draw_grid` does; in a figure with maps its cells have the colours of its weights."""
    if not is_pictured(canvas):
        draw_grid(canvas, x, y, size, cells, role, tint, lined)
        return
    width, height = _sides(size, cells)
    left, top = x - width / 2, y - height / 2
    box = Box(left, top, width, height, *(_drawn_cells(count) for count in cells))
    corner = f"M{number(left)} {number(top)}"
    draw_kernel_cells(canvas, key, corner + _outline(cells, width, height, lined), box, role, tint)
    if lined and max(cells) > MAX_DRAWN_CELLS:
        gaps = _gaps(len(box.rows), len(box.columns), width, height)
        canvas.path(corner + gaps, stroke=role, line=1.2)


def _drawn_cells(count: int) -> list[int | None]:
    """The rows or columns that are drawn of so many; None for those between the corners."""
    if count <= MAX_DRAWN_CELLS:
        return list(range(count))
    return [0, 1, None, count - 2, count - 1]


def _sides(size: float, cells: tuple[int, int]) -> tuple[float, float]:
    """Width and height of the drawing of a kernel whose longer side is at most `size`."""
    side = min(size, _CELL * max(cells))
    cell = side / max(count if count <= MAX_DRAWN_CELLS else _CORNERS for count in cells)
    width, height = (side if count == max(cells) else max(cell, _MIN_SIDE) for count in (cells[1], cells[0]))
    return width, height


def _outline(cells: tuple[int, int], width: float, height: float, lined: bool) -> str:
    """Path around a kernel from its upper left corner on, with the lines between its cells if it is lined."""
    d = f"h{number(width)}v{number(height)}h-{number(width)}z"
    if not lined or max(cells) == 1:
        return d
    return d + _lines(*(count if count <= MAX_DRAWN_CELLS else _CORNERS for count in cells), width, height)


@lru_cache(maxsize=512)
def _lines(rows: int, columns: int, width: float, height: float) -> str:
    """Path of the lines between cells, relative to the upper left corner, in alternating directions to be short."""
    upright = "".join(
        f"m{number(width / columns)} 0v{'-' if index % 2 else ''}{number(height)}" for index in range(columns - 1)
    )
    level = "".join(
        f"m0 {number(height / rows)}h{'-' if index % 2 else ''}{number(width)}" for index in range(rows - 1)
    )
    if not (upright and level):
        return upright or level
    down = 0 if columns % 2 else height  # where the last upright line has ended
    return f"{upright}m{number(-width / columns * (columns - 1))} {number(-down)}{level}"


@lru_cache(maxsize=512)
def _gaps(rows: int, columns: int, width: float, height: float) -> str:
    """Path of dots in the row and column of omitted cells, relative to the upper left corner."""
    middle = _CORNERS // 2
    places = [
        (width * (column + 0.5) / columns, height * (row + 0.5) / rows)
        for row in range(rows)
        for column in range(columns)
        if (row == middle and rows > 1) or (column == middle and columns > 1)
    ]
    marks, last = [], (0.0, 0.0)
    for x, y in places:
        marks.append(f"m{number(x - 0.6 - last[0])} {number(y - last[1])}h1.2")
        last = (x + 0.6, y)
    return "".join(marks)


def row_middles(slots: Slots, strip: Band) -> list[float]:
    """The middle of each slot's row, in equal shares of the band's height."""
    pitch = min(strip.height / len(slots), 44)
    first = strip.middle - pitch * (len(slots) - 1) / 2
    return [first + pitch * index for index in range(len(slots))]


def draw_channel_kernels(canvas: Canvas, x: float, strip: Band, slots: Slots, shape: Convolution) -> None:
    """Draw the kernels of each channel, one channel below the other, centred on x: the first, and one behind it."""
    copies = shape.out_channels // shape.in_channels
    size = min(strip.height / len(slots) - 5 - (3 if copies > 1 else 0), KERNEL)
    for channel, y in zip(slots, row_middles(slots, strip), strict=True):
        if channel is None:
            draw_dots(canvas, x, y, down=True)
            draw_omitted_count(canvas, x + 12, y, slots)
            continue
        for behind in range(min(copies, _COPIES) - 1, -1, -1):
            shift = 3 * behind - (1.5 if copies > 1 else 0)
            key, role = KernelKey(shape.name, channel * copies + behind, 0), channel_role(channel)
            draw_kernel(canvas, key, x + shift, y - shift, size, shape.kernel, role, 0.4, behind == 0)


def draw_pointwise_kernels(
    canvas: Canvas, x: float, strip: Band, stage: str, outputs: Slots, inputs: Slots, role: Role
) -> Stack:
    """Draw a bar for each output, with a cell in the colour of each channel; the first is framed.

    The bars lie as the maps' channels do, one behind the other. Where they begin and end, and the first one's height.
    """
    pitch = min(strip.height / len(outputs), _PITCH)
    high = pitch - 4
    first = strip.middle - pitch * len(outputs) / 2 + 2
    tops = [first + pitch * index for index, output in enumerate(outputs) if output is not None]
    cell = f"h{number(_POINT)}v{number(high)}h-{number(_POINT)}z"
    right = x + _POINT * len(inputs)
    for index, channel in enumerate(inputs):
        left = x + _POINT * index
        if channel is None:
            draw_ellipses(canvas, [(left + _POINT / 2, top + high / 2) for top in tops])
            continue
        if is_pictured(canvas):
            for output, top in zip((each for each in outputs if each is not None), tops, strict=True):
                key, box = KernelKey(stage, output, channel), Box(left, top, _POINT, high, (0,), (0,))
                tint = 0.85 if top == tops[0] else 0.3
                draw_kernel_cells(canvas, key, f"M{number(left)} {number(top)}{cell}", box, role(channel), tint)
            continue
        for places, tint in ((tops[:1], 0.85), (tops[1:], 0.3)):
            if places:
                d = "".join(f"M{number(left)} {number(top)}{cell}" for top in places)
                canvas.path(d, fill=role(channel), tint=tint, stroke=role(channel), line=0.8)
    canvas.rect(x - 2, first - 2, right - x + 4, high + 4, stroke="pointwise", line=1.6)
    if None in outputs:
        y = first + pitch * outputs.index(None) + high / 2
        draw_dots(canvas, x + 5, y, down=True)
        draw_omitted_count(canvas, x + 13, y, outputs)
    return Stack(x, right, first + high / 2)


def draw_kernel_blocks(
    canvas: Canvas, x: float, strip: Band, shape: Convolution, slots: Slots, through: Slots, reads: Sequence[int]
) -> float:
    """Kernels that span the channels `through`, counted from those in `reads`, in frames; their right edge."""
    top = strip.middle - _FRAME / 2
    lefts = []
    for kernel in slots:
        if kernel is None:
            draw_dots(canvas, x + 32, strip.middle)
            label = canvas.translate("layers.more", count=count_omitted(slots))
            canvas.text(x + 32, strip.middle + 18, label, "muted", SMALL, anchor="middle")
            x += 70
        else:
            lefts.append(x)
            x += _FRAME + 6
    frames = [f"M{number(left)} {number(top)}h{number(_FRAME)}v{number(_FRAME)}h-{number(_FRAME)}z" for left in lefts]
    canvas.paths(frames, fill="standard", tint=0.1, stroke="standard", line=1.2)
    drawn = [(kernel, first) for kernel, first in zip(slots, reads, strict=True) if kernel is not None]
    if is_pictured(canvas):
        for (kernel, first), left in zip(drawn, lefts, strict=True):
            _draw_weights(canvas, left + _FRAME / 2, strip.middle, shape, kernel, first, through)
        return x - 6
    firsts = [first for _, first in drawn]
    for first in dict.fromkeys(firsts):
        places = [left + _FRAME / 2 for left, each in zip(lefts, firsts, strict=True) if each == first]
        channels = [None if slot is None else first + slot for slot in through]
        _draw_kernels(canvas, places, strip.middle, shape.kernel, channels)
    return x - 6


def _draw_kernels(canvas: Canvas, places: Sequence[float], y: float, cells: tuple[int, int], slots: Slots) -> None:
    """Kernels that span several channels: a grid for each, one behind the other, the first in front."""
    for offset, channel, lined in _one_behind_another(slots, cells):
        moved = [x + offset for x in places]
        if channel is None:
            _draw_gaps(canvas, moved, y - offset, cells)
        else:
            draw_grids(canvas, moved, y - offset, _BLOCK, cells, channel_role(channel), 0.4, lined)


def _draw_weights(
    canvas: Canvas, x: float, y: float, shape: Convolution, output: int, first: int, slots: Slots
) -> None:
    """The kernel of one output, as `_draw_kernels` does, with its weights."""
    for offset, channel, lined in _one_behind_another(slots, shape.kernel):
        if channel is None:
            _draw_gaps(canvas, [x + offset], y - offset, shape.kernel)
            continue
        key, role = KernelKey(shape.name, output, channel), channel_role(first + channel)
        draw_kernel(canvas, key, x + offset, y - offset, _BLOCK, shape.kernel, role, 0.4, lined)


def _one_behind_another(slots: Slots, cells: tuple[int, int]) -> Iterator[tuple[float, int | None, bool]]:
    """From the last slot to the first: its offset, its channel, and whether its grid has lines."""
    last = len(slots) - 1
    for index in range(last, -1, -1):
        yield _BEHIND * (index - last / 2), slots[index], index == 0 or max(cells) <= _MAX_LINED_CELLS


def _draw_gaps(canvas: Canvas, places: Sequence[float], y: float, cells: tuple[int, int]) -> None:
    """Draw an ellipsis in the corner that the grid before it leaves open."""
    corner = min(_BLOCK, _CELL * max(cells)) / 2 - 5
    draw_ellipses(canvas, [(x - corner, y - corner) for x in places])
