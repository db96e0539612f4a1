"""The receptive field of one output cell: its cells, their drawing and their description."""

from dataclasses import dataclass, replace

from sepviz.figures.canvas import Canvas
from sepviz.figures.columns import Column, format_letters, format_shape, format_tensor
from sepviz.figures.kernel_drawing import MAX_DRAWN_CELLS, draw_grid
from sepviz.figures.map_patch import DASHED, Patch, first_cells, fit_patch, padded_ranges, widen, within
from sepviz.figures.translations import counted_text, text
from sepviz.layer.operations import Convolution, Pair
from sepviz.palette import channel_role

LEFT = 4.0
SIZE = 228.0  # longer side of the drawn part of the input

_BETWEEN = 206.0  # longer side of the part of the vertical map
_MAX_CELL = 30.0  # maximum side of a cell
_MIN_ROW = 12.0  # minimum height of a row of the vertical map
_SHEETS = 3  # maximum number of channels drawn behind one another
_SHEET = 7.0
_MIN_BOLD_CELL = 3.0  # smaller cells have a thinner outline
_SECOND = 480.0  # left edge of the second column of the legend


@dataclass(frozen=True, slots=True)
class ReceptiveField:
    """The stages of a layer, and one output cell (y, x)."""

    stages: tuple[Convolution, ...]
    cell: Pair

    @property
    def is_spatial(self) -> bool:
        """Whether the window is a column followed by a row."""
        return self.stages[0].stage.is_one_sided

    @property
    def next_cell(self) -> Pair | None:
        """The neighbouring output cell: to the right, or to the left of the last one; None if there is one column."""
        y, x = self.cell
        columns = self.stages[-1].output[1]
        if columns == 1:
            return None
        return (y, x + 1) if x + 1 < columns else (y, x - 1)

    def input_ranges(self, cell: Pair) -> tuple[range, range]:
        """Rows and columns of the input that an output cell reads; those outside the map are padding."""
        first, last = self.stages[0], self.stages[-1]
        if not self.is_spatial:
            return first.window(*cell)
        return first.window(*cell)[0], last.window(*cell)[1]

    def input_patch(self) -> Patch:
        """The drawn part of the input: the windows of this and the next cell, without the second stage's padding."""
        first = self.stages[0]
        windows = [self.input_ranges(cell) for cell in (self.cell, self.next_cell) if cell]
        return fit_patch(first, LEFT, 0, _bounding_ranges(windows, padded_ranges(first)), SIZE, _MAX_CELL)

    def intermediate_patch(self) -> Patch:
        """The part of the vertical map that the horizontal kernel reads."""
        horizontal = self.stages[1]
        windows = [horizontal.window(*cell) for cell in (self.cell, self.next_cell) if cell]
        part = fit_patch(horizontal, 0, 0, _bounding_ranges(windows, padded_ranges(horizontal)), _BETWEEN, _MAX_CELL)
        return replace(part, cell=(max(part.cell[0], _MIN_ROW), part.cell[1]))

    def intermediate_column(self) -> range:
        """The middle column of those under the kernel that are on the vertical map, or an empty range."""
        columns = within(self.input_ranges(self.cell)[1], self.stages[0].input[1])
        return columns[len(columns) // 2 :][:1]

    @property
    def sheets_behind(self) -> int:
        """The number of sheets drawn behind the first channel."""
        return min(self.stages[0].in_channels, _SHEETS) - 1

    @property
    def height(self) -> float:
        """Height of the drawing of the input."""
        return self.input_patch().height + _SHEET * self.sheets_behind

    def draw(self, canvas: Canvas, middle: float) -> float:
        """Draw the part of the input, a sheet for each channel, and the window in front; return the right edge."""
        part = self.input_patch()
        part = replace(part, y=middle - part.height / 2 + _SHEET * self.sheets_behind / 2)
        for channel in range(self.sheets_behind, -1, -1):
            sheet = replace(part, x=part.x + _SHEET * channel, y=part.y - _SHEET * channel)
            canvas.rect(sheet.x, sheet.y, sheet.width, sheet.height, fill="paper")
            sheet.draw(canvas, channel_role(channel))
        rows, columns = self.input_ranges(self.cell)
        if self.is_spatial:
            columns = within(columns, part.map[1])
            part.fill_cells(canvas, within(rows, part.map[0]), columns, channel_role(0), 0.3)
            columns = self.intermediate_column()
        elif self.next_cell:
            draw_next(canvas, part, self.input_ranges(self.next_cell))
        if columns:
            draw_window(canvas, part, (rows, columns), self.stages[0].stage.role)
        return part.x + part.width + _SHEET * self.sheets_behind

    def column(self, canvas: Canvas, x: float, right: float) -> Column:
        """Heading of the input: its size, and the drawn rows and columns."""
        part = self.input_patch()
        cut = canvas.translate("window.cut", rows=format_range(part.rows), columns=format_range(part.columns))
        return Column(
            x,
            right,
            canvas.translate("layers.input"),
            "ink",
            (*format_tensor(format_letters("M"), self.stages[0].input_shape), cut),
        )

    def draw_legend(self, canvas: Canvas, y: float) -> float:
        """Draw the legend of the marks on the input in two columns; return its end."""
        stage = self.stages[0].stage.role
        notes = self._notes(canvas)
        for index, (mark, note) in enumerate(notes):
            x, top = (LEFT, _SECOND)[index % 2], y + 20 * (index // 2)
            if mark == "cells":
                canvas.rect(x, top, 12, 12, fill=channel_role(0), tint=0.7)
            elif mark == "frame":
                canvas.rect(x, top, 12, 12, stroke=stage, line=2)
            elif mark == "corners":
                draw_grid(canvas, x + 6, top + 6, 14, self.stages[0].kernel, channel_role(0), 0.45)
            else:
                with canvas.group(DASHED):
                    role, line = ("plane", 0.7) if mark == "padding" else ("ink", 1.2)
                    canvas.rect(x, top, 12, 12, stroke=role, line=line)
            canvas.text(x + 20, top + 10.5, note)
        return y + 20 * ((len(notes) + 1) // 2) - 8

    def _notes(self, canvas: Canvas) -> list[tuple[str, str]]:
        first, last = self.stages[0], self.stages[-1]
        rows, _ = self.input_ranges(self.cell)
        under, inside = self.count()
        if self.is_spatial and under > 1:
            notes = [("cells", canvas.translate("window.column", count=under, rows=len(rows)))]
        else:
            notes = [("cells", canvas.translate("window.under.one" if under == 1 else "window.under", count=under))]
        if (reach := rows[-1] - rows[0] + 1) > 1:
            formula = f"{rows.step} · ({len(rows)} − 1) + 1"
            notes.append(("frame", canvas.translate("window.span", span=reach, formula=formula)))
        if under > inside:
            notes.append(("padding", canvas.translate("window.padding", count=under - inside)))
        if self.next_cell:
            step = (last if self.is_spatial else first).stride[1]
            side = "window.right" if self.next_cell[1] > self.cell[1] else "window.left"
            notes.append(("next", canvas.translate(side, stride=step)))
        if max(first.kernel) > MAX_DRAWN_CELLS:
            notes.append(("corners", canvas.translate("legend.corners", cells=max(first.kernel))))
        return notes

    def count(self) -> Pair:
        """The number of cells under the kernel (or both kernels) in a channel, and how many of them are on the map."""
        rows, columns = self.input_ranges(self.cell)
        height, width = self.stages[0].input
        return len(rows) * len(columns), len(within(rows, height)) * len(within(columns, width))

    def describe(self) -> str:
        """Describe the receptive field in sentences."""
        first, (rows, columns) = self.stages[0], self.input_ranges(self.cell)
        under, inside = self.count()
        channels = first.in_channels // first.groups if first.stage.mixes_channels else first.in_channels
        place = text(
            "window.description",
            y=self.cell[0],
            x=self.cell[1],
            output=format_shape(self.stages[-1].output),
            channels=counted_text("window.description.channels", channels),
            input=format_shape(first.input),
            count=under,
            rows=_describe_range(rows),
            columns=_describe_range(columns),
            outside=counted_text("window.description.outside", under - inside),
        )
        computation = text(
            f"window.description.{first.name}",
            maps=first.out_channels,
            kernels=counted_text("window.description.kernels", first.out_channels),
            kernel=format_shape(first.kernel),
            channels=channels,
            across=counted_text("window.description.across", len(columns)),
            down=len(rows),
        )
        return f"{place} {computation}"


def _describe_range(reach: range) -> str:
    key = "window.run.step" if reach.step > 1 and len(reach) > 1 else "window.run"
    return text(key, first=reach[0], last=reach[-1], step=reach.step)


def first_receptive_field(stages: tuple[Convolution, ...]) -> ReceptiveField:
    """The receptive field of the first output cell whose window has its middle on the map."""
    rows, columns = first_cells(stages[0], (1, 1))
    if stages[0].stage.is_one_sided:
        _, columns = first_cells(stages[1], (1, 1))
    return ReceptiveField(stages, (rows[0], columns[0]))


def draw_window(canvas: Canvas, part: Patch, reach: tuple[range, range], stage: str) -> None:
    """Draw the cells under a kernel, faint where they are padding, and the kernel's outline."""
    rows, columns = reach
    part.fill_cells(canvas, rows, columns, channel_role(0), 0.25)
    part.fill_cells(canvas, within(rows, part.map[0]), within(columns, part.map[1]), channel_role(0))
    part.draw_frame(canvas, rows, columns, stage, 2 if min(part.cell) > _MIN_BOLD_CELL else 1)


def draw_next(canvas: Canvas, part: Patch, reach: tuple[range, range]) -> None:
    """Draw the outline of the kernel's next position."""
    with canvas.group(DASHED):
        part.draw_frame(canvas, *reach, "ink", 1.2)


def format_range(reach: range) -> str:
    """Format a range: its first and last number, or the only one."""
    text = f"{reach[0]} to {reach[-1]}" if len(reach) > 1 else f"{reach[0]}"
    return text.replace("-", "−")


def _bounding_ranges(windows: list[tuple[range, range]], bounds: tuple[range, range]) -> tuple[range, range]:
    """The ranges from the windows' first to their last cells, and one more on each side."""
    rows, columns = (
        widen(_clip(min(each[0] for each in axis), max(each[-1] for each in axis), whole), whole)
        for axis, whole in zip(zip(*windows, strict=True), bounds, strict=True)
    )
    return rows, columns


def _clip(first: int, last: int, bounds: range) -> range:
    """The range from first to last within the bounds; the nearest cell if none is within them."""
    start = min(max(first, bounds.start), bounds.stop - 1)
    return range(start, max(min(last + 1, bounds.stop), start + 1))
