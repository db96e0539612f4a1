"""Kernels: grids of cells, in the colours of the channels they look at."""

from functools import lru_cache

from app.diagrams.canvas import Canvas, number
from app.diagrams.columns import DRAWING
from app.diagrams.stack import Role, Slots, dots
from app.palette import channel_role

_CELL = 11.0  # a cell is at most so large
_THINNEST = 5.0
_FINE = 11  # with more cells, lines are drawn in the front of a block alone
_POINT = 13.0  # a cell of a pointwise kernel
_PITCH = 16.0


def grid(
    canvas: Canvas, x: float, y: float, size: float, cells: tuple[int, int], role: str, tint: float, lined: bool = True
) -> None:
    """A kernel of rows x columns cells, its longer side `size`, centred on (x, y): a rectangle and its lines."""
    rows, columns = cells
    side = min(size, _CELL * max(cells))
    cell = side / max(cells)
    width, height = (side if count == max(cells) else max(cell, _THINNEST) for count in (columns, rows))
    left, top = x - width / 2, y - height / 2
    canvas.rect(left, top, width, height, fill="paper")
    canvas.rect(left, top, width, height, fill=role, tint=tint, stroke=role)
    if lined and max(cells) > 1:
        corner = f"M{number(left)} {number(top)}"
        d = "".join(corner + lines for lines in _lines(rows, columns, width, height) if lines)
        canvas.path(d, stroke=role, line=max(min(cell / 9, 1), 0.15))


@lru_cache(maxsize=512)
def _lines(rows: int, columns: int, width: float, height: float) -> tuple[str, str]:
    """The upright and the level lines between cells, each from the upper left corner, to and fro: short at 31 x 31."""
    to_and_fro = (
        (columns, f"m{width / columns:.3f} 0v", number(height)),
        (rows, f"m0 {height / rows:.3f}h", number(width)),
    )
    upright, level = (
        "".join(f"{step}{'-' if index % 2 else ''}{length}" for index in range(count - 1))
        for count, step, length in to_and_fro
    )
    return upright, level


def rows_of(slots: Slots, top: float) -> list[float]:
    """The middle of each slot, when they share the height of the drawing."""
    pitch = min(DRAWING / len(slots), 44)
    first = top + DRAWING / 2 - pitch * (len(slots) - 1) / 2
    return [first + pitch * index for index in range(len(slots))]


def channel_kernels(canvas: Canvas, x: float, top: float, slots: Slots, cells: tuple[int, int], copies: int) -> None:
    """A kernel for each channel, one below the other, centred on x; several for each lie behind one another."""
    middles = rows_of(slots, top)
    size = min(DRAWING / len(slots) - 4 - (3 if copies > 1 else 0), 34)
    for channel, y in zip(slots, middles, strict=True):
        if channel is None:
            dots(canvas, x, y, down=True)
            continue
        for behind in range(min(copies, 3) - 1, -1, -1):
            shift = 3 * behind - (1.5 if copies > 1 else 0)
            grid(canvas, x + shift, y - shift, size, cells, channel_role(channel), 0.4, behind == 0)


def point_kernels(canvas: Canvas, x: float, top: float, outputs: Slots, inputs: Slots, role: Role) -> float:
    """A column of cells for each output, one cell for each channel, in its colour; their right edge."""
    pitch = min(DRAWING / len(inputs), 18)
    first = top + DRAWING / 2 - pitch * len(inputs) / 2
    lefts = [x + _PITCH * index for index, output in enumerate(outputs) if output is not None]
    cell = f"h{number(_POINT)}v{number(pitch)}h-{number(_POINT)}z"
    for index, channel in enumerate(inputs):
        y = first + pitch * index
        if channel is None:
            for left in lefts:
                dots(canvas, left + _POINT / 2, y + pitch / 2, down=True)
            continue
        d = "".join(f"M{number(left)} {number(y)}{cell}" for left in lefts)
        canvas.path(d, fill=role(channel), tint=0.5, stroke=role(channel))
    if None in outputs:
        dots(canvas, x + _PITCH * outputs.index(None) + _POINT / 2, top + DRAWING / 2)
    return x + _PITCH * (len(outputs) - 1) + _POINT


def block(canvas: Canvas, x: float, y: float, size: float, cells: tuple[int, int], slots: Slots) -> None:
    """One kernel that spans all channels: a grid for each, one behind the other, the first in front."""
    shift = 9.0
    last = len(slots) - 1
    for index in range(last, -1, -1):
        channel = slots[index]
        offset = shift * (index - last / 2)
        if channel is None:
            dots(canvas, x + offset + size / 2 - 4, y - offset - size / 2 + 4)
        else:
            grid(
                canvas,
                x + offset,
                y - offset,
                size,
                cells,
                channel_role(channel),
                0.5,
                index == 0 or max(cells) <= _FINE,
            )
