"""A part of a map, drawn cell by cell, with its padding and the cells under a kernel."""

from collections.abc import Iterator
from dataclasses import dataclass

from sepviz.figures.canvas import Canvas, Point
from sepviz.figures.paint import number
from sepviz.layer.operations import Convolution, Pair

DASHED = {"stroke-dasharray": "3 2"}

_STUB = 5.0  # length of lines beyond the part, where the map continues
_MIN_LINED_CELL = 3.0  # lines are not drawn between smaller cells
_MIN_SIDE = 2.0  # minimum drawn side of a cell under the kernel


def within(reach: range, size: int) -> range:
    """The rows (or columns) of `reach` that are on a map of that size; the others are padding."""
    first = max(0, -(reach.start // reach.step))
    last = (size - 1 - reach.start) // reach.step + 1
    return reach[first : max(first, last)]


def padded_ranges(shape: Convolution) -> tuple[range, range]:
    """The rows and columns of the input, padding included."""
    rows, columns = (
        range(-before, size + after) for size, (before, after) in zip(shape.input, shape.padding, strict=True)
    )
    return rows, columns


def first_cells(shape: Convolution, most: Pair) -> tuple[range, range]:
    """At most so many rows and columns of the output, from the first window whose middle is on the map."""
    rows, columns = (_first(shape, axis, cells) for axis, cells in enumerate(most))
    return rows, columns


def _first(shape: Convolution, axis: int, most: int) -> range:
    count = shape.output[axis]
    middle = shape.dilation[axis] * (shape.kernel[axis] // 2) - shape.padding[axis][0]  # of the first window
    start = max(0, min(-(middle // shape.stride[axis]), count - most))
    return range(start, min(start + most, count))


def covering_ranges(shape: Convolution, rows: range, columns: range) -> tuple[range, range]:
    """The rows and columns of the input from the first to the last that feed these outputs."""
    first, last = shape.window(rows[0], columns[0]), shape.window(rows[-1], columns[-1])
    down, across = (range(a[0], b[-1] + 1) for a, b in zip(first, last, strict=True))
    return down, across


def widen(reach: range, bounds: range) -> range:
    """The range with one cell more on each side, within the bounds."""
    return range(max(reach.start - 1, bounds.start), min(reach.stop + 1, bounds.stop))


@dataclass(frozen=True, slots=True)
class Patch:
    """Rows and columns of a map from its corner (x, y) on; `cell` is (height, width), `bounds` include padding."""

    x: float
    y: float
    rows: range
    columns: range
    map: Pair
    bounds: tuple[range, range]
    cell: tuple[float, float]

    @property
    def width(self) -> float:
        """Of the drawing."""
        return len(self.columns) * self.cell[1]

    @property
    def height(self) -> float:
        """Of the drawing."""
        return len(self.rows) * self.cell[0]

    def corner(self, row: int, column: int) -> Point:
        """The upper left corner (x, y) of a cell."""
        return self.x + (column - self.columns.start) * self.cell[1], self.y + (row - self.rows.start) * self.cell[0]

    def draw(self, canvas: Canvas, role: str) -> None:
        """Draw the cells: dashed padding, the map in its colour, edges at its ends, loose lines where it continues."""
        maps = (range(self.map[0]), range(self.map[1]))
        rows, columns = within(self.rows, self.map[0]), within(self.columns, self.map[1])
        if (rows, columns) != (self.rows, self.columns):
            with canvas.group(DASHED):
                d = "".join((*self._lines(self.rows, self.columns, self.bounds), *self._edges(self.bounds)))
                canvas.path(d, stroke="plane", line=0.7)
        if not rows or not columns:
            return
        left, top = self.corner(rows[0], columns[0])
        width, height = len(columns) * self.cell[1], len(rows) * self.cell[0]
        canvas.rect(left, top, width, height, fill=role, tint=0.14, solid=True)
        if lines := "".join(self._lines(rows, columns, maps)):
            canvas.path(lines, stroke=role, line=0.5)
        if edges := "".join(self._edges(maps)):
            canvas.path(edges, stroke=role, line=1.6)

    def fill_cells(self, canvas: Canvas, rows: range, columns: range, role: str, tint: float = 0.6) -> None:
        """Fill the cells in these rows and columns."""
        if not rows or not columns:
            return
        left, top = self.corner(rows[0], columns[0])
        if rows.step == 1 and columns.step == 1:
            high, wide = (
                max(len(each) * size, _MIN_SIDE) for each, size in zip((rows, columns), self.cell, strict=True)
            )
            canvas.rect(left, top, wide, high, fill=role, tint=tint)
            return
        # A dashed line for each row needs fewer bytes than a rectangle for each cell.
        high, wide = (max(size, _MIN_SIDE) for size in self.cell)
        pitch = columns.step * self.cell[1]
        length = (len(columns) - 1) * pitch + wide
        d = _parallel_lines(
            (left, self.corner(rows[0], 0)[1] + high / 2), length, rows.step * self.cell[0], len(rows), "h"
        )
        dashes = {"stroke-dasharray": f"{number(wide)} {number(pitch - wide)}"} if len(columns) > 1 else {}
        with canvas.group({"stroke-opacity": number(tint), **dashes}):
            canvas.path(d, stroke=role, line=high)

    def draw_frame(self, canvas: Canvas, rows: range, columns: range, role: str, line: float = 1.6) -> None:
        """Draw an outline around the cells from the first to the last."""
        left, top = self.corner(rows[0], columns[0])
        right, bottom = self.corner(rows[-1] + 1, columns[-1] + 1)
        canvas.rect(left, top, max(right - left, _MIN_SIDE), max(bottom - top, _MIN_SIDE), stroke=role, line=line)

    def _lines(self, rows: range, columns: range, bounds: tuple[range, range]) -> Iterator[str]:
        """Paths of the lines between cells, and beyond the last where the map continues."""
        top, bottom = self._ends(rows, bounds[0], 0)
        left, right = self._ends(columns, bounds[1], 1)
        for axis, reach in enumerate((rows, columns)):
            whole = bounds[axis]
            inner = range(reach.start + (reach.start == whole.start), reach.stop + (reach.stop < whole.stop))
            if not inner or self.cell[axis] < _MIN_LINED_CELL:
                continue
            x, y = self.corner(inner[0], inner[0])
            place, length = ((left, y), right - left) if axis == 0 else ((x, top), bottom - top)
            yield _parallel_lines(place, length, self.cell[axis], len(inner), "hv"[axis])

    def _ends(self, span: range, bounds: range, axis: int) -> tuple[float, float]:
        """Start and end of the lines along an axis."""
        start, stop = (self.corner(each, each)[1 - axis] for each in (span.start, span.stop))
        return start - _STUB * (span.start > bounds.start), stop + _STUB * (span.stop < bounds.stop)

    def _edges(self, bounds: tuple[range, range]) -> Iterator[str]:
        """Paths of the sides at which the map ends."""
        rows, columns = (
            range(max(span.start, whole.start), min(span.stop, whole.stop))
            for span, whole in zip((self.rows, self.columns), bounds, strict=True)
        )
        top, bottom = self._ends(rows, bounds[0], 0)
        left, right = self._ends(columns, bounds[1], 1)
        for edge in sorted({bounds[0].start, bounds[0].stop} & {rows.start, rows.stop}):
            yield f"M{number(left)} {number(self.corner(edge, 0)[1])}H{number(right)}"
        for edge in sorted({bounds[1].start, bounds[1].stop} & {columns.start, columns.stop}):
            yield f"M{number(self.corner(0, edge)[0])} {number(top)}V{number(bottom)}"


def _parallel_lines(place: Point, length: float, pitch: float, count: int, way: str) -> str:
    """Path of parallel lines from a place on, in alternating directions, horizontal (`h`) or vertical (`v`)."""
    on = f"m0 {number(pitch)}" if way == "h" else f"m{number(pitch)} 0"
    there, back = f"{way}{number(length)}", f"{way}-{number(length)}"
    lines = (f"{on}{there if index % 2 else back}" for index in range(count - 1))
    return f"M{number(place[0])} {number(place[1])}{there}{''.join(lines)}"


def fit_patch(shape: Convolution, x: float, y: float, reach: tuple[range, range], size: float, largest: float) -> Patch:
    """A part of a stage's input with sides of at most `size` and cells of at most `largest`."""
    cell = min(largest, size / max(map(len, reach)))
    return Patch(x, y, *reach, shape.input, padded_ranges(shape), (cell, cell))
