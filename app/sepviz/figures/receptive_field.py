"""The cells of the input that one output cell is made of: which they are, drawn, and told in numbers."""

from dataclasses import dataclass, replace

from sepviz.figures.canvas import Canvas
from sepviz.figures.columns import Column, format_letters, format_shape, format_tensor
from sepviz.figures.kernel_drawing import MAX_DRAWN_CELLS, draw_grid
from sepviz.figures.map_patch import DASHED, Patch, first_cells, padded, patch, wider, within
from sepviz.figures.translations import counted_text, text
from sepviz.layer.operations import Convolution, Pair
from sepviz.palette import channel_role

LEFT = 4.0
SIZE = 228.0  # the longer side of the part of the input

_BETWEEN = 206.0  # the same, of the vertical map
_LARGEST = 30.0  # a cell is at most so large
_LOW = 12.0  # a row of the vertical map is at least so high
_SHEETS = 3  # channels that are seen behind one another
_SHEET = 7.0
_FINE = 3.0  # with smaller cells the outline is thinner
_SECOND = 480.0  # where the second column of notes begins


@dataclass(frozen=True, slots=True)
class ReceptiveField:
    """The stages of a layer, and the output cell (y, x) that is taken apart."""

    stages: tuple[Convolution, ...]
    cell: Pair

    @property
    def spatial(self) -> bool:
        """Whether the window is made of a column and then a row."""
        return self.stages[0].stage.is_one_sided

    @property
    def beside(self) -> Pair | None:
        """The next output cell: to the right, or to the left where that is the last."""
        y, x = self.cell
        columns = self.stages[-1].output[1]
        if columns == 1:
            return None
        return (y, x + 1) if x + 1 < columns else (y, x - 1)

    def sources(self, cell: Pair) -> tuple[range, range]:
        """Rows and columns of the input that make an output cell; those outside the map are padding."""
        first, last = self.stages[0], self.stages[-1]
        if not self.spatial:
            return first.window(*cell)
        return first.window(*cell)[0], last.window(*cell)[1]

    def part(self) -> Patch:
        """The part of the input about the window and the next one; a column that is padding later is not there."""
        first = self.stages[0]
        windows = [self.sources(cell) for cell in (self.cell, self.beside) if cell]
        return patch(first, LEFT, 0, _reach(windows, padded(first)), SIZE, _LARGEST)

    def between(self) -> Patch:
        """The part of the vertical map that the horizontal kernel looks at."""
        horizontal = self.stages[1]
        windows = [horizontal.window(*cell) for cell in (self.cell, self.beside) if cell]
        part = patch(horizontal, 0, 0, _reach(windows, padded(horizontal)), _BETWEEN, _LARGEST)
        return replace(part, cell=(max(part.cell[0], _LOW), part.cell[1]))

    def tap(self) -> range:
        """Of the cells of the vertical map, the column of one: the middle of those that are on the map."""
        columns = within(self.sources(self.cell)[1], self.stages[0].input[1])
        return columns[len(columns) // 2 :][:1]

    @property
    def behind(self) -> int:
        """How many sheets are drawn behind the first channel."""
        return min(self.stages[0].in_channels, _SHEETS) - 1

    @property
    def height(self) -> float:
        """Of the sheets."""
        return self.part().height + _SHEET * self.behind

    def draw(self, canvas: Canvas, middle: float) -> float:
        """The part of the input, a sheet for each channel, the window in front; its right edge."""
        part = self.part()
        part = replace(part, y=middle - part.height / 2 + _SHEET * self.behind / 2)
        for channel in range(self.behind, -1, -1):
            sheet = replace(part, x=part.x + _SHEET * channel, y=part.y - _SHEET * channel)
            canvas.rect(sheet.x, sheet.y, sheet.width, sheet.height, fill="paper")
            sheet.draw(canvas, channel_role(channel))
        rows, columns = self.sources(self.cell)
        if self.spatial:
            columns = within(columns, part.map[1])
            part.cells(canvas, within(rows, part.map[0]), columns, channel_role(0), 0.3)
            columns = self.tap()
        elif self.beside:
            draw_next(canvas, part, self.sources(self.beside))
        if columns:
            draw_window(canvas, part, (rows, columns), self.stages[0].stage.role)
        return part.x + part.width + _SHEET * self.behind

    def column(self, canvas: Canvas, x: float, right: float) -> Column:
        """The heading: the input's size, and what of it is drawn."""
        part = self.part()
        cut = canvas.translate("window.cut", rows=span(part.rows), columns=span(part.columns))
        return Column(
            x,
            right,
            canvas.translate("layers.input"),
            "ink",
            (*format_tensor(format_letters("M"), self.stages[0].input_shape), cut),
        )

    def draw_legend(self, canvas: Canvas, y: float) -> float:
        """What the marks on the input mean, with their numbers, in two columns; where it ends."""
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
        rows, _ = self.sources(self.cell)
        under, inside = self.count()
        if self.spatial and under > 1:
            notes = [("cells", canvas.translate("window.column", count=under, rows=len(rows)))]
        else:
            notes = [("cells", canvas.translate("window.under.one" if under == 1 else "window.under", count=under))]
        if (reach := rows[-1] - rows[0] + 1) > 1:
            formula = f"{rows.step} · ({len(rows)} − 1) + 1"
            notes.append(("frame", canvas.translate("window.span", span=reach, formula=formula)))
        if under > inside:
            notes.append(("padding", canvas.translate("window.padding", count=under - inside)))
        if self.beside:
            step = (last if self.spatial else first).stride[1]
            side = "window.right" if self.beside[1] > self.cell[1] else "window.left"
            notes.append(("next", canvas.translate(side, stride=step)))
        if max(first.kernel) > MAX_DRAWN_CELLS:
            notes.append(("corners", canvas.translate("legend.corners", cells=max(first.kernel))))
        return notes

    def count(self) -> Pair:
        """How many cells of a channel are under the kernel (or both), and how many of them are on the map."""
        rows, columns = self.sources(self.cell)
        height, width = self.stages[0].input
        return len(rows) * len(columns), len(within(rows, height)) * len(within(columns, width))

    def describe(self) -> str:
        """The same in sentences."""
        first, (rows, columns) = self.stages[0], self.sources(self.cell)
        under, inside = self.count()
        place = text(
            "window.description",
            y=self.cell[0],
            x=self.cell[1],
            output=format_shape(self.stages[-1].output),
            channels=counted_text("window.description.channels", first.in_channels),
            input=format_shape(first.input),
            count=under,
            rows=_run(rows),
            columns=_run(columns),
            outside=counted_text("window.description.outside", under - inside),
        )
        made = text(
            f"window.description.{first.name}",
            maps=first.out_channels,
            kernels=counted_text("window.description.kernels", first.out_channels),
            kernel=format_shape(first.kernel),
            channels=first.in_channels,
            across=counted_text("window.description.across", len(columns)),
            down=len(rows),
        )
        return f"{place} {made}"


def _run(reach: range) -> str:
    key = "window.run.step" if reach.step > 1 and len(reach) > 1 else "window.run"
    return text(key, first=reach[0], last=reach[-1], step=reach.step)


def receptive_field(stages: tuple[Convolution, ...]) -> ReceptiveField:
    """That of the first output cell whose window has its middle on the map."""
    rows, columns = first_cells(stages[0], (1, 1))
    if stages[0].stage.is_one_sided:
        _, columns = first_cells(stages[1], (1, 1))
    return ReceptiveField(stages, (rows[0], columns[0]))


def draw_window(canvas: Canvas, part: Patch, reach: tuple[range, range], stage: str) -> None:
    """The cells under a kernel, padding among them faint, and the outline of the kernel."""
    rows, columns = reach
    part.cells(canvas, rows, columns, channel_role(0), 0.25)
    part.cells(canvas, within(rows, part.map[0]), within(columns, part.map[1]), channel_role(0))
    part.frame(canvas, rows, columns, stage, 2 if min(part.cell) > _FINE else 1)


def draw_next(canvas: Canvas, part: Patch, reach: tuple[range, range]) -> None:
    """The outline of the kernel where it goes next."""
    with canvas.group(DASHED):
        part.frame(canvas, *reach, "ink", 1.2)


def span(reach: range) -> str:
    """The first and the last of a run, or the one that there is."""
    text = f"{reach[0]} to {reach[-1]}" if len(reach) > 1 else f"{reach[0]}"
    return text.replace("-", "−")


def _reach(windows: list[tuple[range, range]], bounds: tuple[range, range]) -> tuple[range, range]:
    """All between the windows' first and last cells, and one more on each side."""
    rows, columns = (
        wider(_within_bounds(min(each[0] for each in axis), max(each[-1] for each in axis), whole), whole)
        for axis, whole in zip(zip(*windows, strict=True), bounds, strict=True)
    )
    return rows, columns


def _within_bounds(first: int, last: int, bounds: range) -> range:
    """From the first to the last of those cells that are there; the nearest one where none is."""
    start = min(max(first, bounds.start), bounds.stop - 1)
    return range(start, max(min(last + 1, bounds.stop), start + 1))
