"""A part of a map, cell by cell: the cells under a kernel, the padding around them, and where the map goes on."""

from collections.abc import Iterator
from dataclasses import dataclass

from sepviz.figures.canvas import Canvas, Point
from sepviz.figures.paint import number
from sepviz.layer.operations import Convolution, Pair

DASHED = {"stroke-dasharray": "3 2"}

_STUB = 5.0  # lines run on so far where the map does
_FINEST = 3.0  # smaller cells have no lines
_THINNEST = 2.0  # a cell under the kernel is drawn at least so wide


def within(reach: range, size: int) -> range:
    """Those of the rows (or columns) under a kernel that are on a map of so many; the others are padding."""
    first = max(0, -(reach.start // reach.step))
    last = (size - 1 - reach.start) // reach.step + 1
    return reach[first : max(first, last)]


def padded(shape: Convolution) -> tuple[range, range]:
    """The rows and columns of the input, padding included."""
    rows, columns = (
        range(-before, size + after) for size, (before, after) in zip(shape.input, shape.padding, strict=True)
    )
    return rows, columns


def first_cells(shape: Convolution, most: Pair) -> tuple[range, range]:
    """Rows and columns of the output, at most so many, from the first whose window has its middle on the map."""
    rows, columns = (_first(shape, axis, cells) for axis, cells in enumerate(most))
    return rows, columns


def _first(shape: Convolution, axis: int, most: int) -> range:
    count = shape.output[axis]
    middle = shape.dilation[axis] * (shape.kernel[axis] // 2) - shape.padding[axis][0]  # of the first window
    start = max(0, min(-(middle // shape.stride[axis]), count - most))
    return range(start, min(start + most, count))


def covered(shape: Convolution, rows: range, columns: range) -> tuple[range, range]:
    """All rows and columns of the input between the first and the last that feed these outputs."""
    first, last = shape.window(rows[0], columns[0]), shape.window(rows[-1], columns[-1])
    down, across = (range(a[0], b[-1] + 1) for a, b in zip(first, last, strict=True))
    return down, across


def wider(reach: range, bounds: range) -> range:
    """One cell more on each side, where there is one."""
    return range(max(reach.start - 1, bounds.start), min(reach.stop + 1, bounds.stop))


@dataclass(frozen=True, slots=True)
class Patch:
    """Rows and columns of a map, drawn from (x, y) on with cells of (height, width); `bounds` count the padding in."""

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

    def at(self, row: int, column: int) -> Point:
        """The upper left corner (x, y) of a cell."""
        return self.x + (column - self.columns.start) * self.cell[1], self.y + (row - self.rows.start) * self.cell[0]

    def draw(self, canvas: Canvas, role: str) -> None:
        """The cells: padding dashed, the map in its colour, an edge where it ends and loose lines where it goes on."""
        maps = (range(self.map[0]), range(self.map[1]))
        rows, columns = within(self.rows, self.map[0]), within(self.columns, self.map[1])
        if (rows, columns) != (self.rows, self.columns):
            with canvas.group(DASHED):
                d = "".join((*self._lines(self.rows, self.columns, self.bounds), *self._edges(self.bounds)))
                canvas.path(d, stroke="plane", line=0.7)
        if not rows or not columns:
            return
        left, top = self.at(rows[0], columns[0])
        width, height = len(columns) * self.cell[1], len(rows) * self.cell[0]
        canvas.rect(left, top, width, height, fill=role, tint=0.14, solid=True)
        if lines := "".join(self._lines(rows, columns, maps)):
            canvas.path(lines, stroke=role, line=0.5)
        if edges := "".join(self._edges(maps)):
            canvas.path(edges, stroke=role, line=1.6)

    def cells(self, canvas: Canvas, rows: range, columns: range, role: str, tint: float = 0.6) -> None:
        """Fill cells: those under a kernel, or one."""
        if not rows or not columns:
            return
        left, top = self.at(rows[0], columns[0])
        if rows.step == 1 and columns.step == 1:
            high, wide = (
                max(len(each) * size, _THINNEST) for each, size in zip((rows, columns), self.cell, strict=True)
            )
            canvas.rect(left, top, wide, high, fill=role, tint=tint)
            return
        # A dashed line for each row: a thousand cells in a few bytes each, and every renderer draws them.
        high, wide = (max(size, _THINNEST) for size in self.cell)
        pitch = columns.step * self.cell[1]
        length = (len(columns) - 1) * pitch + wide
        d = _rungs((left, self.at(rows[0], 0)[1] + high / 2), length, rows.step * self.cell[0], len(rows), "h")
        dashes = {"stroke-dasharray": f"{number(wide)} {number(pitch - wide)}"} if len(columns) > 1 else {}
        with canvas.group({"stroke-opacity": number(tint), **dashes}):
            canvas.path(d, stroke=role, line=high)

    def frame(self, canvas: Canvas, rows: range, columns: range, role: str, line: float = 1.6) -> None:
        """An outline about cells, from the first to the last."""
        left, top = self.at(rows[0], columns[0])
        right, bottom = self.at(rows[-1] + 1, columns[-1] + 1)
        canvas.rect(left, top, max(right - left, _THINNEST), max(bottom - top, _THINNEST), stroke=role, line=line)

    def _lines(self, rows: range, columns: range, bounds: tuple[range, range]) -> Iterator[str]:
        """Lines between cells, and beyond the last where the map goes on."""
        top, bottom = self._ends(rows, bounds[0], 0)
        left, right = self._ends(columns, bounds[1], 1)
        for axis, reach in enumerate((rows, columns)):
            whole = bounds[axis]
            inner = range(reach.start + (reach.start == whole.start), reach.stop + (reach.stop < whole.stop))
            if not inner or self.cell[axis] < _FINEST:
                continue
            x, y = self.at(inner[0], inner[0])
            place, length = ((left, y), right - left) if axis == 0 else ((x, top), bottom - top)
            yield _rungs(place, length, self.cell[axis], len(inner), "hv"[axis])

    def _ends(self, shown: range, bounds: range, axis: int) -> tuple[float, float]:
        """Where lines along an axis begin and end."""
        start, stop = (self.at(each, each)[1 - axis] for each in (shown.start, shown.stop))
        return start - _STUB * (shown.start > bounds.start), stop + _STUB * (shown.stop < bounds.stop)

    def _edges(self, bounds: tuple[range, range]) -> Iterator[str]:
        """The sides on which the map ends."""
        rows, columns = (
            range(max(shown.start, whole.start), min(shown.stop, whole.stop))
            for shown, whole in zip((self.rows, self.columns), bounds, strict=True)
        )
        top, bottom = self._ends(rows, bounds[0], 0)
        left, right = self._ends(columns, bounds[1], 1)
        for edge in sorted({bounds[0].start, bounds[0].stop} & {rows.start, rows.stop}):
            yield f"M{number(left)} {number(self.at(edge, 0)[1])}H{number(right)}"
        for edge in sorted({bounds[1].start, bounds[1].stop} & {columns.start, columns.stop}):
            yield f"M{number(self.at(0, edge)[0])} {number(top)}V{number(bottom)}"


def _rungs(place: Point, length: float, pitch: float, count: int, way: str) -> str:
    """Parallel lines from a place on, to and fro, level (`h`) or upright (`v`)."""
    on = f"m0 {number(pitch)}" if way == "h" else f"m{number(pitch)} 0"
    there, back = f"{way}{number(length)}", f"{way}-{number(length)}"
    lines = (f"{on}{there if index % 2 else back}" for index in range(count - 1))
    return f"M{number(place[0])} {number(place[1])}{there}{''.join(lines)}"


def patch(shape: Convolution, x: float, y: float, reach: tuple[range, range], size: float, largest: float) -> Patch:
    """A part of a stage's input, its longer side at most `size` and a cell at most `largest`."""
    cell = min(largest, size / max(map(len, reach)))
    return Patch(x, y, *reach, shape.input, padded(shape), (cell, cell))
