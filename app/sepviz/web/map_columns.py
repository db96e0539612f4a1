"""The columns of maps and kernels on the page, described by the server: the browser draws as many as there are."""

from typing import Any, Literal, NamedTuple

from sepviz.layer.operations import Convolution, Operation
from sepviz.layer.plan import Plan
from sepviz.web.wording import (
    Heading,
    Labels,
    column_labels,
    input_heading,
    kernels_and_maps_heading,
    kernels_heading,
    output_heading,
)

# Maps; maps with a kernel beside each; a picture of kernels for each map; or a row of a matrix for each map.
Shows = Literal["maps", "kernels maps", "kernels", "matrix"]

# Shares of the page's width. Those of the default layer stand below the columns of its diagram.
INPUT_WIDTH = 190
KERNELS_AND_MAPS_WIDTH = 280
MATRIX_WIDTH = 220
SINGLE_KERNELS_WIDTH = 220
KERNEL_SHEETS_WIDTH = 500  # kernels of all channels for each map
LAST_MAPS_WIDTH = 278
# Maps side by side once channels are mixed; before, each channel has a row of its own.
MIXED_ACROSS = 3


class MapColumn(NamedTuple):
    """What a column shows, in which words, and which maps of other columns its maps belong to.

    In the columns of one `chain` channels stay apart: each channel at its start has `multiplier` maps in this column.
    """

    key: str
    stage: str  # the name of the tensor of its maps: a convolution's, or that of the last operation that follows it
    weights: str  # the name of the tensors of its kernels
    shows: Shows
    heading: Heading
    labels: Labels
    role: str  # the colour of the heading
    width: int
    number: int  # of maps, or of pictures of kernels
    across: int = 1  # of these side by side
    chain: int = 0
    multiplier: int = 1
    rows: int = 1  # that each map takes beside columns of its chain with more maps
    is_input: bool = False
    remark: str | None = None  # empty where it does not apply, None where it never does

    def description(self) -> dict[str, Any]:
        """What the browser needs to draw the column, for JSON."""
        names = ("key", "stage", "weights", "shows", "chain", "multiplier", "rows")
        return {name: getattr(self, name) for name in names} | {"input": self.is_input} | self.labels._asdict()


Pane = tuple[MapColumn, ...]


def map_panes(planned: Plan, remark: str | None = None) -> tuple[Pane, Pane]:
    """The columns in two panes: what channels are made into, and what outputs are made of.

    The second begins with the kernels of the last convolution; the remark stands beside them.
    """
    *before, last = planned.convolutions
    labels = column_labels(planned)
    first = [_input_column(planned.operations[0], labels["input"])]
    for convolution in before:
        column = _maps_column(convolution, planned.result(convolution).name, labels[convolution.name], first[-1])
        first.append(
            column._replace(
                shows="kernels maps",
                heading=kernels_and_maps_heading(convolution, is_mixed_later=last.mixes_channels),
                role=convolution.stage.role,
                width=KERNELS_AND_MAPS_WIDTH,
            )
        )
    output = _maps_column(last, planned.result(last).name, labels[last.name], first[-1])
    second = [_kernels_column(last, output, remark, is_repeated=bool(before)), output]
    most = {column.chain: column.multiplier for column in (*first, *second)}  # it never falls along a chain
    panes = ([each._replace(rows=most[each.chain] // each.multiplier) for each in pane] for pane in (first, second))
    left, right = map(tuple, panes)
    return left, right


def describe_operation(operation: Operation) -> dict[str, Any]:
    """Which cells feed which, for JSON: the browser marks them without a request."""
    return {
        "name": operation.name,
        "channels": (operation.in_channels, operation.out_channels),
        "groups": operation.groups,
        "kernel": operation.kernel,
        "stride": operation.stride,
        "padding": tuple(before for before, _ in operation.padding),
        "dilation": operation.dilation,
        "input": operation.input,
        "output": operation.output,
    }


def _input_column(first: Operation, labels: Labels) -> MapColumn:
    return MapColumn(
        "input",
        "input",
        "",
        "maps",
        input_heading(first),
        labels,
        "ink",
        INPUT_WIDTH,
        first.in_channels,
        is_input=True,
    )


def _maps_column(convolution: Convolution, result: str, labels: Labels, previous: MapColumn) -> MapColumn:
    chain = previous.chain + convolution.mixes_channels
    multiplier = previous.multiplier * convolution.out_channels // convolution.in_channels
    return MapColumn(
        key="output" if labels.map == "output" else convolution.name,
        stage=result,
        weights=convolution.name,
        shows="maps",
        heading=output_heading(convolution),
        labels=labels,
        role="ink",
        width=LAST_MAPS_WIDTH,
        number=convolution.out_channels,
        across=MIXED_ACROSS if chain else 1,
        chain=chain,
        multiplier=1 if convolution.mixes_channels else multiplier,
    )


def _kernels_column(convolution: Convolution, maps: MapColumn, remark: str | None, *, is_repeated: bool) -> MapColumn:
    shows: Shows = "matrix" if convolution.mixes_channels and convolution.stage.is_pointwise else "kernels"
    if not convolution.mixes_channels:
        width = SINGLE_KERNELS_WIDTH
    else:
        width = MATRIX_WIDTH if convolution.stage.is_pointwise else KERNEL_SHEETS_WIDTH
    heading = kernels_heading(convolution, is_repeated=is_repeated)
    role = convolution.stage.role
    return maps._replace(key="weights", shows=shows, heading=heading, role=role, width=width, remark=remark)
