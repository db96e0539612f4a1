"""Costs are the published ones, torch's own counts and the formulas of MobileNets."""

import math
from fractions import Fraction

import pytest
import torch
from hypothesis import given
from sepviz.layer.cost import compare
from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from tests.support.layers import layers


def macs(spec):
    cost = compare(spec)
    return cost.baseline.macs, *(stage.macs.value for stage in cost.layer.stages)


def params(spec):
    cost = compare(spec)
    return cost.baseline.params, *(stage.params for stage in cost.layer.stages)


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        (
            {"in_channels": 3, "out_channels": 256, "kernel_size": 5, "padding": "valid", "size": 12},
            (1228800, 4800, 49152),
        ),
        ({"in_channels": 128, "out_channels": 256, "size": 56}, (924844032, 3612672, 102760448)),
        ({"in_channels": 64, "out_channels": 128, "size": 112}, (924844032, 109985792 - 102760448, 102760448)),
        ({"in_channels": 512, "out_channels": 512, "size": 14}, (462422016, 52283392 - 51380224, 51380224)),
    ],
)
def test_macs_equal_the_published_ones(parameters, expected):
    assert macs(LayerSpec(**parameters)) == expected


@pytest.mark.parametrize(
    ("in_channels", "out_channels", "bias", "standard", "separable"),
    [
        (64, 128, False, 73728, 8768),
        (128, 256, False, 294912, 33920),
        (512, 512, False, 2359296, 266752),
        (16, 32, False, 4608, 656),
        (3, 128, True, 3584, 542),
    ],
)
def test_params_equal_the_published_ones(in_channels, out_channels, bias, standard, separable):
    cost = compare(LayerSpec(in_channels=in_channels, out_channels=out_channels, bias=bias))
    assert (cost.baseline.params, cost.layer.params) == (standard, separable)


def test_sums_and_map_sizes_equal_the_published_ones():
    article = LayerSpec(in_channels=3, out_channels=256, kernel_size=5, padding="valid", size=12)
    assert plan(article).convolutions[-1].output_shape == (256, 8, 8)
    assert compare(article).layer.macs == 53952
    assert compare(LayerSpec(in_channels=64, out_channels=128, size=112)).layer.macs == 109985792
    assert compare(LayerSpec(in_channels=512, out_channels=512, size=14)).layer.macs == 52283392
    assert params(LayerSpec(in_channels=3, out_channels=128, bias=True))[1:] == (30, 512)


def test_spatial_costs_equal_the_published_example():
    names = {"kind": "spatially-separable", "in_channels": 1, "out_channels": 1, "padding": "valid"}
    spec = LayerSpec(size=5, **names)
    assert macs(spec) == (81, 45, 27)
    assert compare(spec).layer.macs == 72
    assert params(spec) == (9, 3, 3)


def test_bias_is_counted_after_each_stage_unlike_in_keras():
    layer = {"in_channels": 10, "out_channels": 100, "kernel_size": 5}
    assert compare(LayerSpec(**layer, bias=True)).layer.params == 1360
    assert compare(LayerSpec(**layer)).layer.params + 100 == 1350


@pytest.mark.parametrize(
    ("parameters", "ratio"),
    [
        ({"out_channels": 1}, 1.111),
        ({"kernel_size": 1, "out_channels": 64}, 1.016),
        ({"out_channels": 64, "depth_multiplier": 8}, 1.014),
    ],
)
def test_ratio_above_1_where_separating_costs_more(parameters, ratio):
    assert compare(LayerSpec(**parameters)).macs_ratio == pytest.approx(ratio, abs=5e-4)


@given(layers(plain=False, kinds=("depthwise-separable",)))
def test_ratio_equals_the_formula_of_the_paper(spec):
    cost = compare(spec)
    paper = spec.depth_multiplier * (Fraction(1, spec.out_channels) + Fraction(1, spec.kernel_size.area))
    assert Fraction(cost.layer.macs, cost.baseline.macs) == paper
    assert cost.macs_ratio == pytest.approx(float(paper))
    weights = sum(stage.weights.value for stage in cost.layer.stages)
    assert Fraction(weights, sum(stage.weights.value for stage in cost.baseline.stages)) == paper
    assert spec.bias or cost.params_ratio == pytest.approx(float(paper))


@given(layers(plain=False))
def test_spatial_weights_and_grouped_macs_equal_their_formulas(spec):
    if spec.kind == "standard":
        assert Fraction(compare(spec).layer.macs, compare(spec).baseline.macs) == Fraction(1, spec.groups)
    elif spec.kind == "spatially-separable":
        weights = sum(stage.weights.value for stage in compare(spec).layer.stages)
        assert weights == sum(spec.kernel_size) * spec.in_channels
        assert compare(spec).baseline.stages[0].weights.value == spec.kernel_size.area * spec.in_channels


def counted(shape, bias):
    """(parameters, floating point operations) by torch."""
    module = nn.Conv2d(
        shape.in_channels,
        shape.out_channels,
        shape.kernel,
        shape.stride,
        dilation=shape.dilation,
        groups=shape.groups,
        bias=bias,
        device="meta",
    )
    (rows, columns), ((top, bottom), (left, right)) = shape.input, shape.padding
    with FlopCounterMode(display=False) as flops:
        made = module(torch.empty(1, shape.in_channels, rows + top + bottom, columns + left + right, device="meta"))
    assert made.shape[1:] == shape.output_shape
    return sum(each.numel() for each in module.parameters()), flops.get_total_flops()


@given(layers(plain=False))
def test_params_and_macs_equal_those_that_torch_counts(spec):
    cost = compare(spec)
    for stage, shape in zip(
        (*cost.layer.stages, *cost.baseline.stages), (*plan(spec).convolutions, plan(spec).replaced), strict=True
    ):
        numbers, flops = counted(shape, spec.bias)
        assert stage.operation == shape
        assert stage.params == numbers
        assert stage.macs.value * 2 == flops
        assert stage.biases == (shape.out_channels if spec.bias else 0)
        moved = numbers + math.prod(shape.input_shape) + math.prod(shape.output_shape)
        assert stage.operation.bytes_moved == 4 * moved
        assert stage.flops_per_byte == pytest.approx(flops / (4 * moved))
    for whole in (cost.layer, cost.baseline):
        assert whole.macs == sum(stage.macs.value for stage in whole.stages)
        assert whole.params == sum(stage.params for stage in whole.stages)
        assert whole.bytes_moved == sum(stage.operation.bytes_moved for stage in whole.stages)


@given(layers(plain=False))
def test_product_of_the_formula_equals_the_number(spec):
    cost = compare(spec)
    for stage in (*cost.layer.stages, *cost.baseline.stages):
        for term in (stage.macs, stage.weights):
            assert math.prod(factor.value for factor in term.factors) == term.value
            assert str(term) == " · ".join(factor.letter for factor in term.factors)
            assert term.stage == stage.name
        assert str(stage.macs).startswith(str(stage.weights))


@pytest.mark.parametrize(
    ("parameters", "formulas"),
    [
        ({"kind": "standard"}, ["D_K · D_K · M · N · D_F · D_F"]),
        ({}, ["D_K · D_K · M · D_F · D_F", "M · N · D_F · D_F"]),
        ({"depth_multiplier": 2}, ["D_K · D_K · M · m · D_F · D_F", "M · m · N · D_F · D_F"]),
        ({"kind": "spatially-separable"}, ["D_K · M · H′ · W", "D_K · M · H′ · W′"]),
        ({"kernel_size": "1x7"}, ["K_H · K_W · M · D_F · D_F", "M · N · D_F · D_F"]),
        ({"size": "8x16"}, ["D_K · D_K · M · H′ · W′", "M · N · H′ · W′"]),
        ({"kind": "spatially-separable", "kernel_size": "3x5"}, ["K_H · M · H′ · W", "K_W · M · H′ · W′"]),
        ({"kind": "standard", "in_channels": 4, "groups": 2}, ["D_K · D_K · M/g · N · D_F · D_F"]),
    ],
)
def test_formula_has_the_letters_of_the_stage(parameters, formulas):
    assert [str(stage.macs) for stage in compare(LayerSpec(**parameters)).layer.stages] == formulas


def test_arithmetic_intensity_equals_the_published_one():
    cost = compare(LayerSpec(in_channels=512, out_channels=512, size=14))
    found = [round(stage.flops_per_byte, 1) for stage in (*cost.baseline.stages, *cost.layer.stages)]
    assert found == [90.3, 2.2, 55.5]


# (out_channels, stride) of the thirteen separable layers after the first convolution, 3 -> 32 with stride 2.
MOBILENET = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1)]


def test_layers_of_mobilenet_v1_add_up_to_the_published_totals():
    first = LayerSpec(kind="standard", out_channels=32, stride=2, size=224)
    costs, channels, size = [compare(first)], 32, 112
    for outputs, stride in MOBILENET:
        spec = LayerSpec(in_channels=channels, out_channels=outputs, stride=stride, size=size)
        costs.append(compare(spec))
        channels, size = outputs, plan(spec).convolutions[-1].output[0]
    assert (channels, size) == (1024, 7)
    assert sum(each.layer.macs for each in costs) == 567_716_352
    assert sum(each.layer.params for each in costs) + 1024 * 1000 == 4_209_088
    assert sum(each.baseline.macs for each in costs) == 4_866_269_184
    assert sum(each.baseline.params for each in costs) + 1024 * 1000 == 29_281_120


@pytest.mark.parametrize(
    ("parameters", "macs", "params"),
    [
        ({"in_channels": 1024, "out_channels": 1024, "size": 7}, 9216 * 49 + 1024 * 1024 * 49, 9216 + 1024**2),
        ({"in_channels": 960, "out_channels": 320, "size": 7}, 8640 * 49 + 960 * 320 * 49, 8640 + 960 * 320),
        ({"in_channels": 728, "out_channels": 728, "size": 19}, 6552 * 361 + 728**2 * 361, 6552 + 728**2),
        (
            {"in_channels": 768, "out_channels": 768, "kernel_size": 7, "size": 7},
            37632 * 49 + 768**2 * 49,
            37632 + 768**2,
        ),
        ({"in_channels": 1, "out_channels": 1, "size": 5, "padding": "valid"}, 81 + 9, 10),
    ],
)
def test_layers_of_real_networks_and_of_a_blackboard_are_counted(parameters, macs, params):
    cost = compare(LayerSpec(**parameters)).layer
    assert (cost.macs, cost.params) == (macs, params)


@given(layers(plain=False, kinds=("depthwise-separable",)))
def test_norms_count_two_params_for_each_channel_and_activations_none(spec):
    plain, followed = compare(spec).layer, compare(spec.replace(between="norm,relu6", after="norm,gelu")).layer
    channels = [stage.operation.out_channels for stage in plain.stages]
    assert followed.params == plain.params + 2 * sum(channels)
    assert followed.macs == plain.macs
