"""Generated tensors: ranges, the pattern of the first channel, and patterns of maps that are not square."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sepviz.errors import UnknownName
from sepviz.layer.spec import GENERATED
from sepviz.tensors.generated import Shape, generate
from torch.nn.functional import conv2d

from tests.support.correlations import correlations

VARIED = [name for name in GENERATED if name not in ("impulse", "one-channel")]
GEOMETRIC = [name for name in GENERATED if name != "noise"]

sizes, counts, seeds = st.integers(8, 70), st.integers(1, 70), st.integers(0, 2**32 - 1)
shapes = st.tuples(st.integers(1, 70), st.integers(1, 70))


@given(st.sampled_from(GENERATED), counts, shapes, seeds)
def test_generated_tensor_has_its_shape_and_range(name: str, channels: int, shape: Shape, seed: int) -> None:
    planes = generate(name, channels, shape, seed)
    assert planes.shape == (channels, *shape)
    assert planes.dtype == torch.float32
    assert planes.isfinite().all()
    if name != "noise":
        assert planes.min() >= 0
        assert planes.max() <= 1


@given(st.sampled_from(GENERATED), counts, counts, shapes, seeds)
def test_generated_channel_is_the_same_for_every_number_of_channels(
    name: str, some: int, more: int, shape: Shape, seed: int
) -> None:
    both = min(some, more)
    assert torch.equal(generate(name, some, shape, seed)[:both], generate(name, more, shape, seed)[:both])


@pytest.mark.parametrize("name", VARIED)
@pytest.mark.parametrize(("size", "channels"), [(32, 64), (127, 512), (128, 512)])
def test_generated_channels_differ_from_each_other(name: str, size: int, channels: int) -> None:
    planes = generate(name, channels, (size, size), 0)
    assert len(planes.flatten(1).unique(dim=0)) == channels
    first = planes[:16].flatten(1)
    assert (torch.cdist(first, first, p=1) / size**2).fill_diagonal_(1).min() > 0.03


@given(st.sampled_from(GENERATED), sizes, seeds)
def test_seed_changes_noise_alone(name: str, size: int, seed: int) -> None:
    same = torch.equal(generate(name, 3, (size, size), seed), generate(name, 3, (size, size), seed ^ 1))
    assert same == (name != "noise")


def test_noise_is_normal_and_independent_of_weights_of_the_same_seed() -> None:
    planes = generate("noise", 4, (128, 128), 5)
    assert abs(planes.mean().item()) < 0.02
    assert abs(planes.std().item() - 1) < 0.02
    drawn = torch.randn(4, 128, 128, generator=torch.Generator().manual_seed(5))
    assert correlations(torch.stack([planes.flatten(), drawn.flatten()])).max() < 0.02


@given(st.sampled_from([1, 3, 5, 9, 15]), st.integers(15, 70))
def test_depthwise_output_of_impulse_is_the_rotated_kernel(kernel_size: int, size: int) -> None:
    planes = generate("impulse", 2, (size, size), 0)
    kernel = torch.randn(2, 1, kernel_size, kernel_size)
    half, centre = kernel_size // 2, size // 2
    answer = torch.nn.functional.pad(conv2d(planes[None], kernel, padding=half, groups=2)[0], [half] * 4)
    around = answer[:, centre : centre + kernel_size, centre : centre + kernel_size]
    torch.testing.assert_close(around, kernel[:, 0].flip(1, 2))
    assert answer.count_nonzero() <= around.numel()


def test_first_step_is_dark_on_the_left_and_light_on_the_right() -> None:
    plane = generate("step", 1, (32, 32), 0)[0]
    assert torch.equal(plane, (torch.arange(32) >= 16).float().expand(32, 32))


def test_first_gradient_rises_from_left_to_right() -> None:
    plane = generate("gradient", 1, (8, 8), 0)[0]
    torch.testing.assert_close(plane, ((torch.arange(8) + 0.5) / 8).expand(8, 8))


def test_first_checkerboard_has_sixteen_squares() -> None:
    plane = generate("checkerboard", 1, (64, 64), 0)[0]
    y, x = np.mgrid[:64, :64] // 16
    assert np.array_equal(plane.round().numpy(), (x + y + 1) % 2)


def test_first_zone_plate_is_light_in_the_middle_and_symmetric() -> None:
    plane = generate("zone-plate", 1, (65, 65), 0)[0]
    assert plane[32, 32] == 1
    torch.testing.assert_close(plane, plane.flip(0))
    torch.testing.assert_close(plane, plane.T)


def test_one_channel_is_zero_in_all_channels_but_the_first() -> None:
    planes = generate("one-channel", 5, (32, 32), 0)
    assert torch.equal(planes[0], generate("zone-plate", 1, (32, 32), 0)[0])
    assert planes[1:].count_nonzero() == 0


def test_unknown_generated_tensor_is_refused_with_the_known_names() -> None:
    with pytest.raises(UnknownName, match=r"generated tensor named plaid; there are: impulse, "):
        generate("plaid", 1, (8, 8), 0)


def test_every_generated_name_of_the_spec_has_a_generator() -> None:
    for name in GENERATED:
        assert generate(name, 1, (8, 8), 0).shape == (1, 8, 8)


# Maps that are not square


@given(st.sampled_from([name for name in GEOMETRIC if name not in ("step", "gradient", "checkerboard")]), shapes)
def test_first_channel_of_a_transposed_shape_is_the_transposed_plane(name: str, shape: Shape) -> None:
    plane, transposed = generate(name, 1, shape, 0)[0], generate(name, 1, shape[::-1], 0)[0]
    torch.testing.assert_close(plane.T, transposed, rtol=0, atol=1e-5)


@pytest.mark.parametrize("shape", [(33, 65), (65, 33), (17, 129)])
def test_rings_of_a_wide_zone_plate_are_circles(shape: Shape) -> None:
    plane = generate("zone-plate", 1, shape, 0)[0]
    y, x = (torch.arange(length, dtype=torch.float64) - (length - 1) / 2 for length in shape)
    radius_squared = y[:, None] ** 2 + x[None, :] ** 2
    expected = 0.5 + 0.5 * torch.cos(torch.pi * 2 / 3 / max(shape) * radius_squared)
    torch.testing.assert_close(plane.double(), expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("shape", [(30, 60), (60, 30)])
def test_squares_of_a_wide_checkerboard_are_square(shape: Shape) -> None:
    plane = generate("checkerboard", 1, shape, 0)[0]
    side = 30 / 4
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    waves = [np.clip(side * np.sin(np.pi * each / side), -1, 1) for each in (y, x)]
    np.testing.assert_allclose(plane.numpy(), 0.5 + 0.5 * waves[0] * waves[1], atol=1e-5)


@pytest.mark.parametrize("shape", [(20, 50), (50, 20), (7, 7)])
def test_gradients_of_any_shape_are_even_slopes_from_0_to_1(shape: Shape) -> None:
    planes = generate("gradient", 16, shape, 0).double()
    corners = planes[:, [0, 0, -1, -1], [0, -1, 0, -1]]
    # They are 0 and 1 at the corners of the map, half a cell further out than the centres of its cells.
    assert (corners.amin(1) < 0.5 / min(shape) + 1e-6).all()
    torch.testing.assert_close(corners.amin(1) + corners.amax(1), torch.ones(16).double(), rtol=0, atol=1e-5)
    for axis in (1, 2):
        if planes.shape[axis] > 2:
            assert planes.diff(2, axis).abs().max() < 1e-5


@pytest.mark.parametrize("shape", [(24, 60), (60, 24)])
def test_edges_of_a_wide_step_pass_near_its_middle(shape: Shape) -> None:
    planes = generate("step", 16, shape, 0)
    means = planes.mean((1, 2))
    assert (means > 0.1).all()
    assert (means < 0.9).all()


@pytest.mark.parametrize("shape", [(6, 31), (31, 6), (1, 1)])
def test_impulse_is_the_cell_in_the_middle(shape: Shape) -> None:
    (cell,) = generate("impulse", 1, shape, 0)[0].nonzero().tolist()
    assert cell == [shape[0] // 2, shape[1] // 2]
