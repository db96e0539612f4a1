"""Every stage against loops in float64 that multiply one cell at a time."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sepviz.layer.kinds import STANDARD
from sepviz.layer.operations import Convolution
from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec
from sepviz.tensors import convolution
from sepviz.tensors.convolution import FEW_CHANNELS, convolve

from tests.support.layers import correlated, layers, steps


def drawn(shape, seed, bias):
    """Maps, weight and bias with float32 values of a normal distribution."""
    source = torch.Generator().manual_seed(seed)
    maps = torch.randn(1, *shape.input_shape, generator=source)
    weight = torch.randn(shape.weight_shape, generator=source)
    return maps, weight, torch.randn(shape.out_channels, generator=source) if bias else None


def doubles(tensor):
    return None if tensor is None else tensor.double().numpy()


@settings(max_examples=60)
@given(layers(plain=False))
def test_maps_of_each_stage_equal_the_loops(spec):
    for shape, (_, *rest) in zip(plan(spec).convolutions, steps(spec), strict=True):
        maps, weight, bias = drawn(shape, spec.seed, spec.bias)
        expected = correlated(doubles(maps)[0], doubles(weight), doubles(bias), *rest)
        found = convolve(maps, weight, bias, shape)
        assert found.shape == (1, *shape.output_shape)
        assert found.dtype == torch.float32
        np.testing.assert_allclose(found[0].numpy(), expected, rtol=1e-4, atol=1e-4)


@settings(max_examples=20)
@given(layers(kinds=("spatially-separable",)))
def test_maps_of_the_replaced_convolution_equal_the_loops(spec):
    shape = plan(spec).replaced
    around = steps(spec.as_kind("standard"))[0][-1]
    maps, weight, bias = drawn(shape, spec.seed, spec.bias)
    pairs = ((spec.stride,) * 2, (spec.dilation,) * 2)
    expected = correlated(doubles(maps)[0], doubles(weight), doubles(bias), spec.in_channels, *pairs, around)
    np.testing.assert_allclose(convolve(maps, weight, bias, shape)[0].numpy(), expected, rtol=1e-4, atol=1e-4)


@given(layers(plain=False), st.data())
def test_run_of_channels_equals_that_part_of_the_whole(spec, data):
    for shape in plan(spec).convolutions:
        maps, weight, bias = drawn(shape, spec.seed, spec.bias)
        start = data.draw(st.integers(0, shape.out_channels - 1))
        run = range(start, data.draw(st.integers(start + 1, shape.out_channels)))
        feeding = shape.channels_feeding(run)
        # Whole groups: a run that begins inside one is the caller's to widen.
        if shape.whole_groups(run) != run:
            continue
        part = convolve(
            maps[:, feeding.start : feeding.stop],
            weight[run.start : run.stop],
            None if bias is None else bias[run.start : run.stop],
            shape,
        )
        whole = convolve(maps, weight, bias, shape)[:, run.start : run.stop]
        torch.testing.assert_close(part, whole, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("channels", [1, FEW_CHANNELS - 1, FEW_CHANNELS, 40])
@pytest.mark.parametrize("kind", ["standard", "depthwise-separable", "spatially-separable"])
@pytest.mark.parametrize("padding", ["same", 2])
def test_maps_are_equal_for_both_memory_formats(channels, kind, padding):
    spec = LayerSpec(kind=kind, in_channels=channels, size=10, stride=2, padding=padding)
    for shape in plan(spec).convolutions:
        maps, weight, bias = drawn(shape, 1, bias=True)
        (top, bottom), (left, right) = shape.padding
        expected = torch.nn.functional.conv2d(
            torch.nn.functional.pad(maps.double(), (left, right, top, bottom)),
            weight.double(),
            bias.double(),
            shape.stride,
            0,
            shape.dilation,
            shape.groups,
        )
        for given_maps in (maps, maps.contiguous(memory_format=torch.channels_last)):
            found = convolve(given_maps, weight, bias, shape)
            torch.testing.assert_close(found, expected.float(), rtol=1e-4, atol=1e-4)


def test_arguments_are_unchanged():
    shape = plan(LayerSpec(kind="standard", size=8, stride=2)).convolutions[0]
    maps, weight, bias = drawn(shape, 1, bias=True)
    before = [each.clone() for each in (maps, weight, bias)]
    convolve(maps, weight, bias, shape)
    assert all(torch.equal(one, other) for one, other in zip(before, (maps, weight, bias), strict=True))


def test_convolution_of_an_impulse_is_the_rotated_kernel():
    shape = plan(LayerSpec(kind="standard", in_channels=1, out_channels=1, size=8)).convolutions[0]
    maps = torch.zeros(1, 1, 8, 8)
    maps[0, 0, 4, 4] = 1
    weight = torch.arange(9.0).view(1, 1, 3, 3)
    assert torch.equal(convolve(maps, weight, None, shape)[0, 0, 3:6, 3:6], weight[0, 0].flip(0, 1))


@pytest.mark.parametrize("kind", ["depthwise-separable", "standard"])
@pytest.mark.parametrize("padding", ["same", 5, "valid"])
def test_dilated_kernel_equals_one_with_zeros_between(kind, padding):
    """The same sums from a plain convolution, whose kernel has the gaps in it."""
    spec = LayerSpec(kind=kind, in_channels=3, out_channels=2, kernel_size=7, dilation=3, size=24, padding=padding)
    shape = plan(spec).convolutions[0]
    maps, weight, _ = drawn(shape, 1, False)
    reach = 3 * 6 + 1
    spread = torch.zeros(*weight.shape[:2], reach, reach)
    spread[:, :, ::3, ::3] = weight
    (top, bottom), (left, right) = shape.padding
    padded = torch.nn.functional.pad(maps, (left, right, top, bottom)).double()
    expected = torch.nn.functional.conv2d(padded, spread.double(), groups=shape.groups)
    torch.testing.assert_close(convolve(maps, weight, None, shape).double(), expected, rtol=1e-4, atol=1e-4)


@st.composite
def convolutions(draw):
    """Convolutions of any groups, strides, paddings and dilations, down to maps and kernels of one cell."""
    groups = draw(st.integers(1, 4))
    pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
    kernel, dilation, stride = draw(pairs), draw(pairs), draw(pairs)
    padding = draw(st.tuples(*[st.tuples(st.integers(0, 6), st.integers(0, 2))] * 2))
    size = [
        draw(st.integers(max(1, step * (cells - 1) + 1 - sum(sides)), 8))
        for cells, step, sides in zip(kernel, dilation, padding, strict=True)
    ]
    channels = groups * draw(st.integers(1, 3)), groups * draw(st.integers(1, 3))
    return Convolution(STANDARD, *channels, groups, kernel, stride, padding, dilation, tuple(size))


@settings(max_examples=150)
@given(convolutions(), st.booleans(), st.data())
def test_whole_groups_of_any_convolution_equal_the_loops_and_conv2d(convolution, bias, data):
    maps, weight, bias = drawn(convolution, 3, bias)
    (top, bottom), (left, right) = convolution.padding
    padded = torch.nn.functional.pad(maps.double(), (left, right, top, bottom))
    doubled = None if bias is None else bias.double()
    stride, dilation, groups = convolution.stride, convolution.dilation, convolution.groups
    by_torch = torch.nn.functional.conv2d(padded, weight.double(), doubled, stride, 0, dilation, groups)
    by_loops = correlated(
        doubles(maps)[0], doubles(weight), doubles(bias), groups, stride, dilation, convolution.padding
    )
    np.testing.assert_allclose(by_torch[0].numpy(), by_loops, rtol=1e-9, atol=1e-9)
    each, read = convolution.out_channels // groups, convolution.in_channels // groups
    first = data.draw(st.integers(0, groups - 1))
    last = data.draw(st.integers(first + 1, groups))
    run = slice(first * each, last * each)
    part = convolve(maps[:, first * read : last * read], weight[run], None if bias is None else bias[run], convolution)
    np.testing.assert_allclose(part[0].numpy(), by_loops[run], rtol=1e-4, atol=1e-4)


WIDE = {"dilation": 64, "kernel_size": 31, "padding": "same"}


@pytest.mark.parametrize("stride", [1, 2, 32])
@pytest.mark.parametrize(("size", "kernel"), [("1", "31"), ("2x70", "2"), ("1x65", "31x3"), ("64", "4"), ("3", "2x1")])
@pytest.mark.parametrize("kind", ["standard", "depthwise-separable", "spatially-separable"])
def test_kernel_cells_beyond_a_small_map_add_nothing(kind, size, kernel, stride):
    spec = LayerSpec.parse(
        {"kind": kind, "in_channels": "2", "size": size, "stride": str(stride), **WIDE, "kernel_size": kernel}.items()
    )
    for shape in plan(spec).convolutions:
        maps, weight, bias = drawn(shape, 1, bias=True)
        (top, bottom), (left, right) = shape.padding
        padded = torch.nn.functional.pad(maps.double(), (left, right, top, bottom))
        expected = torch.nn.functional.conv2d(
            padded, weight.double(), bias.double(), shape.stride, 0, shape.dilation, shape.groups
        )
        torch.testing.assert_close(convolve(maps, weight, bias, shape), expected.float(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "query",
    [
        "kind=standard",
        "kind=standard&groups=2",
        "kind=standard&groups=6",
        "kind=depthwise-separable&depth_multiplier=2",
    ],
)
@pytest.mark.parametrize("padding", ["same", "9"])
@pytest.mark.parametrize("cells", [1, 700, 2000])
def test_parts_of_the_channels_make_the_maps_of_all(monkeypatch, query, padding, cells):
    pairs = [each.split("=") for each in query.split("&")]
    others = {"in_channels": "6", "out_channels": "6", "size": "7x3", "padding": padding, "stride": "2"}
    shape = plan(LayerSpec.parse([*pairs, *others.items()])).convolutions[0]
    maps, weight, bias = drawn(shape, 1, bias=True)
    whole = convolve(maps, weight, bias, shape)
    monkeypatch.setattr(convolution, "MAX_CELLS_AT_ONCE", cells)
    torch.testing.assert_close(convolve(maps, weight, bias, shape), whole, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "query",
    [
        {"kind": "standard", "in_channels": "4096", "size": "1", **WIDE, "kernel_size": "7"},
        {"kind": "depthwise-separable", "in_channels": "4096", "size": "1", **WIDE},
        {"kind": "standard", "in_channels": "4096", "size": "1", "padding": "64", "kernel_size": "1"},
        {"kind": "standard", "in_channels": "1024", "size": "2048x1", "padding": "64", "kernel_size": "1"},
    ],
)
def test_padding_of_many_channels_is_bounded(monkeypatch, query):
    """Neither the padded maps, nor what conv2d may make of them, are more than the limit at a time."""
    shape = plan(LayerSpec.parse({"out_channels": "1", **{k: str(v) for k, v in query.items()}}.items())).convolutions[
        0
    ]
    seen = []

    def spy(maps, weight, bias, stride, padding, *_):
        rows, columns = (side + 2 * around for side, around in zip(maps.shape[2:], padding, strict=True))
        seen.append(maps.shape[1] * rows * columns)
        return torch.zeros(1, len(weight), 1, 1)

    monkeypatch.setattr(torch.nn.functional, "conv2d", spy)
    convolve(torch.zeros(1, *shape.input_shape), torch.zeros(shape.weight_shape), None, shape)
    assert max(seen) <= convolution.MAX_CELLS_AT_ONCE


@pytest.mark.parametrize(
    ("kernel", "size", "padding", "is_padded_before"),
    [("3x1", "33x1", 2, True), ("3x1", "5x1", 4, True), ("3", "33", 2, False), ("3", "33", 0, False)],
)
def test_maps_are_padded_before_where_a_dilated_window_meets_padding_alone(
    monkeypatch, kernel, size, padding, is_padded_before
):
    """Left to itself conv2d ends the process there, now and then, so that it is not tried here."""
    options = {"kernel_size": kernel, "size": size, "padding": str(padding), "dilation": "2", "stride": "3"}
    shape = plan(LayerSpec.parse({"in_channels": "2", "depth_multiplier": "2", **options}.items())).convolutions[0]
    maps, weight, bias = drawn(shape, 1, bias=True)
    paddings, conv2d = [], torch.nn.functional.conv2d

    def spy(maps, weight, bias, stride, padding, *others):
        paddings.append(max(padding))
        return conv2d(maps, weight, bias, stride, padding, *others)

    padded = torch.nn.functional.pad(maps, (padding,) * 4)
    expected = conv2d(padded, weight, bias, shape.stride, 0, shape.dilation, shape.groups)
    monkeypatch.setattr(torch.nn.functional, "conv2d", spy)
    torch.testing.assert_close(convolve(maps, weight, bias, shape), expected, rtol=1e-4, atol=1e-5)
    assert paddings == [0 if is_padded_before else padding]
