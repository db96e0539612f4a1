"""Passes of a layer's kernels over a corner of their maps: the order in which cells are computed."""

from collections.abc import Iterator
from dataclasses import dataclass

from sepviz.figures.map_patch import covering_ranges, first_cells, within
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
_MAX_STEPS_PER_ROW = 8  # for long rows of the vertical map


@dataclass(frozen=True, slots=True)
class Pass:
    """One stage that computes these rows and columns of its output step by step."""

    shape: Convolution
    rows: range
    columns: range

    @property
    def mixes(self) -> bool:
        """Whether an output reads all channels."""
        return self.shape.stage.mixes_channels

    def steps(self) -> list[tuple[int, range]]:
        """By step: a row, and the columns computed at once; one column unless there are too many."""
        size = -(-len(self.columns) // _MAX_STEPS_PER_ROW)
        starts = range(0, len(self.columns), size)
        return [(row, self.columns[start : start + size]) for row in self.rows for start in starts]

    def input_ranges(self) -> tuple[range, range]:
        """The rows and columns of the input that the pass reads, including padding."""
        return covering_ranges(self.shape, self.rows, self.columns)

    def window(self, step: int) -> tuple[range, range]:
        """The rows and columns under the kernel in a step."""
        row, columns = self.steps()[step]
        return self.shape.window(row, columns[-1])

    def cells_made(self, count: int) -> Iterator[tuple[range, range]]:
        """The cells computed after `count` steps, as rows and columns: complete rows, and a part of one."""
        steps = self.steps()[:count]
        if not steps:
            return
        row, last = steps[-1]
        if row > self.rows.start:
            yield range(self.rows.start, row), self.columns
        yield range(row, row + 1), range(self.columns.start, last.stop)


def passes(name: str, spec: LayerSpec) -> tuple[Pass, ...]:
    """The passes of a figure's stages, over the first cells whose windows are on the map."""
    kind = KINDS.get(name, spec.kind)
    stages = plan(spec if spec.kind == kind else spec.as_kind(kind)).convolutions
    if stages[0].stage.is_one_sided:
        vertical, horizontal = stages
        rows, _ = first_cells(vertical, _SPATIAL_CELLS)
        _, columns = first_cells(horizontal, _SPATIAL_CELLS)
        between = within(covering_ranges(horizontal, rows, columns)[1], vertical.output[1])
        return Pass(vertical, rows, between or range(1)), Pass(horizontal, rows, columns)
    rows, columns = first_cells(stages[0], _CELLS)
    every = tuple(Pass(stage, rows, columns) for stage in stages)
    return {"depthwise": every[:1], "pointwise": every[-1:]}.get(name, every)
