"""Sizes are torch's own and TensorFlow's `same`; what feeds a cell is what its gradient reaches."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from sepviz.errors import InvalidParameters
from sepviz.layer.bounds import bounds
from sepviz.layer.operations import same_padding
from sepviz.layer.plan import plan
from sepviz.layer.size import Size
from sepviz.layer.spec import KINDS, LayerSpec
from torch import nn

from tests.support.layers import layers, steps


def module(shape, **more):
    return nn.Conv2d(
        shape.in_channels,
        shape.out_channels,
        shape.kernel,
        shape.stride,
        dilation=shape.dilation,
        groups=shape.groups,
        **more,
    )


def padded(maps, padding):
    (top, bottom), (left, right) = padding
    return F.pad(maps, (left, right, top, bottom))


@given(layers(plain=False))
def test_planned_shapes_equal_those_of_torch_modules(spec):
    maps = torch.empty(1, spec.in_channels, *spec.size, device="meta")
    stages = plan(spec).convolutions
    for shape, (name, groups, stride, dilation, padding) in zip(stages, steps(spec), strict=True):
        assert (shape.name, shape.groups, shape.stride, shape.dilation) == (name, groups, stride, dilation)
        assert shape.padding == padding
        assert shape.input_shape == maps.shape[1:]
        made = module(shape, device="meta")
        assert shape.weight_shape == made.weight.shape
        maps = made(padded(maps, padding))
        assert shape.output_shape == maps.shape[1:]
    assert stages[-1].out_channels == spec.out_channels


@given(layers(plain=False, kinds=("depthwise-separable",)))
def test_depth_multiplier_multiplies_the_depthwise_outputs(spec):
    depthwise, pointwise = plan(spec).convolutions
    between = spec.in_channels * spec.depth_multiplier
    assert depthwise.weight_shape == (between, 1, *spec.kernel_size)
    assert pointwise.weight_shape == (spec.out_channels, between, 1, 1)


@given(layers(plain=False))
def test_baseline_has_the_output_shape_of_the_layer(spec):
    one = plan(spec).replaced
    assert one.output_shape == plan(spec).convolutions[-1].output_shape
    assert one.kernel == spec.kernel_size
    assert one.groups == (spec.in_channels if spec.kind == "spatially-separable" else 1)


@given(st.integers(1, 2048), st.integers(1, 31), st.integers(1, 32), st.integers(1, 64))
def test_same_padding_gives_the_size_over_the_stride_rounded_up(size, kernel, stride, dilation):
    spec = LayerSpec(size=size, kernel_size=kernel, stride=stride, dilation=dilation)
    assert plan(spec).convolutions[-1].output == (-(-size // stride),) * 2
    before, after = same_padding(size, kernel, stride, dilation)
    assert 0 <= after - before <= 1


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@given(st.integers(8, 40), st.integers(1, 12), st.integers(1, 4))
def test_same_padding_equals_that_of_torch_at_stride_1(size, kernel, dilation):
    signal, weight = torch.randn(1, 1, size), torch.randn(1, 1, kernel)
    ours = F.conv1d(F.pad(signal, same_padding(size, kernel, 1, dilation)), weight, dilation=dilation)
    torch.testing.assert_close(ours, F.conv1d(signal, weight, padding="same", dilation=dilation))


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "dilation", "sides"),
    [(224, 3, 2, 1, (0, 1)), (225, 3, 2, 1, (1, 1)), (8, 2, 1, 1, (0, 1)), (8, 1, 4, 1, (0, 0)), (9, 3, 1, 4, (4, 4))],
)
def test_same_padding_equals_that_of_tensorflow(size, kernel, stride, dilation, sides):
    assert same_padding(size, kernel, stride, dilation) == sides


LEGAL = st.builds(
    lambda kind, **given: LayerSpec(kind=kind, **given),
    kind=st.sampled_from(KINDS),
    kernel_size=st.integers(2, 31),
    dilation=st.integers(1, 64),
    padding=st.one_of(st.sampled_from(["same", "valid"]), st.integers(0, 64)),
    size=st.integers(1, 2048),
    stride=st.integers(1, 32),
)


def is_legal(spec, name, value):
    try:
        plan(spec.replace(**{name: value}))
    except InvalidParameters:
        return False
    return True


@given(LEGAL)
def test_values_at_the_bounds_are_legal_and_beyond_them_not(spec):
    try:
        plan(spec)
    except InvalidParameters:
        spec = spec.replace(padding="same")
    for name, (low, high) in bounds(spec).items():
        value = getattr(spec, name)
        assert low <= (value.height if isinstance(value, Size) else value) <= high
        assert is_legal(spec, name, low)
        assert is_legal(spec, name, high)
        assert not is_legal(spec, name, low - 1)
        assert not is_legal(spec, name, high + 1)


def test_dilation_of_a_kernel_of_one_cell_is_not_bounded_by_the_size():
    spec = LayerSpec(kernel_size=1, padding="valid", size=8)
    assert is_legal(spec, "dilation", 64)
    assert bounds(spec)["dilation"] == (1, 64)


def test_bounds_name_only_parameters_of_the_kind():
    spec = LayerSpec(kind="spatially-separable")
    assert bounds(spec).keys() <= spec.parameters().keys()


@given(LEGAL)
def test_empty_output_is_refused_exactly_where_torch_refuses(spec):
    ((_, _, stride, dilation, padding), *_) = steps(spec.as_kind("standard"))
    (top, bottom), _ = padding
    reach = dilation[0] * (spec.kernel_size.height - 1) + 1
    fits = reach <= spec.size.height + top + bottom
    try:
        plan(spec)
    except InvalidParameters as error:
        assert not fits
        (bad,) = error.bad
        assert (bad.parameter, bad.value) == ("kernel_size", str(spec.kernel_size))
        check_what_would_fit(spec, bad.allowed)
    else:
        assert fits
    conv = nn.Conv2d(1, 1, spec.kernel_size, stride, dilation=dilation, device="meta")
    maps = padded(torch.empty(1, 1, *spec.size, device="meta"), padding)
    if fits:
        conv(maps)
    else:
        with pytest.raises(RuntimeError):
            conv(maps)


def check_what_would_fit(spec, text):
    """Each offer of the message is taken up."""
    offers = text.removeprefix("what would fit: ").removesuffix(", or padding=same").split(" or ")
    for offer in offers:
        name, *_, value = offer.split()
        if name == "size" and int(value) > 2048:
            continue
        assert is_legal(spec, name, value)
        assert not is_legal(spec, name, int(value) + (-1 if name == "size" else 1))
    assert is_legal(spec, "padding", "same")


@pytest.mark.parametrize(
    ("parameters", "fits"),
    [
        ({"kernel_size": 31, "dilation": 16, "size": 100}, "kernel_size up to 7 or size from 481 or dilation up to 3"),
        ({"kernel_size": 2, "dilation": 16, "size": 8}, "kernel_size up to 1 or size from 17 or dilation up to 7"),
        ({"kernel_size": 31, "size": 8}, "kernel_size up to 8 or size from 31"),
    ],
)
def test_refusal_names_the_values_that_fit(parameters, fits):
    with pytest.raises(InvalidParameters) as caught:
        plan(LayerSpec(padding="valid", **parameters))
    assert caught.value.bad[0].allowed == f"what would fit: {fits}, or padding=same"


@given(layers(plain=False), st.data())
def test_window_of_a_cell_is_where_its_gradient_is_not_zero(spec, data):
    for shape in plan(spec).convolutions:
        channel, y, x = (data.draw(st.integers(0, end - 1)) for end in shape.output_shape)
        maps = torch.zeros(1, *shape.input_shape, requires_grad=True)
        ones = torch.ones(shape.weight_shape)
        made = F.conv2d(padded(maps, shape.padding), ones, None, shape.stride, 0, shape.dilation, shape.groups)
        made[0, channel, y, x].backward()
        rows, columns = shape.window(y, x)
        declared = {
            (c, i, j)
            for c in shape.channels_feeding(range(channel, channel + 1))
            for i in rows
            for j in columns
            if 0 <= i < shape.input[0] and 0 <= j < shape.input[1]
        }
        assert {tuple(cell) for cell in maps.grad[0].nonzero().tolist()} == declared
        assert (len(rows), len(columns)) == shape.kernel


@given(layers(plain=False), st.data())
def test_run_of_channels_reads_the_union_of_what_each_reads(spec, data):
    for shape in plan(spec).convolutions:
        start = data.draw(st.integers(0, shape.out_channels - 1))
        stop = data.draw(st.integers(start + 1, shape.out_channels))
        each = {c for n in range(start, stop) for c in shape.channels_feeding(range(n, n + 1))}
        assert set(shape.channels_feeding(range(start, stop))) == each


def test_equal_specs_share_one_plan_of_equal_values():
    shape = plan(LayerSpec()).convolutions[0]
    assert shape == replace(shape)
    assert plan(LayerSpec()) is plan(LayerSpec())
