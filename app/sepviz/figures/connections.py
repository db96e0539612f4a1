"""Which input channels each output channel reads: circles for channels, lines for connections."""

from collections.abc import Iterator
from dataclasses import dataclass

from sepviz.figures.canvas import SMALL, TEXT, Canvas, Point
from sepviz.figures.paint import number
from sepviz.figures.stack import Slots, draw_dots, elide, input_channel_role
from sepviz.figures.text_metrics import text_width
from sepviz.layer.operations import Convolution

_ROWS = 10  # maximum number of rows of channels
_ROW, _MAX_ROW = 21.0, 30.0
HEIGHT = _ROWS * _ROW
_INPUTS, _OUTPUTS = 44.0, 252.0  # the columns of channels, from the left edge
_RADIUS = 6.0


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a column of channels: a channel, or None for omitted ones, and its y."""

    channel: int | None
    y: float


@dataclass(frozen=True, slots=True)
class Room:
    """The room of a drawing of connections: its height, and the x of its outputs."""

    height: float = HEIGHT
    outputs: float = _OUTPUTS


def draw_connections(
    canvas: Canvas, x: float, y: float, shape: Convolution, room: Room = Room(), multiplier: int = 1
) -> None:
    """Draw the channels, and a line from each output to every input that it reads, in the input's colour.

    Of `multiplier` inputs that were made of one channel each has that channel's colour.
    """
    role = input_channel_role(multiplier)
    inputs, outputs, bands = _place_channels(shape, y, room.height)
    # The numbers of the outputs have room for four digits.
    right = room.outputs - text_width(str(shape.out_channels)[4:], SMALL)
    for top, bottom in bands:
        canvas.rect(x + _INPUTS - 14, top + 1.5, right - _INPUTS + 28, bottom - top - 3, fill="plane", tint=0.1)
    drawn = {slot.channel: slot.y for slot in inputs if slot.channel is not None}
    lines: dict[int, str] = {}
    for slot in outputs:
        if slot.channel is None:
            continue
        for source in shape.channels_feeding(range(slot.channel, slot.channel + 1)):
            if source in drawn:
                start = f"M{number(x + _INPUTS)} {number(drawn[source])}"
                lines[source] = lines.get(source, "") + f"{start}L{number(x + right)} {number(slot.y)}"
    for source, d in lines.items():
        canvas.path(d, stroke=role(source), line=1.2)
    nodes = [
        (x + left, slot.y)
        for left, side in ((_INPUTS, inputs), (right, outputs))
        for slot in side
        if slot.channel is not None
    ]
    canvas.path("".join(_circle_path(*place) for place in nodes), fill="paper")
    for slot in inputs:
        _draw_node(canvas, (x + _INPUTS, slot.y), slot.channel, role(slot.channel or 0), left=True)
    alone = not shape.mixes_channels
    for slot in outputs:
        source = shape.channels_feeding(range(slot.channel or 0, (slot.channel or 0) + 1))[0]
        _draw_node(canvas, (x + right, slot.y), slot.channel, role(source) if alone else "plane", left=False)
    y += room.height + 20
    letter = "*N*" if "N" in shape.stage.letters else "*M*·*m*" if shape.out_channels > shape.in_channels else "*M*"
    read = "*M*·*m*" if multiplier > 1 else "*M*"
    canvas.text(x + _INPUTS, y, f"{read} = {shape.in_channels}", "muted", TEXT, anchor="middle", formula=True)
    canvas.text(x + right, y, f"{letter} = {shape.out_channels}", "muted", TEXT, anchor="middle", formula=True)


def _draw_node(canvas: Canvas, place: Point, channel: int | None, role: str, left: bool) -> None:
    """Draw a channel with its number beside it, or dots."""
    x, y = place
    if channel is None:
        draw_dots(canvas, x, y, down=True)
        return
    canvas.path(_circle_path(x, y), fill=role, tint=0.75, stroke=role)
    canvas.text(x + (-19 if left else 19), y + 4, str(channel), "muted", SMALL, anchor="end" if left else "start")


def _circle_path(x: float, y: float) -> str:
    r, across = number(_RADIUS), number(2 * _RADIUS)
    return f"M{number(x - _RADIUS)} {number(y)}a{r} {r} 0 1 0 {across} 0a{r} {r} 0 1 0 -{across} 0z"


def _place_channels(shape: Convolution, top: float, height: float) -> tuple[list[Slot], list[Slot], list[Point]]:
    """Place the drawn inputs and outputs; return both, and the top and bottom of each group.

    A group's inputs and outputs are level, so that its lines stay inside it.
    """
    feeding, fed = shape.in_channels // shape.groups, shape.out_channels // shape.groups
    groups, most = _choose_groups(shape.groups, max(feeding, fed))
    high = max(len(elide(feeding, most)), len(elide(fed, most)))
    rows = sum(1 if group is None else high for group in groups)
    row = min(height / rows, _MAX_ROW)
    y = top + (height - row * rows) / 2
    inputs, outputs, bands = [], [], []
    for group in groups:
        if group is None:
            inputs.append(Slot(None, y + row / 2))
            outputs.append(Slot(None, y + row / 2))
            y += row
            continue
        bottom = y + row * high
        inputs.extend(_place_group(elide(feeding, most), group * feeding, y, bottom, row))
        outputs.extend(_place_group(elide(fed, most), group * fed, y, bottom, row))
        bands.append((y, bottom))
        y = bottom
    return inputs, outputs, bands


def _place_group(slots: Slots, first: int, top: float, bottom: float, row: float) -> Iterator[Slot]:
    """Place the channels of a group, centred on its middle."""
    y = (top + bottom - row * (len(slots) - 1)) / 2
    for index, slot in enumerate(slots):
        yield Slot(None if slot is None else first + slot, y + row * index)


def _choose_groups(groups: int, each: int) -> tuple[Slots, int]:
    """Choose the groups to draw, and the maximum number of channels for each, by the room that there is."""
    fewest = min(groups, 3)
    for most in (8, 4, 3, 2):
        for count in range(min(groups, 8), fewest - 1, -1):
            slots = elide(groups, count)
            drawn = sum(group is not None for group in slots)
            if len(elide(each, most)) * drawn + len(slots) - drawn <= _ROWS:
                return slots, most
    return elide(groups, fewest), 2
