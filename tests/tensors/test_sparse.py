"""Sparse maps, such as an impulse response: no value is clipped or averaged away."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sepviz.layer.spec import LayerSpec
from sepviz.tensors.encoders.grid import limit
from sepviz.tensors.encoders.planes import tiled
from sepviz.tensors.encoders.sparse import MAX_DETAIL, MIN_DETAIL, find_detail
from sepviz.tensors.inputs import Inputs
from sepviz.tensors.trace import run


def runs(cells, fewer):
    """The cells along an axis that each of the fewer stands for, from the definition of adaptive pooling."""
    return [range(at * cells // fewer, -(-(at + 1) * cells // fewer)) for at in range(fewer)]


@given(
    st.integers(97, 160),
    st.sampled_from([0.0, 0.1, -2.5]),
    st.lists(st.tuples(st.integers(0, 96), st.integers(0, 96), st.sampled_from([-4.0, -1.0, 1.0, 2.0])), max_size=9),
)
def test_reduced_sparse_map_keeps_the_farthest_cell(size, common, marks):
    plane = np.full((size, size), common, np.float32)
    for y, x, value in marks:
        plane[y, x] = common + value
    found = tiled(torch.from_numpy(plane)[None, None], 96)[0, 0].numpy()
    for i, rows in enumerate(runs(size, 96)):
        for j, columns in enumerate(runs(size, 96)):
            part = plane[rows.start : rows.stop, columns.start : columns.stop].ravel()
            farthest = np.abs(part - common).max()
            assert abs(abs(found[i, j] - common) - farthest) < 1e-5
            assert np.abs(part - found[i, j]).min() < 1e-5


@given(
    st.tuples(st.integers(41, 90), st.integers(30, 90)),
    st.sampled_from([0.0, 0.1, -2.5]),
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 29), st.sampled_from([-4.0, 1.0])), min_size=1, max_size=6),
)
def test_detail_holds_every_cell_of_another_value(size, common, marks):
    planes = np.full((2, *size), common, np.float32)
    planes[1] += 1
    for y, x, value in marks:
        planes[:, y, x] += value
    found = find_detail(torch.from_numpy(planes)[None])
    spans = [max(marked) - min(marked) + 1 for marked in list(zip(*marks, strict=True))[:2]]
    assert (found is None) == (max(spans) + 2 > MAX_DETAIL)
    if found is not None:
        others = planes[0] != np.float32(common)
        inside = np.zeros_like(others)
        inside[found[0].start : found[0].stop, found[1].start : found[1].stop] = True
        assert not (others & ~inside).any()
        for part, cells, span in zip(found, size, spans, strict=True):
            assert part.start >= 0
            assert part.stop <= cells
            assert min(cells, max(MIN_DETAIL, span + 2)) <= len(part) <= MAX_DETAIL


def test_small_and_ordinary_maps_have_no_detail():
    impulse = torch.zeros(1, 1, MAX_DETAIL, MAX_DETAIL)
    impulse[..., 20, 20] = 1
    assert find_detail(impulse) is None
    assert find_detail(torch.zeros(1, 3, 128, 128)) is None
    with_a_picture = torch.zeros(1, 2, 128, 128)
    with_a_picture[0, 0, 64, 64] = 1
    with_a_picture[0, 1] = torch.rand(128, 128, generator=torch.Generator().manual_seed(1))
    assert find_detail(with_a_picture) is None


@pytest.mark.parametrize("channels", [1, 3, 12])
def test_reduced_ordinary_map_is_averaged(channels):
    maps = torch.randn(1, channels, 120, 120, generator=torch.Generator().manual_seed(1))
    found = tiled(maps, 96)
    assert torch.allclose(found, torch.nn.functional.adaptive_avg_pool2d(maps, (96, 96)), atol=1e-5)


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(("size", "kernel_size"), [(24, 3), (24, 5), (24, 7), (128, 3), (128, 31)])
def test_range_of_an_impulse_response_holds_every_value(size, kernel_size, bias):
    spec = LayerSpec(in_channels=9, size=size, kernel_size=kernel_size, bias=bias, input="impulse")
    for stage in run(spec, Inputs()).stages:
        for plane in stage.output.values[0].double().numpy():
            low, high = limit(plane[None].astype(np.float32), "diverging")
            assert low == -high
            assert high == pytest.approx(np.abs(plane).max())


def test_range_of_an_ordinary_map_leaves_a_border_of_padding_out():
    plane = np.random.default_rng(1).normal(size=(1, 100, 100)).astype(np.float32)
    plane[0, 0] *= 50
    sizes = np.sort(np.abs(plane).ravel())
    assert limit(plane, "diverging")[1] == pytest.approx(sizes[int(np.ceil(0.99 * sizes.size)) - 1])
    assert limit(plane, "diverging")[1] < sizes[-1] / 5


def test_shared_range_reaches_as_far_as_the_farthest():
    planes = np.zeros((2, 40, 40), np.float32)
    planes[0] = np.random.default_rng(2).normal(size=(40, 40))
    planes[1, 20, 20] = -9
    assert limit(planes, "diverging") == (-9, 9)
    assert limit(planes[:1], "diverging")[1] < 4
