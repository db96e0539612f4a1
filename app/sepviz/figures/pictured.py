"""Planes and kernels that show what the layer at hand computes.

In the page each one is marked with its key and its place: the browser has the maps, and paints them there. In a figure
that stands alone the canvas has their pictures. Without either they are tinted in their channel's colour.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sepviz.figures.canvas import Canvas, number
from sepviz.figures.map_images import KernelKey, MapKey
from sepviz.figures.paint import Mode

MODES: tuple[Mode, ...] = ("light", "dark")


class Box(NamedTuple):
    """Where a kernel is drawn: its upper left corner, its sides, and by axis which cells are drawn (None: a gap)."""

    x: float
    y: float
    width: float
    height: float
    rows: Sequence[int | None]
    columns: Sequence[int | None]

    def cells(self) -> Iterator[tuple[int, int, str]]:
        """Row and column of each drawn cell, and its outline."""
        wide, high = self.width / len(self.columns), self.height / len(self.rows)
        side = f"h{number(wide)}v{number(high)}h-{number(wide)}z"
        for down, row in enumerate(self.rows):
            for across, column in enumerate(self.columns):
                if row is not None and column is not None:
                    yield row, column, f"M{number(self.x + across * wide)} {number(self.y + down * high)}{side}"


def is_pictured(canvas: Canvas) -> bool:
    """Whether every plane and every kernel of the figure is drawn by itself, to show its own values."""
    return canvas.inlined or canvas.pictures is not None


def draw_map_plane(canvas: Canvas, key: MapKey, outline: str, square: Sequence[float], role: str) -> None:
    """Draw a plane with its map; `square` transforms the unit square to it, as SVG's `matrix` does."""
    place = " ".join(map(number, square))
    if canvas.inlined:
        with canvas.group({"data-map": f"{key.stage},{key.channel}", "data-box": place}):
            canvas.path(outline, fill=role, tint=0.28, stroke=role, line=1.2, solid=True)
        return
    image = canvas.pictures.map_image(key) if canvas.pictures is not None else None
    if image is None:
        canvas.path(outline, fill=role, tint=0.28, stroke=role, line=1.2, solid=True)
        return
    canvas.image(f"matrix({place})", image.light, image.dark)
    canvas.path(outline, stroke=role, line=1.2)


def draw_kernel_cells(canvas: Canvas, key: KernelKey, outline: str, box: Box, role: str, tint: float) -> None:
    """Draw a kernel with the colours of its weights; `outline` is its path, with the lines between its cells."""
    if canvas.inlined:
        attributes = {"data-kernel": ",".join(map(str, key)), "data-box": " ".join(map(number, box[:4]))}
        if None in (*box.rows, *box.columns):
            attributes |= {"data-rows": _indices(box.rows), "data-columns": _indices(box.columns)}
        with canvas.group(attributes):
            canvas.path(outline, fill=role, tint=tint, stroke=role, line=0.8, solid=True)
        return
    colours = canvas.pictures.kernel_colours(key) if canvas.pictures is not None else None
    if colours is None:
        canvas.path(outline, fill=role, tint=tint, stroke=role, line=0.8, solid=True)
        return
    canvas.path(outline, fill="paper")  # where cells are left out
    alike: dict[tuple[str, ...], list[str]] = {}
    for row, column, d in box.cells():
        alike.setdefault(tuple(colours[mode][row][column] for mode in MODES), []).append(d)
    for pair, drawn in alike.items():
        canvas.coloured_path("".join(drawn), dict(zip(MODES, pair, strict=True)))
    canvas.path(outline, stroke=role, line=0.8)


def _indices(cells: Sequence[int | None]) -> str:
    return " ".join("-" if cell is None else str(cell) for cell in cells)
