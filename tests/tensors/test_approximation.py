"""Approximations: numpy's decomposition, whole layers built of its parts, and factors that are no better."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sepviz.errors import OverBudget
from sepviz.layer.approximation_budget import check_approximation, largest_rank
from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec
from sepviz.tensors.approximation import MAX_RANKS, approximate, decompose, exact_rank, standard_layer
from sepviz.tensors.inputs import Inputs
from sepviz.tensors.trace import run
from sepviz.tensors.weights import unshared_kernels

from tests.support.layers import layers, sides

INPUTS = Inputs()
MIXING = ("depthwise-separable", "standard")


def standard_weight(spec):
    """The kernels of the standard layer, each group in its place and zero elsewhere, in float64."""
    layer = spec.as_kind("standard")
    weight = unshared_kernels(layer, plan(layer).convolutions[0]).weight.double().numpy()
    whole = np.zeros((layer.out_channels, layer.in_channels, *layer.kernel_size))
    made, read = layer.out_channels // layer.groups, layer.in_channels // layer.groups
    for n in range(layer.out_channels):
        first = n // made * read
        whole[n, first : first + read] = weight[n]
    return whole


def truncated(weight, rank):
    """Depthwise and pointwise kernels, (M, rank, rows, columns) and (N, M, rank), by numpy."""
    outputs, channels, *cells = weight.shape
    filters, mixing = np.zeros((channels, rank, *cells)), np.zeros((outputs, channels, rank))
    for c in range(channels):
        u, s, v = np.linalg.svd(weight[:, c].reshape(outputs, -1), full_matrices=False)
        filters[c] = v[:rank].reshape(-1, *cells)
        mixing[:, c] = u[:, :rank] * s[:rank]
    return filters, mixing


def frobenius(values):
    return float(np.sqrt((values**2).sum()))


@settings(max_examples=25)
@given(layers(kinds=MIXING, plain=False), st.data())
def test_error_of_each_rank_is_that_of_numpys_truncated_decomposition(spec, data):
    channel = data.draw(st.integers(0, spec.out_channels - 1))
    found, weight = approximate(spec, channel, INPUTS, ()), standard_weight(spec)
    for rank, error, approximation in zip(
        found.target.ranks, found.target.errors, found.target.approximations, strict=True
    ):
        filters, mixing = truncated(weight, rank)
        best = np.einsum("ncr,crij->ncij", mixing, filters)
        assert error == pytest.approx(frobenius(best - weight) / frobenius(weight), abs=1e-6)
        channels = slice(found.target.channels.start, found.target.channels.stop)
        # Where singular values are equal the decomposition is not unique: its error is.
        if rank == len(found.target.ranks) or error < 1e-6:
            np.testing.assert_allclose(approximation, weight[channel, channels], atol=1e-5)


@settings(max_examples=25)
@given(layers(plain=False), st.data())
def test_kernel_error_never_rises_and_the_last_rank_is_exact(spec, data):
    channel = data.draw(st.integers(0, spec.out_channels - 1))
    found = approximate(spec, channel, INPUTS, ())
    assert found.target.errors[-1] == 0
    assert all(one >= other for one, other in zip(found.target.errors, found.target.errors[1:], strict=False))
    assert found.target.errors[found.target.exact_rank - 1] < 1e-6
    assert found.errors[-1] is None or found.errors[-1] < 1e-3
    np.testing.assert_allclose(found.target.approximations[-1], found.target.kernel, atol=1e-5)


@settings(max_examples=30)
@given(layers(kinds=MIXING, plain=False, weights="random", input="noise"), st.data())
def test_map_and_error_are_those_of_the_separable_layer_by_torch(spec, data):
    channel = data.draw(st.integers(0, spec.out_channels - 1))
    full = approximate(spec, channel, INPUTS, ()).target.ranks
    rank = data.draw(st.sampled_from(full))
    found = approximate(spec, channel, INPUTS, (rank,))
    filters, mixing = truncated(standard_weight(spec), rank)
    (top, bottom), (left, right) = sides(spec, 0), sides(spec, 1)
    maps = F.pad(INPUTS.tensor(spec), (left, right, top, bottom)).double()
    depthwise = torch.from_numpy(filters.reshape(-1, 1, *spec.kernel_size))
    separate = F.conv2d(maps, depthwise, None, spec.stride, 0, spec.dilation, groups=spec.in_channels)
    pointwise = torch.from_numpy(mixing.reshape(spec.out_channels, -1, 1, 1))
    expected = F.conv2d(separate, pointwise)[0, channel]
    if spec.bias:
        expected = expected + run(spec.as_kind("standard"), INPUTS).stage("standard").bias[channel].double()
    np.testing.assert_allclose(found.approximated[rank], expected, atol=2e-4)
    size = found.output.double().norm()
    assume(size > 1e-3)
    error = float((expected - found.output.double()).norm() / size)
    assert found.errors[rank - 1] == pytest.approx(error, abs=1e-4)


@settings(max_examples=20)
@given(layers(kinds=MIXING, weights="random"), st.integers(0, 2**32 - 1))
def test_no_other_factors_of_the_same_rank_are_better(spec, seed):
    weight, generator = standard_weight(spec), np.random.default_rng(seed)
    found = approximate(spec, 0, INPUTS, ())
    for rank, error in zip(found.target.ranks, found.target.errors, strict=True):
        filters, _ = truncated(weight, rank)
        for amount in (1e-3, 0.1, 10):
            basis = (filters + amount * generator.normal(size=filters.shape)).reshape(spec.in_channels, rank, -1)
            other = np.zeros_like(weight)
            for c in range(spec.in_channels):
                # For these filters the best weights, by least squares.
                matrix = weight[:, c].reshape(spec.out_channels, -1)
                mixing = np.linalg.lstsq(basis[c].T, matrix.T, rcond=None)[0]
                other[:, c] = (mixing.T @ basis[c]).reshape(weight[:, c].shape)
            assert frobenius(other - weight) / frobenius(weight) >= error - 1e-9


def test_classic_standard_kernel_has_other_filters_for_each_output():
    spec = LayerSpec(in_channels=4, out_channels=11)
    trace = run(spec.replace(in_channels=18), INPUTS)
    filters = trace.stage("depthwise").weight[:, 0]
    mixing = run(spec, INPUTS).stage("pointwise").weight[:, :, 0, 0]
    for output in range(11):
        kernel = approximate(spec, output, INPUTS, ()).target.kernel
        for channel in range(4):
            np.testing.assert_allclose(kernel[channel], mixing[output, channel] * filters[output + channel], atol=1e-7)


@pytest.mark.parametrize("multiplier", [1, 2, 3])
def test_classic_standard_kernel_is_the_same_for_each_depth_multiplier(multiplier):
    found = approximate(LayerSpec(depth_multiplier=multiplier), 2, INPUTS, ())
    assert found.target.kernel.equal(approximate(LayerSpec(), 2, INPUTS, ()).target.kernel)
    assert found.target.errors[0] > 0.1
    assert found.target.exact_rank > 3


BOX, OUTLINE = np.full((3, 3), 1 / 9), np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]])


@pytest.mark.parametrize(("kernel", "rank"), [(BOX, 1), (OUTLINE, 2)])
def test_rank_of_a_kernel(kernel, rank):
    assert exact_rank(decompose(torch.tensor(kernel)[None])[1]) == rank


@pytest.mark.parametrize("channel", range(9))
def test_columns_times_rows_add_up_to_the_named_filter(channel):
    spec = LayerSpec(kind="spatially-separable", in_channels=9, out_channels=9)
    named = run(LayerSpec(in_channels=9), INPUTS).stage("depthwise").weight[channel, 0]
    found = approximate(spec, channel, INPUTS, (1, 2, 3))
    assert found.target.exact_rank == np.linalg.matrix_rank(named.double().numpy(), tol=1e-6)
    np.testing.assert_allclose(found.target.approximations[2, 0], named, atol=1e-6)
    expected = F.conv2d(INPUTS.tensor(spec)[:, [channel]], named[None, None], padding=1)[0, 0]
    np.testing.assert_allclose(found.output, expected, atol=1e-5)
    np.testing.assert_allclose(found.approximated[3], expected, atol=1e-5)
    for rank in (1, 2):
        assert np.linalg.matrix_rank(found.target.approximations[rank - 1, 0].double().numpy(), tol=1e-5) <= rank


def test_standard_layer_is_none_where_channels_stay_apart():
    assert standard_layer(LayerSpec(kind="spatially-separable", out_channels=3)) is None
    assert standard_layer(LayerSpec(between="relu")) == LayerSpec(kind="standard")


@pytest.mark.parametrize(
    "spec",
    [
        LayerSpec(kind="standard", in_channels=2048, out_channels=2048, size=7),
        LayerSpec(kind="standard", in_channels=2, out_channels=4096, kernel_size=31, size=8),
        LayerSpec(in_channels=1024, out_channels=1024, kernel_size=7, size=7),
        LayerSpec(in_channels=512, out_channels=512, kernel_size=7, size=64, weights="random"),
        LayerSpec(kind="spatially-separable", in_channels=1, out_channels=1, kernel_size=31, size=1024),
        LayerSpec(kind="standard", in_channels=4096, out_channels=4096, groups=2, size=4),
        LayerSpec(kernel_size=31, size=2048),
        LayerSpec(kind="standard", in_channels=4096, out_channels=1, kernel_size=31, size=31),
    ],
)
def test_approximation_over_the_budget_is_refused_with_what_fits(spec):
    with pytest.raises(OverBudget) as error:
        approximate(spec, 0, INPUTS, ())
    fits = error.value.bad[0].fits
    assert fits
    for name, value in fits:
        assert name not in refused_parameters(spec.replace(**{name: value}))


def test_kernels_that_share_no_filters_are_named_filters_weighed_by_the_pointwise_rows():
    layer = LayerSpec(kind="standard", in_channels=5, out_channels=12)
    weight = unshared_kernels(layer, plan(layer).convolutions[0]).weight
    separable = run(LayerSpec(in_channels=17, out_channels=1), INPUTS).stage("depthwise").weight[:, 0]
    rows = run(LayerSpec(in_channels=5, out_channels=12), INPUTS).stage("pointwise").weight[:, :, 0, 0]
    for n, c in np.ndindex(12, 5):
        torch.testing.assert_close(weight[n, c], separable[n + c] * rows[n, c], rtol=0, atol=0)


def refused_parameters(spec):
    layer = standard_layer(spec)
    ranks = min(spec.kernel_size) if layer is None else min(largest_rank(plan(layer).convolutions[0]), MAX_RANKS)
    try:
        check_approximation(layer or spec, 0, ranks)
    except OverBudget as error:
        return {error.bad[0].parameter}
    return set()
