"""Stacks of planes, one for each channel, and how long ones are cut short: the first few, dots, the last."""

from collections.abc import Callable, Sequence

from app.diagrams.canvas import Canvas, number
from app.diagrams.columns import DRAWING
from app.palette import channel_role

Slots = Sequence[int | None]
Role = Callable[[int], str]

_WIDTH = 29.0
_SLANT = 24.0
_GAP = 15.0


def elide(count: int, most: int) -> list[int | None]:
    """All the indices, or `most - 1` of them, a gap (None) and the last."""
    return list(range(count)) if count <= most else [*range(most - 1), None, count - 1]


def dots(canvas: Canvas, x: float, y: float, down: bool = False) -> None:
    """An ellipsis about a point."""
    places = [(x, y + step) if down else (x + step, y) for step in (-4, 0, 4)]
    canvas.path("".join(f"M{number(a - 1)} {number(b - 1)}h2v2h-2z" for a, b in places), fill="muted")


def grey(_: int) -> str:
    """The colour of an output plane: all channels have met in it."""
    return "plane"


def of_input(multiplier: int) -> Role:
    """The colour of a depthwise plane: that of the input channel it is made of."""
    return lambda channel: channel_role(channel // multiplier)


def stack(canvas: Canvas, x: float, top: float, slots: Slots, role: Role, step: float) -> float:
    """Planes from left to right, the last in front; the stack's right edge."""
    bottom = top + DRAWING
    left = right = x
    for channel in slots:
        if channel is None:
            dots(canvas, right + _GAP / 2, (top + bottom - 6) / 2)
            left = right + _GAP
            continue
        right = left + _WIDTH
        corners = [(left, top + _SLANT), (left, bottom - 6), (right, bottom - _SLANT - 6), (right, top)]
        canvas.polygon(corners, fill=role(channel), tint=0.25, stroke=role(channel), line=1.4)
        left += step
    return right
