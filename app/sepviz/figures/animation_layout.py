"""The layout of an animation: kernels moving over a corner of a layer's maps, at any moment."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from sepviz.figures.canvas import Canvas
from sepviz.figures.kernel_drawing import draw_grid
from sepviz.figures.map_patch import Patch, padded_ranges
from sepviz.figures.passes import Pass, passes
from sepviz.figures.stack import Slots, draw_dots, draw_omitted_count, elide
from sepviz.layer.operations import Convolution
from sepviz.layer.spec import LayerSpec
from sepviz.palette import channel_role

_NARROW = 60.0  # minimum room beside dots, for the count of omitted channels
_THIN = 5.0  # a kernel up to this width has a thinner outline
_GAP = 18.0  # between maps of a column
_DOTS = 22.0  # height of dots


@dataclass(frozen=True, slots=True)
class Layout:
    """Sizes of an animation's parts: `patch` is the maximum side of a part of a map, `cell` that of a cell."""

    patch: float
    cell: float
    kernel: float
    gap: float
    strip: float  # a cell of a kernel through all channels
    max_channels: int
    min_width: float  # of a column
    labels: bool


@dataclass(frozen=True, slots=True)
class MapColumn:
    """A column of maps, one for each drawn channel; `head` is the left edge of the heading."""

    head: float
    patch: Patch
    slots: Slots
    places: tuple[float, ...]  # upper edge of each, or the middle of dots
    role: str | None  # None for the role of the channel
    multiplier: int  # maps for each channel

    def parts(self) -> Iterator[tuple[int, Patch]]:
        """Each drawn channel with its part of the map."""
        for channel, y in zip(self.slots, self.places, strict=True):
            if channel is not None:
                yield channel, replace(self.patch, y=y)

    def role_of(self, channel: int) -> str:
        """The colour role of a channel's map."""
        return self.role or channel_role(channel // self.multiplier)


@dataclass(frozen=True, slots=True)
class Animation:
    """The passes and the placed maps between them; (0, 0) is the upper left corner."""

    passes: tuple[Pass, ...]
    columns: tuple[MapColumn, ...]
    layout: Layout
    height: float

    @property
    def width(self) -> float:
        """Width of the drawing."""
        last = self.columns[-1]
        return last.patch.x + max(last.patch.width, self.layout.min_width)

    def moments(self) -> list[tuple[int, int]]:
        """All pairs (pass, step), in order."""
        return [(index, step) for index, each in enumerate(self.passes) for step in range(len(each.steps()))]

    def draw_backdrop(self, canvas: Canvas) -> None:
        """Draw what does not move: maps, kernels, and the arrows between them."""
        for column in self.columns:
            for channel, part in column.parts():
                part.draw(canvas, column.role_of(channel))
            for slot, y in zip(column.slots, column.places, strict=True):
                if slot is None:
                    x = column.patch.x + column.patch.width / 2
                    draw_dots(canvas, x, y, down=True)
                    if self.layout.labels:
                        draw_omitted_count(canvas, x + 10, y, column.slots)
        for kernel_pass, (source, target) in zip(self.passes, pairwise(self.columns), strict=True):
            (self._draw_strips if kernel_pass.mixes else self._draw_kernels)(canvas, kernel_pass, source, target)

    def _draw_kernels(self, canvas: Canvas, kernel_pass: Pass, source: MapColumn, target: MapColumn) -> None:
        """Draw each channel's own kernel."""
        for (channel, part), (_, to) in zip(source.parts(), target.parts(), strict=True):
            y, role = part.y + part.height / 2, source.role_of(channel)
            canvas.arrow(part.x + part.width + 8, y, to.x - 8, role)
            x = target.head + self.layout.kernel / 2
            draw_grid(canvas, x, y, self.layout.kernel, kernel_pass.shape.kernel, role, 0.45)

    def _draw_strips(self, canvas: Canvas, kernel_pass: Pass, source: MapColumn, target: MapColumn) -> None:
        """Draw kernels through all channels, one for each output."""
        size, middle = self.layout.strip, self.height / 2
        role = kernel_pass.shape.stage.role
        width = size * len(source.slots)
        left = source.patch.x + source.patch.width
        if self.layout.labels:
            canvas.arrow(left + 8, middle, target.head - 8, "muted")
        for _, part in target.parts():
            y = part.y + part.height / 2 - size / 2
            for index, slot in enumerate(source.slots):
                x = target.head + size * index
                if slot is None:
                    draw_dots(canvas, x + size / 2, y + size / 2)
                else:
                    canvas.rect(x, y, size, size, fill=source.role_of(slot), tint=0.6, stroke=source.role_of(slot))
            canvas.rect(target.head - 2, y - 2, width + 4, size + 4, stroke=role, line=1.4)
            canvas.arrow(target.head + width + 6, y + size / 2, part.x - 8, role)

    def draw_cells(self, canvas: Canvas, index: int, rows: range, columns: range) -> None:
        """Fill the cells that a pass has computed, in every channel."""
        target = self.columns[index + 1]
        for channel, part in target.parts():
            part.fill_cells(canvas, rows, columns, target.role_of(channel), 0.8)

    def draw_window(self, canvas: Canvas, index: int, step: int) -> None:
        """Draw the kernel over its window, in every channel."""
        source = self.columns[index]
        rows, columns = self.passes[index].window(step)
        thin = (
            min((columns[-1] + 1 - columns[0]) * source.patch.cell[1], (rows[-1] + 1 - rows[0]) * source.patch.cell[0])
            < _THIN
        )
        for channel, part in source.parts():
            part.fill_cells(canvas, rows, columns, source.role_of(channel), 0.5)
            part.draw_frame(canvas, rows, columns, "ink", 0.8 if thin else 1.6)

    def window_shift(self, index: int, step: int) -> tuple[float, float]:
        """Offset (x, y) of the kernel from its first position."""
        kernel_pass, part = self.passes[index], self.columns[index].patch
        (rows, columns), (first_row, first_column) = kernel_pass.window(step), kernel_pass.window(0)
        across, down = columns[0] - first_column[0], rows[0] - first_row[0]
        return across * part.cell[1], down * part.cell[0]

    def find_step_making(self, index: int, step: int) -> int:
        """Find the step of a pass that computes the middle of the next pass's window in `step`."""
        rows, columns = self.passes[index + 1].window(step)
        row, column = rows[len(rows) // 2], columns[len(columns) // 2]
        steps = self.passes[index].steps()
        return next((at for at, (y, xs) in enumerate(steps) if y == row and column in xs), len(steps) - 1)

    def draw_still(self, canvas: Canvas, moment: tuple[int, int]) -> None:
        """Draw one moment: the cells computed by then, and the kernel."""
        self.draw_backdrop(canvas)
        at, step = moment
        for index, kernel_pass in enumerate(self.passes[: at + 1]):
            count = step + 1 if index == at else len(kernel_pass.steps())
            for rows, columns in kernel_pass.cells_made(count):
                self.draw_cells(canvas, index, rows, columns)
        self.draw_window(canvas, at, step)


def plan_animation(name: str, spec: LayerSpec, layout: Layout) -> Animation:
    """Place a figure's passes and maps. A row is a depthwise map; with a depth multiplier a channel has several."""
    kernel_pass = passes(name, spec)
    first = kernel_pass[0]
    shape = first.shape
    multiplier = shape.in_channels // spec.in_channels if first.mixes else shape.multiplier
    slots = elide(first.shape.in_channels if first.mixes else first.shape.out_channels, layout.max_channels)
    parts: list[tuple[float, Patch, Slots, str | None]] = [
        (0.0, _part(0.0, first.input_ranges(), first.shape, layout, square=True), slots, None)
    ]
    for index, each in enumerate(kernel_pass):
        _, source, _, _ = parts[-1]
        least = layout.min_width if index == 0 else _NARROW if layout.labels else 0
        head = source.x + max(source.width, least) + layout.gap
        room = layout.strip * len(slots) + 30 if each.mixes else layout.kernel + layout.gap * 0.75
        if index + 1 < len(kernel_pass):
            part = _part(head + room, kernel_pass[index + 1].input_ranges(), kernel_pass[index + 1].shape, layout)
        else:
            part = _output(head + room, each, layout)
        target_slots = elide(each.shape.out_channels, layout.max_channels) if each.mixes else slots
        parts.append((head, part, target_slots, each.shape.stage.role if each.mixes else None))
    # Channels keep their rows from map to map; outputs have rows of their own.
    rows = {role: max(part.height for _, part, _, other in parts if other == role) for _, _, _, role in parts}
    height = max(_height(rows[role], column_slots) for _, _, column_slots, role in parts)
    columns = tuple(
        MapColumn(head, part, column_slots, _places(part.height, rows[role], column_slots, height), role, multiplier)
        for head, part, column_slots, role in parts
    )
    return Animation(kernel_pass, columns, layout, height)


def _part(x: float, reach: tuple[range, range], shape: Convolution, layout: Layout, square: bool = False) -> Patch:
    down, across = (min(layout.cell, layout.patch / len(each)) for each in reach)
    cell = (min(down, across),) * 2 if square or min(down, across) > 4 else (down, across)
    return Patch(x, 0, *reach, shape.input, padded_ranges(shape), cell)


def _output(x: float, kernel_pass: Pass, layout: Layout) -> Patch:
    size = kernel_pass.shape.output
    bounds = (range(size[0]), range(size[1]))
    return Patch(x, 0, kernel_pass.rows, kernel_pass.columns, size, bounds, (layout.cell, layout.cell))


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
