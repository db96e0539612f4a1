"""Maps of one value nearly everywhere, as the answer to an impulse: no value is cut or averaged away."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from app.encoders.grid import limit
from app.encoders.planes import tiled
from app.inputs import Inputs
from app.spec import LayerSpec
from app.trace import run


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


@pytest.mark.parametrize("channels", [1, 3, 12])
def test_reduced_ordinary_map_is_averaged(channels):
    maps = torch.randn(1, channels, 120, 120, generator=torch.Generator().manual_seed(1))
    found = tiled(maps, 96)
    assert torch.allclose(found, torch.nn.functional.adaptive_avg_pool2d(maps, (96, 96)), atol=1e-5)


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(("size", "kernel_size"), [(24, 3), (24, 5), (24, 7), (128, 3), (128, 31)])
def test_range_of_the_answer_to_an_impulse_holds_every_value(size, kernel_size, bias):
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
