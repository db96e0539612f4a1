"""What is sent as safetensors is the trace: exactly, nearly, or to half a step of a byte."""

import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from safetensors.torch import load
from sepviz.layer.selection import Selection, stage_names
from sepviz.layer.spec import LayerSpec
from sepviz.tensors.encoders.planes import CELLS_AT_ONCE, FEW_POOLED, tiled, to_bytes
from sepviz.tensors.encoders.tensors import MEDIA_TYPE, encode
from sepviz.tensors.inputs import Inputs
from sepviz.tensors.trace import run

from tests.support.layers import layers

INPUTS = Inputs()


def metadata(body):
    length = int.from_bytes(body[:8], "little")
    return json.loads(json.loads(body[8 : 8 + length])["__metadata__"]["sepviz"])


def keys(trace):
    biases = [f"{s.name}.bias" for s in trace.stages if s.bias is not None]
    return {*stage_names(trace.spec), *(f"{s.name}.weight" for s in trace.stages), *biases}


@given(layers(plain=False))
def test_float32_tensors_equal_the_trace(spec):
    trace = run(spec, INPUTS)
    encoded = encode(trace)
    found = load(encoded.body)
    assert encoded.media_type == MEDIA_TYPE
    assert found.keys() == keys(trace)
    for name, maps in trace.selected_maps().items():
        assert torch.equal(found[name], maps.values[0])
    for stage in trace.stages:
        assert torch.equal(found[f"{stage.name}.weight"], stage.weight)
        assert stage.bias is None or torch.equal(found[f"{stage.name}.bias"], stage.bias)
    held = metadata(encoded.body)
    assert held.pop("query") == spec.query()
    assert held == {f"{name}.channels": f"0-{len(found[name]) - 1}" for name in stage_names(spec)}


@given(layers(plain=False))
def test_float16_tensors_are_close_to_the_trace(spec):
    trace = run(spec, INPUTS)
    found, exact = load(encode(trace, "float16").body), load(encode(trace).body)
    assert found.keys() == exact.keys()
    assert all(tensor.dtype == torch.float16 for tensor in found.values())
    for name, tensor in found.items():
        torch.testing.assert_close(tensor.float(), exact[name], rtol=2**-11, atol=2**-24)


def check_bytes(scaled, ranges, planes):
    """Each value within half a step of its plane's range, but for float32's own rounding."""
    planes, low, high = planes.double(), *(ranges.double()[:, i, None, None] for i in (0, 1))
    assert scaled.dtype == torch.uint8
    assert torch.equal(low[:, 0, 0], planes.amin((1, 2)))
    assert torch.equal(high[:, 0, 0], planes.amax((1, 2)))
    step = (high - low) / 255
    rounding = 2**-20 * torch.maximum(low.abs(), high.abs())
    assert ((low + scaled * step - planes).abs() <= step * (0.5 + 1e-4) + rounding).all()
    assert not scaled[(low == high)[:, 0, 0]].any()


@given(layers(plain=False), st.integers(1, 16))
def test_tiled_tensors_have_the_extremes_of_the_whole_planes(spec, tile):
    trace = run(spec, INPUTS)
    found, exact = load(encode(trace, "uint8", tile).body), load(encode(trace).body)
    for name in stage_names(spec):
        low, high = found[f"{name}.extremes"].T
        assert torch.equal(low, exact[name].amin((1, 2)))
        assert torch.equal(high, exact[name].amax((1, 2)))


@given(layers(plain=False))
def test_bytes_are_within_half_a_step(spec):
    trace = run(spec, INPUTS)
    found, exact = load(encode(trace, "uint8").body), load(encode(trace).body)
    assert found.keys() == keys(trace) | {f"{name}.range" for name in stage_names(spec)}
    for name in stage_names(spec):
        check_bytes(found[name], found[f"{name}.range"], exact[name])
    for stage in trace.stages:
        assert torch.equal(found[f"{stage.name}.weight"], stage.weight)


PLANES = arrays.arrays(
    np.float32,
    st.tuples(st.just(1), st.integers(1, 5), st.integers(1, 6), st.integers(1, 6)),
    elements=st.floats(-1e4, 1e4, width=32, allow_subnormal=False).map(lambda value: np.float32(round(value, 3))),
    fill=st.sampled_from([np.float32(0), np.float32(-0.1), np.float32(7)]),
)


@given(PLANES)
def test_bytes_of_any_planes_are_within_half_a_step(values):
    planes = torch.from_numpy(values)
    check_bytes(*to_bytes(planes), planes[0])


@pytest.mark.parametrize("value", [0.0, 1.0, -0.1, 1e30, 1e-30])
def test_constant_plane_is_0_with_its_value_as_range(value):
    scaled, ranges = to_bytes(torch.full((1, 2, 3, 4), value))
    assert not scaled.any()
    assert torch.equal(ranges, torch.full((2, 2), value))


def test_bytes_are_equal_when_scaled_in_parts():
    side = 2 ** (CELLS_AT_ONCE.bit_length() // 2 - 1)
    planes = torch.randn(1, 2 * (CELLS_AT_ONCE // side**2) + 1, side, side, generator=torch.Generator().manual_seed(1))
    check_bytes(*to_bytes(planes), planes[0])
    one = torch.randn(1, 2, 400, 400, generator=torch.Generator().manual_seed(1))
    check_bytes(*to_bytes(one), one[0])


@pytest.mark.parametrize("bits", [8, 12, 16, 20])
def test_bytes_of_an_almost_constant_plane_are_within_a_step(bits):
    """Where the range is a few roundings of float32, half a step is finer than what is computed with."""
    planes = torch.linspace(1, 1 + 2**-bits, 200).view(1, 1, 10, 20)
    scaled, ranges = to_bytes(planes)
    low, high = ranges[0].double()
    assert ((low + scaled[0] * (high - low) / 255 - planes[0, 0]).abs() <= (high - low) / 255).all()


@settings(max_examples=40)
@given(st.integers(1, 4), st.integers(1, 6), st.integers(1, 6), st.integers(1, 5), st.integers(0, 99))
def test_tiles_are_block_means(channels, most, least, block, seed):
    least = min(least, most)
    maps = torch.randn(1, channels, most * block, least * block, generator=torch.Generator().manual_seed(seed))
    found = tiled(maps, most)
    expected = maps[0].double().numpy().reshape(channels, most, block, least, block).mean((2, 4))
    assert found.shape == (1, channels, most, least)
    np.testing.assert_allclose(found[0].numpy(), expected, rtol=1e-5, atol=1e-6)
    turned = tiled(maps.transpose(2, 3), most)
    np.testing.assert_allclose(turned[0].numpy(), expected.transpose(0, 2, 1), rtol=1e-5, atol=1e-6)


@given(st.integers(1, FEW_POOLED), st.integers(1, 70), st.integers(1, 70), st.integers(1, 64))
def test_tiles_average_what_adaptive_pooling_does(channels, height, width, most):
    maps = torch.rand(1, channels, height, width)
    found = tiled(maps, most)
    torch.testing.assert_close(found, F.adaptive_avg_pool2d(maps.double(), found.shape[2:]).float())


@given(st.floats(-9, 9, width=32), st.integers(1, FEW_POOLED), st.integers(1, 300), st.integers(1, 64))
def test_tile_of_a_constant_plane_is_constant(value, channels, side, most):
    assert (tiled(torch.full((1, channels, side, side + 1), value), most) == value).all()


@given(st.integers(1, 70), st.integers(1, 70), st.integers(1, 64))
def test_tile_is_within_its_limit_and_keeps_its_proportions(height, width, most):
    maps = torch.rand(1, 2, height, width)
    found = tiled(maps, most)
    assert max(found.shape[2:]) == min(most, max(height, width))
    assert min(found.shape[2:]) >= 1
    if max(height, width) <= most:
        assert torch.equal(found, maps)
    else:
        scale = most / max(height, width)
        wanted = [max(1, cells * scale) for cells in (height, width)]
        assert all(abs(got - want) <= 0.5 for got, want in zip(found.shape[2:], wanted, strict=True))


@pytest.mark.parametrize("dtype", ["float32", "float16", "uint8"])
@pytest.mark.parametrize("tile", [1, 5, 8, 16, 32, 64])
def test_tensors_with_a_tile_are_tiled(dtype, tile):
    trace = run(LayerSpec(size=32), INPUTS)
    found = load(encode(trace, dtype, tile).body)
    for name in stage_names(trace.spec):
        assert found[name].shape[1:] == (min(tile, 32),) * 2
        assert found[name].is_contiguous()
    if dtype == "float32" and 32 % tile == 0:
        maps = trace.selected_maps()["pointwise"].values[0].numpy()
        expected = maps.reshape(8, tile, 32 // tile, tile, 32 // tile).mean((2, 4))
        np.testing.assert_allclose(found["pointwise"].numpy(), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "float16", "uint8"])
def test_metadata_has_the_channels(dtype):
    spec = LayerSpec(size=8, in_channels=6, bias=True)
    body = encode(run(spec, INPUTS, Selection(("depthwise", "pointwise"), range(2, 8))), dtype).body
    held, found = metadata(body), load(body)
    assert held == {"query": spec.query(), "depthwise.channels": "2-5", "pointwise.channels": "2-7"}
    assert {name for name in found if name.startswith("input")} == set()
    whole = load(encode(run(spec, INPUTS)).body)
    for name, (start, stop) in {"depthwise": (2, 6), "pointwise": (2, 8)}.items():
        for key in (f"{name}.weight", f"{name}.bias"):
            torch.testing.assert_close(found[key].float(), whole[key][start:stop], rtol=1e-3, atol=1e-4)
        assert len(found[name]) == stop - start


def test_equal_traces_have_equal_arrays():
    spec = LayerSpec(size=8, weights="random", input="noise")
    one, other = (encode(run(spec, inputs), "uint8").body for inputs in (INPUTS, Inputs()))
    assert metadata(one) == metadata(other)
    found, expected = load(one), load(other)
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in found)


def test_equal_traces_are_equal_bytes():
    trace = run(LayerSpec(size=8), INPUTS)
    assert len({encode(trace).body for _ in range(8)}) == 1
