"""Explained values against loops and modules in float64, and the terms of each step against its result."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sepviz.errors import InvalidParameters, OverBudget
from sepviz.layer.cell import Cell
from sepviz.layer.operations import Convolution
from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec
from sepviz.tensors.explain import MAX_PARTS, explain
from sepviz.tensors.inputs import Inputs
from sepviz.tensors.trace import run
from torch import nn

from tests.support.layers import correlated, layers, steps

INPUTS = Inputs()
FOLLOWERS = st.sampled_from([(), ("norm",), ("relu6",), ("norm", "hard-swish"), ("silu",), ("gelu", "norm")])
MODULES = {"relu6": nn.ReLU6, "hard-swish": nn.Hardswish, "silu": nn.SiLU, "gelu": nn.GELU}


@st.composite
def layers_and_cells(draw, **fixed):
    spec = draw(layers(plain=False, **fixed))
    between = {"between": draw(FOLLOWERS)} if len(plan(spec).convolutions) > 1 else {}
    spec = LayerSpec(
        **{name: getattr(spec, name) for name in spec.model_fields_set} | between | {"after": draw(FOLLOWERS)}
    )
    return spec, draw(cells(spec))


@st.composite
def cells(draw, spec):
    made = draw(st.sampled_from(plan(spec).operations))
    sizes = (made.out_channels, *made.output)
    return Cell(made.name, *(draw(st.integers(0, size - 1)) for size in sizes))


def in_float64(spec):
    """The input and the output of every operation, by loops and by the modules of torch."""
    trace = run(spec, INPUTS)
    maps = INPUTS.tensor(spec)[0].double().numpy()
    found = {"input": maps}
    convolutions = iter(steps(spec))
    for stage in trace.stages:
        if isinstance(stage.operation, Convolution):
            _, *rest = next(convolutions)
            bias = None if stage.bias is None else stage.bias.double().numpy()
            maps = correlated(maps, stage.weight.double().numpy(), bias, *rest)
        elif stage.name.endswith("norm"):
            maps = (maps - maps.mean((1, 2), keepdims=True)) / np.sqrt(maps.var((1, 2), keepdims=True) + 1e-5)
        else:
            module = MODULES[stage.name.partition("-")[2]]()
            maps = module(torch.from_numpy(maps)).numpy()
        found[stage.name] = maps
    return found


def numbers(rows):
    return np.array([[0.0 if value is None else value for value in row] for row in rows])


def close(expected, magnitude=1.0):
    return pytest.approx(expected, rel=2e-4, abs=2e-4 * max(1.0, magnitude))


@settings(max_examples=25)
@given(layers_and_cells())
def test_every_step_equals_float64_and_its_terms_sum_to_its_value(given_layer):
    spec, cell = given_layer
    maps = in_float64(spec)
    explained = explain(spec, INPUTS, cell)
    assert Cell(explained.stage, explained.channel, explained.row, explained.column) == cell
    largest = max(np.abs(each).max() for each in maps.values())
    assert explained.value == close(maps[cell.stage][cell[1:]], largest)
    assert explained.steps[-1].stage == cell.stage
    for step in explained.steps:
        expected = maps[step.stage][step.channel, step.row, step.column]
        assert step.value == close(expected, largest)
        if step.kind == "convolution":
            assert step.sum == pytest.approx(
                sum(part.sum for part in step.parts) + step.rest.sum + (step.bias or 0), abs=1e-9 * max(1, largest)
            )
            assert step.sum == close(step.value, largest)
        else:
            assert step.result == close(step.value, largest)


@settings(max_examples=25)
@given(layers_and_cells())
def test_windows_are_cells_of_the_map_before_and_padding_is_zero(given_layer):
    spec, cell = given_layer
    maps = in_float64(spec)
    names = list(maps)
    largest = max(np.abs(each).max() for each in maps.values())
    for step in explain(spec, INPUTS, cell).steps:
        before = maps[names[names.index(step.stage) - 1]]
        if step.kind != "convolution":
            assert step.operand == close(before[step.channel, step.row, step.column], largest)
            continue
        for part in step.parts:
            np.testing.assert_array_equal(numbers(part.window) * numbers(part.kernel), numbers(part.products))
            assert numbers(part.products).sum() == pytest.approx(part.sum, abs=1e-9 * max(1, largest))
            for row, values in zip(step.rows, part.window, strict=True):
                for column, value in zip(step.columns, values, strict=True):
                    inside = 0 <= row < before.shape[1] and 0 <= column < before.shape[2]
                    assert (value is not None) == inside
                    if inside:
                        assert value == close(before[part.channel, row, column], largest)


@settings(max_examples=25)
@given(layers_and_cells())
def test_each_step_reads_what_the_step_before_made(given_layer):
    steps_made = explain(given_layer[0], INPUTS, given_layer[1]).steps
    for before, after in pairwise(steps_made):
        assert after.source == before.output
        assert before.channel == after.source.channel
        assert (before.row, before.column) in {(y, x) for y in after.source.rows for x in after.source.columns}


@settings(max_examples=25)
@given(layers_and_cells(kinds=("depthwise-separable", "standard")), st.integers(0, 20))
def test_chosen_channel_is_shown_where_the_value_is_made_of_it(given_layer, through):
    spec, cell = given_layer
    default, chosen = (explain(spec, INPUTS, cell, through=each) for each in (None, through))
    assert chosen.value == default.value
    for step, other in zip(reversed(chosen.steps), reversed(default.steps), strict=False):
        if step.kind == "convolution":
            feeding = {part.channel for part in other.parts}
            assert step.through == (through if through in feeding else other.through)
            break


def test_largest_terms_are_listed_and_the_others_summed_up():
    spec = LayerSpec(in_channels=64, out_channels=4, size=9, kernel_size=3, weights="random")
    cell = Cell("pointwise", 2, 4, 5)
    trace = run(spec, INPUTS)
    depthwise, pointwise = (trace.stage(name) for name in ("depthwise", "pointwise"))
    products = pointwise.weight[2, :, 0, 0].double() * depthwise.output.values[0, :, 4, 5].double()
    order = products.abs().argsort(descending=True)
    step = explain(spec, INPUTS, cell).steps[-1]
    assert [part.channel for part in step.parts] == order[:MAX_PARTS].tolist()
    assert step.rest.count == 64 - MAX_PARTS
    assert step.rest.sum == pytest.approx(products[order[MAX_PARTS:]].sum().item())
    last = order[-1].item()
    shown = explain(spec, INPUTS, cell, through=last).steps
    assert (shown[-1].through, shown[0].channel) == (last, last)
    assert len(shown[-1].parts) == MAX_PARTS


def test_steps_end_where_the_window_is_padding_alone():
    spec = LayerSpec(kind="spatially-separable", kernel_size=2, dilation=2, padding=4, size=6, in_channels=1)
    explained = explain(spec, INPUTS, Cell("horizontal", 0, 5, 0))
    assert [step.stage for step in explained.steps] == ["horizontal"]
    assert explained.steps[0].parts[0].window == ((None, None),)
    assert explained.value == 0


@pytest.mark.parametrize("cell", ["input,0,0,0", "depthwise,3,0,0", "pointwise,0,128,0", "pointwise,0,0,128"])
def test_cell_outside_the_layer_is_refused(cell):
    stage, *numbers_of = cell.split(",")
    with pytest.raises(InvalidParameters, match="would fit"):
        explain(LayerSpec(), INPUTS, Cell(stage, *map(int, numbers_of)))


def test_layer_over_the_budget_is_refused():
    with pytest.raises(OverBudget, match="size up to"):
        explain(LayerSpec(in_channels=512, out_channels=512, size=1024), INPUTS, Cell("pointwise", 0, 0, 0))
