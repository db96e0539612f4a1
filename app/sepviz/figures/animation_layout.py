"""A layer at work on a corner of its maps, and how it looks at any moment."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from sepviz.figures.canvas import Canvas
from sepviz.figures.kernel_drawing import draw_grid
from sepviz.figures.map_patch import Patch, padded
from sepviz.figures.passes import Pass, passes
from sepviz.figures.stack import Slots, draw_dots, draw_omitted_count, elide
from sepviz.layer.operations import Convolution
from sepviz.layer.spec import LayerSpec
from sepviz.palette import channel_role

_NARROW = 60.0  # beside dots there is this much room at least for what they stand for
_THIN = 5.0  # a kernel that is no wider has a thinner outline
_GAP = 18.0  # between maps of a column
_DOTS = 22.0  # height of dots


@dataclass(frozen=True, slots=True)
class Layout:
    """Sizes: a part of a map is at most `patch` long, a cell at most `cell`; of channels at most `most` are drawn."""

    patch: float
    cell: float
    kernel: float
    gap: float
    strip: float  # a cell of a kernel through all channels
    most: int
    least: float  # a column is at least so wide
    labels: bool


@dataclass(frozen=True, slots=True)
class MapColumn:
    """A column of maps, one for each channel that is drawn; `head` is where the heading begins."""

    head: float
    patch: Patch
    slots: Slots
    places: tuple[float, ...]  # upper edge of each, or the middle of dots
    role: str | None  # None: the channel's
    multiplier: int  # maps of each channel

    def parts(self) -> Iterator[tuple[int, Patch]]:
        """Each channel with its part of the map."""
        for channel, y in zip(self.slots, self.places, strict=True):
            if channel is not None:
                yield channel, replace(self.patch, y=y)

    def colour(self, channel: int) -> str:
        """Its role."""
        return self.role or channel_role(channel // self.multiplier)


@dataclass(frozen=True, slots=True)
class Animation:
    """The passes and the maps between them, placed; (0, 0) is the upper left corner."""

    passes: tuple[Pass, ...]
    columns: tuple[MapColumn, ...]
    look: Layout
    height: float

    @property
    def width(self) -> float:
        """Of the drawing."""
        last = self.columns[-1]
        return last.patch.x + max(last.patch.width, self.look.least)

    def moments(self) -> list[tuple[int, int]]:
        """Every (pass, step), in order."""
        return [(index, step) for index, each in enumerate(self.passes) for step in range(len(each.steps()))]

    def backdrop(self, canvas: Canvas) -> None:
        """What does not move: maps, kernels, and what leads from one to the other."""
        for track in self.columns:
            for channel, part in track.parts():
                part.draw(canvas, track.colour(channel))
            for slot, y in zip(track.slots, track.places, strict=True):
                if slot is None:
                    x = track.patch.x + track.patch.width / 2
                    draw_dots(canvas, x, y, down=True)
                    if self.look.labels:
                        draw_omitted_count(canvas, x + 10, y, track.slots)
        for working, (source, target) in zip(self.passes, pairwise(self.columns), strict=True):
            (self._strips if working.mixes else self._kernels)(canvas, working, source, target)

    def _kernels(self, canvas: Canvas, working: Pass, source: MapColumn, target: MapColumn) -> None:
        """Each channel's own kernel."""
        for (channel, part), (_, to) in zip(source.parts(), target.parts(), strict=True):
            y, role = part.y + part.height / 2, source.colour(channel)
            canvas.arrow(part.x + part.width + 8, y, to.x - 8, role)
            x = target.head + self.look.kernel / 2
            draw_grid(canvas, x, y, self.look.kernel, working.shape.kernel, role, 0.45)

    def _strips(self, canvas: Canvas, working: Pass, source: MapColumn, target: MapColumn) -> None:
        """Kernels through all channels, one for each output."""
        size, middle = self.look.strip, self.height / 2
        role = working.shape.stage.role
        width = size * len(source.slots)
        left = source.patch.x + source.patch.width
        if self.look.labels:
            canvas.arrow(left + 8, middle, target.head - 8, "muted")
        for _, part in target.parts():
            y = part.y + part.height / 2 - size / 2
            for index, slot in enumerate(source.slots):
                x = target.head + size * index
                if slot is None:
                    draw_dots(canvas, x + size / 2, y + size / 2)
                else:
                    canvas.rect(x, y, size, size, fill=source.colour(slot), tint=0.6, stroke=source.colour(slot))
            canvas.rect(target.head - 2, y - 2, width + 4, size + 4, stroke=role, line=1.4)
            canvas.arrow(target.head + width + 6, y + size / 2, part.x - 8, role)

    def cells(self, canvas: Canvas, index: int, rows: range, columns: range) -> None:
        """Fill what a pass has made, in every channel."""
        target = self.columns[index + 1]
        for channel, part in target.parts():
            part.cells(canvas, rows, columns, target.colour(channel), 0.8)

    def window(self, canvas: Canvas, index: int, step: int) -> None:
        """The kernel over what it looks at, in every channel."""
        source = self.columns[index]
        rows, columns = self.passes[index].window(step)
        thin = (
            min((columns[-1] + 1 - columns[0]) * source.patch.cell[1], (rows[-1] + 1 - rows[0]) * source.patch.cell[0])
            < _THIN
        )
        for channel, part in source.parts():
            part.cells(canvas, rows, columns, source.colour(channel), 0.5)
            part.frame(canvas, rows, columns, "ink", 0.8 if thin else 1.6)

    def shift(self, index: int, step: int) -> tuple[float, float]:
        """How far the kernel is, in (x, y), from where it begins."""
        working, part = self.passes[index], self.columns[index].patch
        (rows, columns), (first_row, first_column) = working.window(step), working.window(0)
        across, down = columns[0] - first_column[0], rows[0] - first_row[0]
        return across * part.cell[1], down * part.cell[0]

    def making(self, index: int, step: int) -> int:
        """The step of a pass that makes the middle of what the next pass looks at in this step."""
        rows, columns = self.passes[index + 1].window(step)
        row, column = rows[len(rows) // 2], columns[len(columns) // 2]
        steps = self.passes[index].steps()
        return next((at for at, (y, xs) in enumerate(steps) if y == row and column in xs), len(steps) - 1)

    def still(self, canvas: Canvas, moment: tuple[int, int]) -> None:
        """One moment: what has been made by then, and the kernel at work."""
        self.backdrop(canvas)
        at, step = moment
        for index, working in enumerate(self.passes[: at + 1]):
            count = step + 1 if index == at else len(working.steps())
            for rows, columns in working.made(count):
                self.cells(canvas, index, rows, columns)
        self.window(canvas, at, step)


def plan_animation(name: str, spec: LayerSpec, look: Layout) -> Animation:
    """Place everything. A row is a depthwise map: with a depth multiplier a channel has several."""
    working = passes(name, spec)
    first = working[0]
    shape = first.shape
    multiplier = shape.in_channels // spec.in_channels if first.mixes else shape.multiplier
    slots = elide(first.shape.in_channels if first.mixes else first.shape.out_channels, look.most)
    parts: list[tuple[float, Patch, Slots, str | None]] = [
        (0.0, _part(0.0, first.reach(), first.shape, look, square=True), slots, None)
    ]
    for index, each in enumerate(working):
        _, source, _, _ = parts[-1]
        least = look.least if index == 0 else _NARROW if look.labels else 0
        head = source.x + max(source.width, least) + look.gap
        room = look.strip * len(slots) + 30 if each.mixes else look.kernel + look.gap * 0.75
        if index + 1 < len(working):
            part = _part(head + room, working[index + 1].reach(), working[index + 1].shape, look)
        else:
            part = _output(head + room, each, look)
        made = elide(each.shape.out_channels, look.most) if each.mixes else slots
        parts.append((head, part, made, each.shape.stage.role if each.mixes else None))
    # Channels keep their rows from map to map; outputs have rows of their own.
    rows = {role: max(part.height for _, part, _, other in parts if other == role) for _, _, _, role in parts}
    height = max(_height(rows[role], shown) for _, _, shown, role in parts)
    columns = tuple(
        MapColumn(head, part, shown, _places(part.height, rows[role], shown, height), role, multiplier)
        for head, part, shown, role in parts
    )
    return Animation(working, columns, look, height)


def _part(x: float, reach: tuple[range, range], shape: Convolution, look: Layout, square: bool = False) -> Patch:
    down, across = (min(look.cell, look.patch / len(each)) for each in reach)
    cell = (min(down, across),) * 2 if square or min(down, across) > 4 else (down, across)
    return Patch(x, 0, *reach, shape.input, padded(shape), cell)


def _output(x: float, working: Pass, look: Layout) -> Patch:
    size = working.shape.output
    bounds = (range(size[0]), range(size[1]))
    return Patch(x, 0, working.rows, working.columns, size, bounds, (look.cell, look.cell))


def _height(row: float, slots: Slots) -> float:
    drawn = sum(slot is not None for slot in slots)
    return drawn * (row + _GAP) - _GAP + (_DOTS if None in slots else 0)


def _places(part: float, row: float, slots: Slots, height: float) -> tuple[float, ...]:
    y = (height - _height(row, slots)) / 2
    places = []
    for slot in slots:
        places.append(y + 2 if slot is None else y + (row - part) / 2)
        y += _DOTS if slot is None else row + _GAP
    return tuple(places)
