"""`Inputs`: the input tensors of samples, uploads and generated tensors, and their cache."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sepviz.layer.spec import GENERATED, LayerSpec
from sepviz.layer.spec import SAMPLES as SAMPLE_NAMES
from sepviz.pictures.codec import encode_picture
from sepviz.tensors import inputs as module
from sepviz.tensors.channel_expansion import expand
from sepviz.tensors.inputs import KEPT_SECONDS, Inputs

RNG = np.random.default_rng(3)
COLOURED = RNG.integers(0, 256, (30, 20, 3), dtype=np.uint8)
GREY = RNG.integers(0, 256, (20, 20), dtype=np.uint8)
UPLOAD = "upload-" + "0" * 32

seeds = st.integers(0, 2**32 - 1)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def stored(pixels: np.ndarray) -> bytes:
    return encode_picture(Image.fromarray(pixels), lossless=True)


def uploaded(spec: LayerSpec) -> bytes | None:
    return stored(COLOURED) if spec.input == UPLOAD else None


def resampled(pixels: np.ndarray, box: tuple[int, int, int, int], height: int, width: int) -> np.ndarray:
    """Pillow's Lanczos of a box (left, top, right, bottom), (channels, height, width) in [0, 1]."""
    left, top, right, bottom = box
    part = np.ascontiguousarray(pixels[top:bottom, left:right])
    image = Image.fromarray(part).resize((width, height), Image.Resampling.LANCZOS)
    return np.moveaxis(np.atleast_3d(np.asarray(image)), 2, 0) / np.float32(255)


@pytest.fixture
def inputs() -> Inputs:
    return Inputs()


@settings(max_examples=60)
@given(st.sampled_from((*SAMPLE_NAMES, *GENERATED)), st.integers(1, 40), st.integers(8, 40), seeds)
def test_tensor_has_the_shape_of_the_spec_and_is_channels_last(name: str, channels: int, size: int, seed: int) -> None:
    tensor = Inputs().tensor(LayerSpec(input=name, in_channels=channels, size=size, seed=seed))
    assert tensor.shape == (1, channels, size, size)
    assert tensor.dtype == torch.float32
    assert tensor.is_contiguous(memory_format=torch.channels_last)
    assert tensor.isfinite().all()


@given(st.sampled_from((*SAMPLE_NAMES, *GENERATED)), st.lists(st.integers(1, 24), min_size=2, max_size=5))
def test_tensor_is_the_same_whatever_the_cache_has(name: str, asked: list[int]) -> None:
    used = Inputs()
    for channels in asked:
        spec = LayerSpec(input=name, in_channels=channels, size=24)
        assert torch.equal(used.tensor(spec), Inputs().tensor(spec))


def test_one_channel_of_a_colour_picture_is_its_luminance(inputs: Inputs) -> None:
    one = inputs.tensor(LayerSpec(in_channels=1, size=64))
    three = inputs.tensor(LayerSpec(in_channels=3, size=64))[0]
    weights = torch.tensor([0.299, 0.587, 0.114])[:, None, None]
    torch.testing.assert_close(one[0, 0], (three * weights).sum(0))


def test_pictures_have_values_from_0_to_1(inputs: Inputs) -> None:
    for name in SAMPLE_NAMES:
        tensor = inputs.tensor(LayerSpec(input=name, in_channels=1, size=300))
        assert tensor.min() >= 0
        assert tensor.max() <= 1


def test_reducing_averages_a_checkerboard_to_grey(inputs: Inputs) -> None:
    board = ((np.indices((64, 64)).sum(0) % 2) * 255).astype(np.uint8)
    tensor = inputs.tensor(LayerSpec(input=UPLOAD, in_channels=1, size=16), stored(board))
    assert (tensor - 0.5).abs().max() < 0.02


def test_first_channel_of_a_grey_upload_is_its_luminance(inputs: Inputs) -> None:
    spec = LayerSpec(input=UPLOAD, in_channels=3, size=20)
    assert torch.equal(inputs.tensor(spec, stored(GREY))[0, 0], torch.from_numpy(GREY / np.float32(255)))


def test_tensors_are_cached_for_a_minute() -> None:
    clock = Clock()
    inputs = Inputs(clock=clock)
    spec = LayerSpec(input=UPLOAD, size=16)
    kept = inputs.tensor(spec, stored(COLOURED))
    clock.now = KEPT_SECONDS - 1
    assert inputs.tensor(spec, stored(COLOURED)).data_ptr() == kept.data_ptr()
    clock.now = KEPT_SECONDS + 1
    inputs.tensor(LayerSpec(size=8))
    assert [key[0] for key in inputs._widest] == ["chelsea"]


def test_only_channels_that_are_not_cached_are_computed(inputs: Inputs, monkeypatch: pytest.MonkeyPatch) -> None:
    wide = inputs.tensor(LayerSpec(in_channels=20, size=32))
    computed: list[tuple[int, int]] = []

    def spy(planes: torch.Tensor, start: int, stop: int) -> torch.Tensor:
        computed.append((start, stop))
        return expand(planes, start, stop)

    monkeypatch.setattr(module, "expand", spy)
    assert inputs.tensor(LayerSpec(in_channels=20, size=32)).data_ptr() == wide.data_ptr()
    assert torch.equal(inputs.tensor(LayerSpec(in_channels=7, size=32)), wide[:, :7])
    assert computed == []
    assert torch.equal(inputs.tensor(LayerSpec(in_channels=22, size=32))[:, :20], wide)
    assert computed == [(20, 22)]


def test_cache_stays_below_its_limit() -> None:
    inputs = Inputs(cache_bytes=3 * 3 * 64 * 64 * 4)
    for name in SAMPLE_NAMES:
        inputs.tensor(LayerSpec(input=name, size=64, in_channels=3))
    assert inputs._widest.currsize <= inputs._widest.maxsize
    assert inputs.tensor(LayerSpec(size=256)).shape == (1, 3, 256, 256), "larger than the cache"


def test_threads_get_the_same_tensors() -> None:
    inputs = Inputs(cache_bytes=2**20)
    specs = [
        LayerSpec(input=name, in_channels=channels, size=32)
        for name in ("chelsea", "camera", "noise", UPLOAD)
        for channels in (1, 3, 9, 17, 5, 33)
    ]
    alone = {spec: Inputs().tensor(spec, uploaded(spec)) for spec in specs}
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda spec: inputs.tensor(spec, uploaded(spec)), specs * 8))
    assert all(torch.equal(found, alone[spec]) for found, spec in zip(together, specs * 8, strict=True))


@pytest.mark.parametrize("pixels", [COLOURED, COLOURED.transpose(1, 0, 2), COLOURED[:29], GREY])
@pytest.mark.parametrize("size", [8, 20, 50])
def test_square_layer_gets_the_centred_square_of_an_upload(inputs: Inputs, pixels: np.ndarray, size: int) -> None:
    pixels = np.ascontiguousarray(pixels)
    height, width = pixels.shape[:2]
    side = min(height, width)
    left, top = (width - side) // 2, (height - side) // 2
    expected = resampled(pixels, (left, top, left + side, top + side), size, size)
    spec = LayerSpec(input=UPLOAD, in_channels=len(expected), size=size)
    assert np.array_equal(inputs.tensor(spec, stored(pixels))[0].numpy(), expected)


@pytest.mark.parametrize(
    ("shape", "box"),
    [
        ((30, 20), (0, 0, 20, 30)),  # the whole picture, cell by cell
        ((15, 10), (0, 0, 20, 30)),
        ((10, 20), (0, 10, 20, 20)),
        ((30, 10), (5, 0, 15, 30)),
        ((9, 12), (0, 7, 20, 22)),
        ((1, 40), (0, 14, 20, 15)),
        ((40, 1), (9, 0, 10, 30)),
    ],
)
def test_picture_is_cut_to_the_proportions_of_a_map_that_is_not_square(
    inputs: Inputs, shape: tuple[int, int], box: tuple[int, int, int, int]
) -> None:
    tensor = inputs.tensor(LayerSpec(input=UPLOAD, in_channels=3, size=shape), stored(COLOURED))
    assert np.array_equal(tensor[0].numpy(), resampled(COLOURED, box, *shape))


@pytest.mark.parametrize("name", [*SAMPLE_NAMES, *GENERATED, UPLOAD])
@pytest.mark.parametrize("shape", [(1, 1), (5, 9), (64, 31)])
def test_every_input_has_maps_of_any_shape(inputs: Inputs, name: str, shape: tuple[int, int]) -> None:
    spec = LayerSpec(input=name, in_channels=5, size=shape)
    tensor = inputs.tensor(spec, uploaded(spec))
    assert tensor.shape == (1, 5, *shape)
    assert tensor.isfinite().all()
    assert tensor.is_contiguous(memory_format=torch.channels_last)


def test_shapes_of_equal_area_are_cached_apart(inputs: Inputs) -> None:
    tensors = [inputs.tensor(LayerSpec(size=shape)) for shape in ((8, 16), (16, 8))]
    assert [tensor.shape[2:] for tensor in tensors] == [(8, 16), (16, 8)]


def test_picture_has_4096_different_channels(inputs: Inputs) -> None:
    tensor = inputs.tensor(LayerSpec(in_channels=4096, size=7))
    assert len(tensor[0].flatten(1).unique(dim=0)) == 4096
