"""`feeding_cells`, and the stored windows that the tests in JavaScript share, beside naive loops."""

from itertools import product

import pytest
from sepviz.layer.cell import parse_cell
from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec

from tests.support import windows
from tests.support.layers import steps

ENTRIES = windows.read()


def test_stored_windows_are_those_of_the_code():
    assert windows.PATH.read_text() == windows.text(), "run python -m tests.support.windows"


def test_stored_layers_have_every_kind_and_option():
    layers = [LayerSpec.parse(pair.split("=") for pair in each["query"].split("&")) for each in ENTRIES]
    for name, values in {
        "kind": {"depthwise-separable", "spatially-separable", "standard"},
        "stride": {1, 2, 3},
        "dilation": {1, 2, 3},
        "depth_multiplier": {1, 2, 3},
        "groups": {1, 2},
        "between": {(), ("relu",)},
    }.items():
        assert values <= {getattr(layer, name) for layer in layers}, name


@pytest.mark.parametrize("entry", ENTRIES, ids=map(str, range(len(ENTRIES))))
def test_stored_windows_equal_naive_loops(entry):
    spec = LayerSpec.parse(pair.split("=") for pair in entry["query"].split("&"))
    for each in entry["cells"]:
        feeding = each["feeding"]
        found = {stage: set(product(range(first, end), rows, columns)) for stage, first, end, rows, columns in feeding}
        assert found == naive_feeding(spec, parse_cell(each["cell"]))


def naive_feeding(spec, cell):
    """Of each stage back to the input, (channel, row, column) of each cell, one kernel cell after the other."""
    planned = plan(spec)
    geometry = {name: rest for name, *rest in steps(spec)}
    cells = {(cell.channel, cell.row, cell.column)}
    names = ["input", *(each.name for each in planned.operations)]
    found = {cell.stage: cells}
    for number in range(names.index(cell.stage), 0, -1):
        operation = planned.operations[number - 1]
        height, width = operation.output
        cells = {each for each in cells if 0 <= each[1] < height and 0 <= each[2] < width}
        if operation.name in geometry:
            cells = _under_kernels(cells, operation, *geometry[operation.name])
        found[names[number - 1]] = cells
    return found


def _under_kernels(cells, operation, groups, stride, dilation, padding):
    feeding = operation.in_channels // groups
    under = set()
    for channel, row, column in cells:
        group = channel // (operation.out_channels // groups)
        for source, i, j in product(range(feeding), *map(range, operation.kernel)):
            y = row * stride[0] + i * dilation[0] - padding[0][0]
            x = column * stride[1] + j * dilation[1] - padding[1][0]
            under.add((group * feeding + source, y, x))
    return under
