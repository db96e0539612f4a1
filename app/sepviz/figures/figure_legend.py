"""The legend of a figure: samples of its marks with their meanings, wrapped into lines."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sepviz.figures.canvas import SMALL, Canvas
from sepviz.figures.kernel_drawing import MAX_DRAWN_CELLS, draw_grid
from sepviz.figures.stack import MAX_SCALE_RATIO, Band, draw_dots, draw_mark
from sepviz.figures.text_metrics import text_width
from sepviz.layer.operations import Convolution
from sepviz.palette import CHANNEL_COLOURS, channel_role

HEIGHT = 20.0  # of a line

_AFTER = 6.0
_BETWEEN = 24.0


@dataclass(frozen=True, slots=True)
class Entry:
    """The meaning of a mark, and a sample of that `width`, drawn at (x, middle of the line)."""

    text: str
    width: float = 0.0
    sample: Callable[[Canvas, float, float], None] | None = None


def draw_legend(canvas: Canvas, y: float, width: float, entries: Sequence[Entry]) -> float:
    """Draw the entries from y down, each on the first line with room; return their end. The page has its own legend."""
    if canvas.inlined or not entries:
        return y
    ends: list[float] = []  # right ends of the lines so far
    for entry in entries:
        after = entry.width + _AFTER if entry.width else 0
        wide = after + text_width(entry.text, SMALL)
        row = next((row for row, end in enumerate(ends) if end + wide <= width), len(ends))
        if row == len(ends):
            ends.append(0.0)
        x, middle = ends[row], y + HEIGHT * row + HEIGHT / 2
        if entry.sample is not None:
            entry.sample(canvas, x, middle)
        canvas.text(x + after, middle + 4, entry.text, "muted", SMALL)
        ends[row] += wide + _BETWEEN
    return y + HEIGHT * len(ends)


def channels_entry(canvas: Canvas, count: int) -> Entry:
    """The entry of the input channels' colours."""
    colours = min(count, CHANNEL_COLOURS)

    def sample(on: Canvas, x: float, y: float) -> None:
        for channel in range(colours):
            role = channel_role(channel)
            on.rect(x + 12 * channel, y - 5, 10, 10, fill=role, tint=0.4, stroke=role)

    key = "legend.channel" if count == 1 else "legend.channels" if count <= CHANNEL_COLOURS else "legend.repeated"
    return Entry(canvas.translate(key, colours=CHANNEL_COLOURS), 12 * colours - 2, sample)


def swatch_entry(text: str, role: str, tint: float = 1) -> Entry:
    """An entry with a square of a colour."""
    return Entry(text, 10, lambda on, x, y: on.rect(x, y - 5, 10, 10, fill=role, tint=tint, stroke=role))


def needle_entry(canvas: Canvas, alone: bool) -> Entry:
    """The entry of the line through one cell of every channel to the framed kernel; `alone` if there is one channel."""

    def sample(on: Canvas, x: float, y: float) -> None:
        on.path(f"M{x:g} {y:g}h18", stroke="pointwise", line=1.4)
        draw_mark(on, x + 5, y, "pointwise")

    return Entry(canvas.translate("legend.needle.one" if alone else "legend.needle"), 18, sample)


def simplification_entries(canvas: Canvas, stages: Sequence[Convolution], elided: bool) -> list[Entry]:
    """Entries of what is simplified: omitted channels, small maps and large kernels."""
    entries = []
    if elided:
        entries.append(Entry(canvas.translate("legend.elided"), 12, lambda on, x, y: draw_dots(on, x + 6, y)))
    if any(max(stage.kernel) > MAX_DRAWN_CELLS for stage in stages):
        band = max(max(stage.kernel) for stage in stages)
        text = canvas.translate("legend.corners", cells=band)
        entries.append(Entry(text, 14, lambda on, x, y: draw_grid(on, x + 7, y, 14, (band, band), "plane", 0.3)))
    sides = [side for stage in stages for side in (*stage.input, *stage.output)]
    scale = Band(0, 0, max(sides))
    small = any(scale.share(side) * max(sides) > side for side in sides)
    entries.append(Entry(canvas.translate("legend.smallest" if small else "legend.scale", smallest=MAX_SCALE_RATIO)))
    return entries
