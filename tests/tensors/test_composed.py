"""The composed kernel: numpy's sums, and one convolution in place of the layer."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sepviz.errors import OverBudget
from sepviz.layer.operations import FOLLOWERS
from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec
from sepviz.tensors.composed import (
    compose,
    composed_kernel,
    is_normalized_between,
    is_one_convolution,
)
from sepviz.tensors.inputs import Inputs
from sepviz.tensors.trace import run

from tests.support.layers import layers, sides

INPUTS = Inputs()
SEPARABLE = ("depthwise-separable",)


def channel_of(data, spec):
    return data.draw(st.integers(0, spec.out_channels - 1))


def tolerance(found):
    return 2e-5 * max(1.0, float(found.layer.abs().max()))


@settings(max_examples=60)
@given(st.data(), layers(plain=False))
def test_map_of_one_convolution_equals_that_of_the_layer(data, spec):
    found = compose(spec, channel_of(data, spec), INPUTS)
    assume(is_one_convolution(plan(spec)))
    assert found.layer.shape == plan(spec).replaced.output
    assert float((found.layer - found.composed).abs().max()) <= tolerance(found)


@settings(max_examples=40)
@given(st.data(), layers(plain=False))
def test_composed_map_is_that_of_torch_with_the_whole_kernel(data, spec):
    channel = channel_of(data, spec)
    found = compose(spec, channel, INPUTS)
    whole = torch.zeros(1, spec.in_channels, *spec.kernel_size)
    whole[0, found.kernel.channels.start : found.kernel.channels.stop] = found.kernel.slices
    (top, bottom), (left, right) = sides(spec, 0), sides(spec, 1)
    maps = F.pad(INPUTS.tensor(spec), (left, right, top, bottom)).double()
    bias = None if found.kernel.bias is None else torch.tensor([found.kernel.bias]).double()
    expected = F.conv2d(maps, whole.double(), bias, spec.stride, 0, spec.dilation)[0, 0]
    np.testing.assert_allclose(found.composed.double(), expected, atol=tolerance(found))


@settings(max_examples=40)
@given(st.data(), layers(kinds=SEPARABLE, plain=False))
def test_kernel_is_the_sum_over_the_multiplier_of_weight_times_filter(data, spec):
    channel, multiplier = channel_of(data, spec), spec.depth_multiplier
    trace = run(spec, INPUTS)
    filters = trace.stage("depthwise").weight.double().numpy()[:, 0]
    row = trace.stage("pointwise").weight.double().numpy()[channel, :, 0, 0]
    kernel = composed_kernel(trace, channel)
    for c in range(spec.in_channels):
        expected = sum(row[c * multiplier + r] * filters[c * multiplier + r] for r in range(multiplier))
        np.testing.assert_allclose(kernel.slices[c], expected, atol=1e-6)
    if spec.bias:
        depthwise, pointwise = (trace.stage(name).bias.double().numpy() for name in ("depthwise", "pointwise"))
        assert kernel.bias == pytest.approx(pointwise[channel] + row @ depthwise, abs=1e-6)
    else:
        assert kernel.bias is None


@settings(max_examples=30)
@given(st.data(), layers(kinds=("spatially-separable",), plain=False))
def test_kernel_of_columns_and_rows_is_their_outer_product(data, spec):
    channel = channel_of(data, spec)
    trace = run(spec, INPUTS)
    column, row = (trace.stage(name).weight[channel, 0].double().numpy() for name in ("vertical", "horizontal"))
    kernel = composed_kernel(trace, channel)
    assert kernel.channels == range(channel, channel + 1)
    np.testing.assert_allclose(kernel.slices[0], np.outer(column, row), atol=1e-6)


@settings(max_examples=30)
@given(st.data(), layers(plain=False))
def test_products_of_the_factors_add_up_to_the_slices(data, spec):
    kernel = compose(spec, channel_of(data, spec), INPUTS).kernel
    product = kernel.factors[0].double()
    for factor in kernel.factors[1:]:
        product = product * factor.double()
    np.testing.assert_allclose(product.sum(1), kernel.slices, atol=1e-5)


@pytest.mark.parametrize("between", [name for name in FOLLOWERS if name != "norm"])
def test_layer_with_an_activation_between_is_no_single_convolution(between):
    spec = LayerSpec(between=between, input="noise")
    found = compose(spec, 3, INPUTS)
    assert not is_one_convolution(plan(spec))
    assert float((found.layer - found.composed).abs().max()) > 0.1


@pytest.mark.parametrize(
    ("between", "expected"), [("none", False), ("norm", True), ("norm,relu6", False), ("gelu", False)]
)
def test_layer_is_normalized_between_where_batch_norm_stands_alone(between, expected):
    assert is_normalized_between(plan(LayerSpec(between=between, after="norm"))) == expected


def test_norm_between_is_none_of_the_single_convolution():
    assert not is_one_convolution(plan(LayerSpec(between="norm")))
    assert is_one_convolution(plan(LayerSpec(after="norm,relu6")))


def test_operations_after_the_last_stage_follow_the_single_convolution_too():
    found = compose(LayerSpec(after="relu6", bias=True), 1, INPUTS)
    assert float(found.composed.min()) == 0
    assert float((found.layer - found.composed).abs().max()) < 1e-5


def test_bias_that_a_stage_pads_differs_at_the_border_alone():
    spec = LayerSpec(kind="spatially-separable", out_channels=3, bias=True, weights="random", size=(9, 11))
    found = compose(spec, 2, INPUTS)
    difference = (found.layer - found.composed).abs()
    assert not is_one_convolution(plan(spec))
    assert float(difference[:, 1:-1].max()) < 1e-6
    assert float(difference[:, [0, -1]].min()) > 1e-3


def test_layer_over_the_budget_is_refused_with_a_size_that_fits():
    with pytest.raises(OverBudget) as error:
        compose(LayerSpec(in_channels=4096, size=512), 0, INPUTS)
    ((name, value),) = error.value.bad[0].fits
    assert name == "size"
    assert compose(LayerSpec(in_channels=4096, size=value), 0, INPUTS).kernel.slices.shape == (4096, 3, 3)
