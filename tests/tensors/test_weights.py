"""Random weights are torch's own; the named filters are those of the books."""

import math
from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sepviz.layer.plan import plan
from sepviz.layer.spec import SAMPLES, LayerSpec, Weights
from sepviz.tensors.inputs import Inputs
from sepviz.tensors.trace import run as run_layer
from sepviz.tensors.weights import SOURCES, kernel_names, kernels
from sepviz.tensors.weights.classic import BIAS, filter_names
from sepviz.tensors.weights.filters import NAMES, SEPARABLE_NAMES, named, separable
from sepviz.tensors.weights.mixing import mixing
from torch import nn

from tests.support.layers import layers

SIZES = range(1, 32)


def whole(spec):
    return {shape.name: range(shape.out_channels) for shape in plan(spec).convolutions}


@given(layers(weights="random"))
def test_random_weights_equal_those_of_seeded_modules(spec):
    with torch.random.fork_rng():
        torch.manual_seed(spec.seed)
        stages = {
            s.name: nn.Conv2d(s.in_channels, s.out_channels, s.kernel, groups=s.groups, bias=spec.bias)
            for s in plan(spec).convolutions
        }
    found = kernels(spec, whole(spec))
    assert found.keys() == stages.keys()
    for name, (weight, bias) in found.items():
        assert torch.equal(weight, stages[name].weight)
        assert torch.equal(bias, stages[name].bias) if spec.bias else bias is None


@given(layers())
def test_global_generator_is_unchanged(spec):
    before = torch.get_rng_state()
    kernels(spec, whole(spec))
    assert torch.equal(torch.get_rng_state(), before)


@given(layers(), st.data())
def test_part_of_the_kernels_equals_that_part_of_the_whole(spec, data):
    everything = kernels(spec, whole(spec))
    for shape in plan(spec).convolutions:
        start = data.draw(st.integers(0, shape.out_channels - 1))
        run = range(start, data.draw(st.integers(start + 1, shape.out_channels)))
        ((name, part),) = kernels(spec, {shape.name: run}).items()
        assert name == shape.name
        # Composed kernels of another number at once may be rounded otherwise in the last digit.
        assert torch.allclose(part.weight, everything[name].weight[run.start : run.stop], atol=1e-6)
        assert part.weight.shape == (len(run), *shape.weight_shape[1:])
        if spec.bias:
            assert torch.equal(part.bias, everything[name].bias[run.start : run.stop])


@given(layers(weights="classic"))
def test_classic_depthwise_kernels_cycle_through_the_filters(spec):
    made = kernels(spec, whole(spec))
    for name in made.keys() & {"depthwise", "vertical", "horizontal"}:
        for channel, weight in enumerate(made[name].weight):
            if name == "depthwise":
                called = NAMES[channel % 9]
                expected = named(called, spec.kernel_size.height)
            else:
                called = SEPARABLE_NAMES[channel % 7]
                expected = separable(called, spec.kernel_size.height)[name == "horizontal"]
            assert torch.equal(weight.flatten(), expected.flatten())
    if spec.bias:
        for made_bias in (kernel.bias for kernel in made.values()):
            signs = [BIAS * (-1) ** channel for channel in range(len(made_bias))]
            assert torch.equal(made_bias, torch.tensor(signs))


@given(layers(kinds=("depthwise-separable",), weights="classic"))
def test_composed_kernel_has_at_most_the_rank_of_the_multiplier(spec):
    composed = kernels(spec.as_kind("standard"), {"standard": range(spec.out_channels)})["standard"].weight
    pair = kernels(spec, whole(spec))
    depthwise, pointwise = pair["depthwise"].weight.double(), pair["pointwise"].weight.double()
    m = spec.depth_multiplier
    for c in range(spec.in_channels):
        expected = sum(
            pointwise[:, c * m + r, 0, 0, None, None] * depthwise[c * m + r, 0] for r in range(spec.depth_multiplier)
        )
        torch.testing.assert_close(composed[:, c].double(), expected, rtol=1e-5, atol=1e-5)
        assert torch.linalg.matrix_rank(expected.flatten(1)) <= m


@pytest.mark.parametrize(
    ("name", "rank"),
    [
        ("identity", 1), ("Sobel x", 1), ("Sobel y", 1), ("Gaussian", 1), ("Laplacian", 2), ("sharpen", 2),
        ("emboss", 3), ("edges 45°", 2), ("edges 135°", 2),
    ],
)  # fmt: skip
def test_filters_of_size_3_have_the_known_ranks(name, rank):
    assert torch.linalg.matrix_rank(named(name, 3)) == rank


@pytest.mark.parametrize("size", SIZES)
def test_sobel_and_gaussian_are_separable_at_every_size(size):
    for name in ("identity", "Sobel x", "Sobel y", "Gaussian"):
        column, row = separable(name, size)
        torch.testing.assert_close(torch.outer(column, row), named(name, size), rtol=1e-4, atol=1e-5)
        assert torch.linalg.matrix_rank(named(name, size).double(), rtol=1e-5) == 1


def test_sobel_of_size_5_is_the_known_one():
    smooth, difference = torch.tensor([1.0, 4, 6, 4, 1]), torch.tensor([-1.0, -2, 0, 2, 1])
    assert torch.equal(named("Sobel x", 5) * 32, torch.outer(smooth, difference))
    assert torch.equal(named("Sobel y", 5) * 32, torch.outer(difference, smooth))


@pytest.mark.parametrize(
    ("name", "divisor", "rows"),
    [
        ("identity", 1, [[0, 0, 0], [0, 1, 0], [0, 0, 0]]),
        ("Sobel x", 2, [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
        ("Sobel y", 2, [[-1, -2, -1], [0, 0, 0], [1, 2, 1]]),
        ("Laplacian", 2, [[0, 1, 0], [1, -4, 1], [0, 1, 0]]),
        ("Gaussian", 16, [[1, 2, 1], [2, 4, 2], [1, 2, 1]]),
        ("sharpen", 2, [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
        ("emboss", 2, [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]]),
        ("edges 45°", 2, [[0, 1, 2], [-1, 0, 1], [-2, -1, 0]]),
        ("edges 135°", 2, [[-2, -1, 0], [-1, 0, 1], [0, 1, 2]]),
    ],
)
def test_filters_of_size_3_are_the_familiar_whole_numbers_times_one_factor(name, divisor, rows):
    assert torch.equal(named(name, 3) * divisor, torch.tensor(rows, dtype=torch.float32))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", NAMES)
def test_derivatives_sum_to_0_smoothing_filters_to_1_and_the_others_to_a_half(name, size):
    kernel = named(name, size)
    assert kernel.shape == (size, size)
    assert kernel.dtype == torch.float32
    answers = {"identity": 1, "Gaussian": 1, "sharpen": 0.5, "emboss": 0.5}
    answer_to_a_flat_picture = 1 if size == 1 else answers.get(name, 0)
    assert kernel.sum().item() == pytest.approx(answer_to_a_flat_picture, abs=1e-4)


@pytest.mark.parametrize("size", SIZES)
def test_derivatives_respond_along_one_axis_alone(size):
    """x filters are blind to what changes along y alone, and the other way round."""
    across = named("Sobel x", size)
    torch.testing.assert_close(named("Sobel y", size), across.T, rtol=0, atol=1e-6)
    if size > 1:
        assert across.sum(1).abs().max() < 1e-4
        assert (across * torch.arange(size)).sum() > 0
    for name in ("Sobel", "second derivative"):
        (x, other_x), (y, other_y) = separable(f"{name} x", size), separable(f"{name} y", size)
        assert torch.equal(x, other_y)
        assert torch.equal(y, other_x)
    if size > 2:
        second, places = separable("second derivative x", size)[1].double(), torch.arange(size, dtype=torch.float64)
        assert second.sum().abs() < 1e-5
        assert (second * places).sum().abs() < 1e-4
        assert (second * places**2).sum().item() == pytest.approx(2, abs=1e-3)
    box = separable("box", size)
    assert all(part.unique().numel() == 1 and part.sum().item() == pytest.approx(1) for part in box)


@pytest.mark.parametrize("size", [2, 3, 4, 5, 8, 31])
def test_filters_of_a_size_differ(size):
    made = [named(name, size) for name in NAMES]
    alike = [(a, b) for a in range(9) for b in range(a) if torch.equal(made[a], made[b])]
    assert not alike


def test_filters_of_size_1_are_the_identity():
    assert all(torch.equal(named(name, 1), torch.ones(1, 1)) for name in NAMES)
    assert all(torch.equal(part, torch.ones(1)) for name in SEPARABLE_NAMES for part in separable(name, 1))


@pytest.mark.parametrize("channels", [2, 3, 4, 5, 16, 64, 511, 512])
def test_mixing_rows_differ_and_have_absolute_sum_1(channels):
    rows = mixing(channels, range(1024))
    assert rows.shape == (1024, channels)
    assert torch.equal(rows[0], torch.full((channels,), 1 / channels, dtype=torch.float64).float())
    torch.testing.assert_close(rows.double().abs().sum(1), torch.ones(1024, dtype=torch.float64), rtol=0, atol=1e-5)
    assert len(rows.unique(dim=0)) == 1024
    assert torch.equal(mixing(channels, range(7, 9)), rows[7:9])


def test_rows_of_one_channel_are_ever_smaller_numbers_of_both_signs():
    rows = mixing(1, range(4096))[:, 0]
    assert rows[:6].tolist() == pytest.approx([1, -1, 1 / 2, -1 / 2, 1 / 3, -1 / 3])
    assert len(rows.unique()) == 4096
    assert torch.equal(rows[0::2], -rows[1::2])
    assert torch.equal(mixing(1, range(5, 9))[:, 0], rows[5:9])
    assert mixing(1, range(0)).shape == (0, 1)


@pytest.mark.parametrize(("channels", "rows"), [(2, 8), (3, 16), (4, 16)])
def test_first_rows_of_few_channels_are_small_whole_numbers_times_one_factor(channels, rows):
    for row in mixing(channels, range(rows)).double():
        whole = row / row[row != 0].abs().min()
        torch.testing.assert_close(whole, whole.round(), rtol=0, atol=1e-5)
        assert whole.abs().max() <= 2
    assert torch.linalg.matrix_rank(mixing(channels, range(channels))) == channels


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5, 8, 64])
def test_first_rows_are_independent_directions(channels):
    rows = mixing(channels, range(2 * channels)).double()
    assert torch.linalg.matrix_rank(rows[:channels]) == channels
    if channels > 1:
        lengths = rows.norm(dim=1)
        cosines = (rows @ rows.T / torch.outer(lengths, lengths)).fill_diagonal_(0)
        assert cosines.abs().max() < 0.9


def test_first_rows_of_many_channels_are_the_cosine_transform():
    rows = mixing(8, range(8)).double()
    products = rows @ rows.T
    assert (products - products.diag().diag()).abs().max() < 1e-7
    row = torch.tensor([math.cos(math.pi * 3 * (2 * c + 1) / 16) for c in range(8)], dtype=torch.float64)
    torch.testing.assert_close(rows[3], row / row.abs().sum(), rtol=0, atol=1e-7)


@pytest.mark.parametrize("channels", [2, 3, 4, 8, 16])
@pytest.mark.parametrize("picture", SAMPLES)
def test_output_maps_of_classic_weights_differ_and_have_both_signs(channels, picture):
    """No two of eight outputs are nearly the same or nearly opposite, by their correlation."""
    outputs = _output_maps(LayerSpec(in_channels=channels, out_channels=8, input=picture))
    correlations = np.corrcoef(outputs) - np.eye(8)
    # Two channels leave room for two directions; band-pass channels of a grey picture are like its derivatives.
    is_close = channels == 2 or picture in ("brick", "camera")
    assert np.abs(correlations).max() < (0.98 if is_close else 0.85)
    _assert_both_signs(outputs)


@pytest.mark.parametrize("picture", SAMPLES)
def test_output_maps_of_one_channel_have_both_signs(picture):
    _assert_both_signs(_output_maps(LayerSpec(in_channels=1, input=picture)))


@pytest.mark.parametrize("picture", SAMPLES)
def test_default_depthwise_maps_have_contrasts_of_the_same_order(picture):
    """No map hides the others when they are added."""
    maps = run_layer(LayerSpec(input=picture), Inputs()).stages[0].output.values[0, :, 1:-1, 1:-1]
    deviations = maps.flatten(1).std(1)
    colours = deviations if picture not in ("brick", "camera") else deviations[:1]
    assert colours.max() < 4 * colours.min()


def _output_maps(spec):
    """The output maps, each a row, float64."""
    return run_layer(spec, Inputs()).stages[-1].output.values[0].flatten(1).double().numpy()


def _assert_both_signs(maps):
    """At least a fiftieth of the cells of each map are clearly positive, and as many clearly negative."""
    ends = 0.05 * np.abs(maps).max(1, keepdims=True)
    assert (maps > ends).mean(1).min() > 0.02
    assert (maps < -ends).mean(1).min() > 0.02


def test_only_requested_kernels_are_returned():
    assert kernels(LayerSpec(), {}) == {}
    assert kernels(LayerSpec(weights="random"), {}) == {}
    assert list(kernels(LayerSpec(), {"pointwise": range(2)})) == ["pointwise"]


@given(st.sampled_from([(1, 7), (7, 1), (2, 5), (3, 4)]), st.integers(1, 9))
def test_kernels_that_are_not_square_have_rank_one_and_are_never_zero(size, channels):
    spec = LayerSpec(in_channels=channels, kernel_size=size)
    weight = kernels(spec, whole(spec))["depthwise"].weight
    assert weight.shape == (channels, 1, *size)
    assert (torch.linalg.matrix_rank(weight[:, 0]) == 1).all()
    assert filter_names(size) == SEPARABLE_NAMES


@given(st.integers(1, 6), st.integers(1, 3), st.integers(1, 3))
def test_standard_kernels_with_as_many_groups_as_channels_are_those_of_the_depthwise_stage(channels, m, k):
    layer = {"in_channels": channels, "out_channels": channels, "kernel_size": 2 * k + 1}
    grouped = LayerSpec(kind="standard", groups=channels, **layer)
    depthwise = LayerSpec(**layer)
    found = kernels(grouped, whole(grouped))["standard"].weight
    torch.testing.assert_close(found, kernels(depthwise, whole(depthwise))["depthwise"].weight)


@given(st.data(), st.integers(1, 4), st.integers(1, 4), st.integers(1, 4), st.integers(1, 2))
def test_grouped_kernels_are_composed_of_those_of_each_group(data, groups, inputs, outputs, m):
    spec = LayerSpec(
        kind="standard",
        in_channels=groups * inputs,
        out_channels=groups * outputs,
        groups=groups,
        depth_multiplier=m,
    )
    every = kernels(spec, whole(spec))["standard"].weight
    assert every.shape == (groups * outputs, inputs, 3, 3)
    filters = kernels(
        LayerSpec(in_channels=groups * inputs, depth_multiplier=m), {"depthwise": range(groups * inputs * m)}
    )
    own = filters["depthwise"].weight.view(groups, inputs, m, 3, 3)
    rows = mixing(inputs * m, range(outputs)).view(outputs, inputs, m)
    for g in range(groups):
        expected = torch.einsum("ncm,cmyx->ncyx", rows, own[g])
        torch.testing.assert_close(every[g * outputs : (g + 1) * outputs], expected)
    group = data.draw(st.integers(0, groups - 1))
    run = range(group * outputs, (group + 1) * outputs)
    assert torch.equal(kernels(spec, {"standard": run})["standard"].weight, every[run.start : run.stop])


def test_every_value_of_weights_has_a_source():
    assert tuple(SOURCES) == get_args(Weights)


def _moments(kernel):
    """The sum of a kernel, and its first and second moments about its middle, along rows and along columns."""
    y, x = (np.arange(side) - (side - 1) / 2 for side in kernel.shape)
    rows, columns = kernel.sum(1), kernel.sum(0)
    return kernel.sum(), rows @ y, columns @ x, rows @ y**2, columns @ x**2


def _is_named_truly(kernel, name):  # noqa: C901, PLR0911  (a table of cases)
    """Whether a kernel does what its name says, by its moments."""
    total, down, right, down2, right2 = (abs(each) > 1e-5 for each in _moments(kernel))
    match name:
        case "identity":
            return kernel.max() == 1 == np.abs(kernel).sum()
        case "Gaussian" | "box":
            return kernel.min() > 0 and not down and not right
        case "Sobel x":
            return not total and not down and _moments(kernel)[2] > 0
        case "Sobel y":
            return not total and not right and _moments(kernel)[1] > 0
        case "second derivative x":
            return not (total or down or right) and right2 and not down2
        case "second derivative y":
            return not (total or down or right) and down2 and not right2
        case "Laplacian":
            return not (total or down or right) and down2 == right2 == (len(kernel) > 2)
        case "edges 45°":
            return not total and _moments(kernel)[2] > 0 > _moments(kernel)[1]
        case "edges 135°":
            return not total and (_moments(kernel)[1] > 0) == (_moments(kernel)[2] > 0) == (len(kernel) > 2)
        case "emboss":
            return total and min(_moments(kernel)[1:3]) > 0
        case "sharpen":
            return kernel.max() > kernel.sum() > 0  # brightness stays, and its differences are enhanced
    return False


@given(layers(plain=False))
def test_kernels_do_what_their_names_say(spec):
    convolutions = plan(spec).convolutions
    found = kernels(spec, whole(spec))
    names = {each.name: kernel_names(spec, each, range(each.out_channels)) for each in convolutions}
    if spec.weights == "random":
        assert not any(names.values())
        return
    for each in convolutions:
        assert len(names[each.name]) == (0 if each.stage.mixes_channels else each.out_channels)
    weights = [found[each.name].weight[:, 0].double().numpy() for each in convolutions if names[each.name]]
    if len(weights) == 2:  # columns and rows
        assert len(set(names.values())) == 1
        weights = [weights[0] * weights[1]]
    for kernel, name in zip(weights[0] if weights else [], next(iter(names.values())), strict=bool(weights)):
        assert _is_named_truly(kernel, name), (name, kernel)


@given(layers(plain=False, weights="classic"), st.data())
def test_names_of_a_run_are_a_part_of_all(spec, data):
    for each in plan(spec).convolutions:
        every = kernel_names(spec, each, range(each.out_channels))
        start = data.draw(st.integers(0, each.out_channels - 1))
        assert kernel_names(spec, each, range(start, each.out_channels)) == every[start:]
