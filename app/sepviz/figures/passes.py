"""The stages of a layer at work on a corner of their maps: which cells each kernel makes, one after the other."""

from collections.abc import Iterator
from dataclasses import dataclass

from sepviz.figures.map_patch import covered, first_cells, within
from sepviz.layer.kinds import Kind
from sepviz.layer.operations import Convolution
from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec

KINDS: dict[str, Kind] = {
    "separable": "depthwise-separable",
    "depthwise": "depthwise-separable",
    "pointwise": "depthwise-separable",
    "standard": "standard",
    "spatial": "spatially-separable",
}

_CELLS = (4, 4)  # of the output, rows and columns
_SPATIAL_CELLS = (3, 3)
_ACROSS = 8  # a row of the vertical map is made in at most so many steps


@dataclass(frozen=True, slots=True)
class Pass:
    """One stage at work: it makes these rows and columns of its output, a step at a time."""

    shape: Convolution
    rows: range
    columns: range

    @property
    def mixes(self) -> bool:
        """Whether an output is made of all channels."""
        return self.shape.stage.mixes_channels

    def steps(self) -> list[tuple[int, range]]:
        """A row and the columns that are made in it at once: one, where they are not too many."""
        size = -(-len(self.columns) // _ACROSS)
        starts = range(0, len(self.columns), size)
        return [(row, self.columns[start : start + size]) for row in self.rows for start in starts]

    def reach(self) -> tuple[range, range]:
        """The rows and columns of the input that it looks at, padding included."""
        return covered(self.shape, self.rows, self.columns)

    def window(self, step: int) -> tuple[range, range]:
        """What is under the kernel in a step."""
        row, columns = self.steps()[step]
        return self.shape.window(row, columns[-1])

    def made(self, count: int) -> Iterator[tuple[range, range]]:
        """What is made after so many steps, as rows and columns: whole rows, and a part of one."""
        steps = self.steps()[:count]
        if not steps:
            return
        row, last = steps[-1]
        if row > self.rows.start:
            yield range(self.rows.start, row), self.columns
        yield range(row, row + 1), range(self.columns.start, last.stop)


def passes(name: str, spec: LayerSpec) -> tuple[Pass, ...]:
    """The stages that a figure shows, at work on the first cells that look at the map."""
    kind = KINDS.get(name, spec.kind)
    stages = plan(spec if spec.kind == kind else spec.as_kind(kind)).convolutions
    if stages[0].stage.is_one_sided:
        vertical, horizontal = stages
        rows, _ = first_cells(vertical, _SPATIAL_CELLS)
        _, columns = first_cells(horizontal, _SPATIAL_CELLS)
        between = within(covered(horizontal, rows, columns)[1], vertical.output[1])
        return Pass(vertical, rows, between or range(1)), Pass(horizontal, rows, columns)
    rows, columns = first_cells(stages[0], _CELLS)
    every = tuple(Pass(stage, rows, columns) for stage in stages)
    return {"depthwise": every[:1], "pointwise": every[-1:]}.get(name, every)
