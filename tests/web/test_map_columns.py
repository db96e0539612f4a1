"""The columns of maps that the page shows, in the order of the layer's convolutions."""

import pytest
from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec
from sepviz.web.map_columns import map_panes


def columns(**parameters):
    return [column for pane in map_panes(plan(LayerSpec.parse(parameters.items()))) for column in pane]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("depthwise-separable", {"input": "maps", "depthwise": "kernels maps", "weights": "matrix", "output": "maps"}),
        ("spatially-separable", {"input": "maps", "vertical": "kernels maps", "weights": "kernels", "output": "maps"}),
        ("standard", {"input": "maps", "weights": "kernels", "output": "maps"}),
    ],
)
def test_each_convolution_has_its_kernels_and_its_maps(kind, expected):
    assert {column.key: column.shows for column in columns(kind=kind)} == expected


def test_maps_of_a_column_are_those_after_the_operations_that_follow():
    found = columns(between="norm,relu6", after="relu")
    assert [column.stage for column in found] == ["input", "depthwise-relu6", "pointwise-relu", "pointwise-relu"]
    assert [column.weights for column in found] == ["", "depthwise", "pointwise", "pointwise"]


def test_chain_ends_where_channels_are_mixed():
    assert [column.chain for column in columns()] == [0, 0, 1, 1]
    assert [column.chain for column in columns(kind="standard")] == [0, 1, 1]
    assert {column.chain for column in columns(kind="spatially-separable", between="relu")} == {0}


@pytest.mark.parametrize(("groups", "chains"), [("1", {0, 1}), ("2", {0, 1}), ("4", {0})])
def test_channels_stay_apart_in_a_standard_layer_with_a_group_for_each(groups, chains):
    assert {column.chain for column in columns(kind="standard", in_channels="4", groups=groups)} == chains


def test_input_takes_as_many_rows_as_it_has_depthwise_maps():
    found = columns(depth_multiplier="3", between="relu")
    assert [(column.multiplier, column.rows) for column in found] == [(1, 3), (3, 1), (1, 1), (1, 1)]


def test_maps_stand_in_rows_of_three_once_channels_are_mixed():
    assert [column.across for column in columns()] == [1, 1, 3, 3]
    assert {column.across for column in columns(kind="spatially-separable")} == {1}


def test_remark_stands_beside_the_kernels_of_the_last_convolution():
    first, last = map_panes(plan(LayerSpec(kind="standard")), "The same.")
    assert [column.remark for column in (*first, *last)] == [None, "The same.", None]
