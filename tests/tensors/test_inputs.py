"""What feeds a layer: generated tensors, the stem, samples, the upload store, and all of them together."""

import math
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sepviz.errors import ImageGone, ImageTooLarge, UnknownName
from sepviz.layer.spec import GENERATED, UPLOAD_PATTERN, LayerSpec
from sepviz.layer.spec import SAMPLES as SAMPLE_NAMES
from sepviz.pictures.decoding import Picture
from sepviz.pictures.samples import FOLDER, SAMPLES, sample_pixels
from sepviz.pictures.store import ImageStore, is_upload
from sepviz.tensors import bands
from sepviz.tensors import channel_expansion as stem
from sepviz.tensors.generated import generate
from sepviz.tensors.inputs import KEPT_SECONDS, Inputs
from torch.nn.functional import conv2d

RNG = np.random.default_rng(3)
COLOURED = RNG.integers(0, 256, (30, 20, 3), dtype=np.uint8)
GREY = RNG.integers(0, 256, (20, 20), dtype=np.uint8)
UPLOAD = "upload-" + "0" * 32
VARIED = [name for name in GENERATED if name not in ("impulse", "one-channel")]

sizes, counts, seeds = st.integers(8, 70), st.integers(1, 40), st.integers(0, 2**32 - 1)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def picture(pixels: np.ndarray) -> Picture:
    return Picture(pixels, pixels.shape[1], pixels.shape[0])


def uploaded(spec: LayerSpec) -> np.ndarray | None:
    return COLOURED if spec.input == UPLOAD else None


def correlations(channels: torch.Tensor) -> torch.Tensor:
    """Absolute correlations of all pairs, 0 of a channel with itself."""
    flat = channels.reshape(len(channels), -1).double()
    flat = flat - flat.mean(1, keepdim=True)
    flat = flat / flat.norm(dim=1, keepdim=True).clamp_min(1e-12)
    return (flat @ flat.T).abs().fill_diagonal_(0)


# Generated tensors


@given(st.sampled_from(GENERATED), counts, sizes, seeds)
def test_generated_have_their_shape_and_range(name: str, channels: int, size: int, seed: int) -> None:
    planes = generate(name, channels, size, seed)
    assert planes.shape == (channels, size, size)
    assert planes.dtype == torch.float32
    assert planes.isfinite().all()
    if name != "noise":
        assert planes.min() >= 0
        assert planes.max() <= 1


@given(st.sampled_from(GENERATED), counts, counts, sizes, seeds)
def test_generated_channels_do_not_depend_on_how_many(name: str, some: int, more: int, size: int, seed: int) -> None:
    both = min(some, more)
    assert torch.equal(generate(name, some, size, seed)[:both], generate(name, more, size, seed)[:both])


@pytest.mark.parametrize("name", VARIED)
@pytest.mark.parametrize(("size", "channels"), [(32, 64), (127, 512), (128, 512)])
def test_generated_channels_differ(name: str, size: int, channels: int) -> None:
    planes = generate(name, channels, size, 0)
    assert len(planes.flatten(1).unique(dim=0)) == channels
    first = planes[:16].flatten(1)
    assert (torch.cdist(first, first, p=1) / size**2).fill_diagonal_(1).min() > 0.03


@given(st.sampled_from(GENERATED), sizes, seeds)
def test_only_noise_looks_at_the_seed(name: str, size: int, seed: int) -> None:
    same = torch.equal(generate(name, 3, size, seed), generate(name, 3, size, seed ^ 1))
    assert same == (name != "noise")


def test_noise_is_normal_and_unlike_what_the_same_seed_draws() -> None:
    planes = generate("noise", 4, 128, 5)
    assert abs(planes.mean().item()) < 0.02
    assert abs(planes.std().item() - 1) < 0.02
    drawn = torch.randn(4, 128, 128, generator=torch.Generator().manual_seed(5))
    assert correlations(torch.stack([planes.flatten(), drawn.flatten()])).max() < 0.02


@given(st.sampled_from([1, 3, 5, 9, 15]), st.integers(15, 70))
def test_impulse_answers_with_the_kernel_turned(kernel_size: int, size: int) -> None:
    planes = generate("impulse", 2, size, 0)
    kernel = torch.randn(2, 1, kernel_size, kernel_size)
    half, centre = kernel_size // 2, size // 2
    answer = torch.nn.functional.pad(conv2d(planes[None], kernel, padding=half, groups=2)[0], [half] * 4)
    around = answer[:, centre : centre + kernel_size, centre : centre + kernel_size]
    torch.testing.assert_close(around, kernel[:, 0].flip(1, 2))
    assert answer.count_nonzero() <= around.numel()


def test_step_is_dark_left_and_light_right_first() -> None:
    plane = generate("step", 1, 32, 0)[0]
    assert torch.equal(plane, (torch.arange(32) >= 16).float().expand(32, 32))


def test_gradient_goes_from_left_to_right_first() -> None:
    plane = generate("gradient", 1, 8, 0)[0]
    torch.testing.assert_close(plane, ((torch.arange(8) + 0.5) / 8).expand(8, 8))


def test_checkerboard_has_sixteen_squares_first() -> None:
    plane = generate("checkerboard", 1, 64, 0)[0]
    y, x = np.mgrid[:64, :64] // 16
    assert np.array_equal(plane.round().numpy(), (x + y + 1) % 2)


def test_zone_plate_is_light_in_its_middle_and_symmetric() -> None:
    plane = generate("zone-plate", 1, 65, 0)[0]
    assert plane[32, 32] == 1
    torch.testing.assert_close(plane, plane.flip(0))
    torch.testing.assert_close(plane, plane.T)


def test_one_channel_is_the_only_one() -> None:
    planes = generate("one-channel", 5, 32, 0)
    assert torch.equal(planes[0], generate("zone-plate", 1, 32, 0)[0])
    assert planes[1:].count_nonzero() == 0


def test_unknown_generated_tensor() -> None:
    with pytest.raises(UnknownName, match=r"generated tensor named plaid; there are: impulse, "):
        generate("plaid", 1, 8, 0)


def test_all_names_of_the_spec_exist() -> None:
    for name in GENERATED:
        assert generate(name, 1, 8, 0).shape == (1, 8, 8)


# The stem


def sample(name: str, size: int = 128) -> torch.Tensor:
    image = Image.open(FOLDER / f"{name}.jpg").resize((size, size), Image.Resampling.LANCZOS)
    planes = torch.from_numpy(np.array(image)).float() / 255
    return planes.permute(2, 0, 1) if planes.ndim == 3 else planes[None]


def test_own_channels_come_first_and_unchanged() -> None:
    chelsea, camera = sample("chelsea"), sample("camera")
    assert torch.equal(stem.channels(chelsea, 0, 3), chelsea)
    assert torch.equal(stem.channels(chelsea, 0, 2), chelsea[:2])
    assert torch.equal(stem.channels(camera, 0, 4)[:1], camera)


@pytest.mark.parametrize("name", ["chelsea", "camera"])
def test_channels_do_not_depend_on_how_many(name: str) -> None:
    planes = sample(name, 40)
    whole = stem.channels(planes, 0, 512)
    for start, stop in ((0, 2), (0, 4), (0, 77), (1, 5), (2, 30), (100, 101), (300, 512)):
        assert torch.equal(stem.channels(planes, start, stop), whole[start:stop])


def test_no_two_channels_are_alike() -> None:
    measured = correlations(stem.channels(sample("chelsea"), 0, 512))
    assert measured[:3, :3].max() < 0.95, "red, green and blue are what they are"
    measured[:3, :3] = 0
    assert measured[:32, :32].max() < 0.6
    assert measured[:64, :64].max() < 0.8
    assert measured.max() < 0.97


@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_no_two_channels_of_any_sample_are_the_same(name: str) -> None:
    planes = stem.channels(sample(name), 0, 512)
    assert correlations(planes).max() < 0.992
    strength = planes[:128].abs().flatten(1).quantile(0.99, dim=1)
    assert strength.min() > 0.05
    assert 0.15 < strength.median() < 1.5
    assert planes.abs().max() < 5


def test_a_picture_of_one_hue_has_different_channels_too() -> None:
    sepia = sample("camera") * torch.tensor([1.0, 0.8, 0.5])[:, None, None]
    measured = correlations(stem.channels(sepia, 0, 512)[3:])
    assert measured.max() < 0.97


@pytest.mark.parametrize("colour", [True, False])
def test_band_order_and_number(colour: bool) -> None:
    order = bands.bands(colour)
    assert len(order) >= 511
    assert len(set(order)) == len(order)
    assert [band.degrees for band in order[:4]] == [0, 90, 45, 135]
    assert [band.wavelength for band in order[:12:4]] == [4, 8, 16]
    assert {band.wavelength for band in order} == {3, 4, 5, 6, 8, 10, 12, 16, 20}


@pytest.mark.parametrize("colour", [True, False])
def test_kernels_ignore_even_light(colour: bool) -> None:
    for band in bands.bands(colour):
        assert abs(band.kernel.sum().item()) < 1e-5
    even = torch.full((3 if colour else 1, 24, 24), 0.7)
    assert stem.channels(even, 3 if colour else 1, 100).abs().max() < 1e-4


@pytest.mark.parametrize("position", range(0, 72, 5))
def test_stripes_of_a_channel_s_own_come_out_six_or_fifteen_times(position: int) -> None:
    band = bands.bands(True)[position]
    angle = math.radians(band.degrees)
    y, x = torch.meshgrid(torch.arange(160.0), torch.arange(160.0), indexing="ij")
    stripes = 0.1 * torch.cos(2 * math.pi * (x * math.sin(angle) + y * math.cos(angle)) / band.wavelength)
    weights = torch.tensor(bands.SOURCES[band.look.source])
    amplitude = 0.1 * weights.square().sum().item()  # in the source, of stripes coloured like it
    answer = stem.channels(stripes * weights[:, None, None], 3 + position, 4 + position)[0, 50:110, 50:110]
    assert answer.abs().max() == pytest.approx((15 if band.look.source else 6) * amplitude, rel=0.15)


def test_stem_mirrors_the_picture_at_its_borders() -> None:
    planes = sample("camera", 40)
    wider = planes[0]
    pad = 30
    index = torch.from_numpy(np.pad(np.arange(40), pad, mode="reflect"))
    wider = planes[:, index][:, :, index]
    inside = stem.channels(wider, 0, 60)[:, pad:-pad, pad:-pad]
    # Step 4 reaches 24 cells and its smoothing 8 more: beyond the border that was added here.
    near = [n for n, name in enumerate(stem.names(False, 60)) if not name.endswith((" 12 px", " 16 px", " 20 px"))]
    torch.testing.assert_close(stem.channels(planes, 0, 60)[near], inside[near], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("size", [1, 2, 3, 8])
def test_stem_of_tiny_pictures(size: int) -> None:
    planes = stem.channels(torch.rand(3, size, size), 0, 512)
    assert planes.shape == (512, size, size)
    assert planes.isfinite().all()


def test_names() -> None:
    assert stem.names(True, 1) == ("luminance",)
    assert stem.names(True, 2) == ("red", "green")
    assert stem.names(True, 5) == ("red", "green", "blue", "edges 0°, 4 px", "edges 90°, 4 px")
    assert stem.names(False, 2) == ("luminance", "edges 0°, 4 px")
    for colour in (True, False):
        assert len(set(stem.names(colour, 512))) == 512
        assert max(map(len, stem.names(colour, 512))) <= 36


# Samples


def test_samples_are_those_of_the_spec() -> None:
    assert tuple(each.name for each in SAMPLES) == SAMPLE_NAMES
    for each in SAMPLES:
        assert sample_pixels(each.name).shape[:2] == (256, 256)
        assert each.author in each.credit
        assert each.licence in each.credit


def test_samples_are_licensed_and_have_small_thumbnails() -> None:
    licences = (FOLDER / "LICENSES.md").read_text(encoding="utf-8")
    thumbnails = FOLDER.parents[3] / "static" / "samples"
    for each in SAMPLES:
        assert f"`{each.name}.jpg` | {each.author} |" in licences
        thumbnail = thumbnails / f"{each.name}.webp"
        assert thumbnail.stat().st_size < 2500
        with Image.open(thumbnail) as image:
            assert image.size == (68, 68)


def test_unknown_sample() -> None:
    with pytest.raises(UnknownName, match="there are: chelsea"):
        sample_pixels("../secret")


# The upload store

PLENTY, MINUTE_S = 2**20, 60


def test_ids_are_of_the_content() -> None:
    store = ImageStore(PLENTY, MINUTE_S)
    name = store.add(picture(COLOURED))
    assert re.fullmatch(UPLOAD_PATTERN, name)
    assert is_upload(name)
    assert LayerSpec(input=name).input == name
    assert store.add(picture(COLOURED.copy())) == name
    assert store.add(picture(COLOURED[::-1])) != name
    assert store.add(picture(COLOURED.reshape(20, 30, 3))) != name
    assert np.array_equal(store.get(name), COLOURED)
    assert not is_upload("chelsea")


def test_what_is_kept_is_a_copy_that_nobody_can_change() -> None:
    store, pixels = ImageStore(PLENTY, MINUTE_S), COLOURED.copy()
    name = store.add(picture(pixels))
    pixels[:] = 0
    kept = store.get(name)
    assert np.array_equal(kept, COLOURED)
    with pytest.raises(ValueError, match="read-only"):
        kept[0] = 0


def test_pictures_go_after_their_time() -> None:
    clock = Clock()
    store = ImageStore(PLENTY, 1800, clock)
    name = store.add(picture(COLOURED))
    clock.now = 1799
    store.get(name)
    clock.now = 1800
    with pytest.raises(ImageGone, match=r"picture is not kept any more .*30 minutes.*: upload it again") as error:
        store.get(name)
    assert name.removeprefix("upload-") not in str(error.value)


def test_adding_again_renews_the_time_and_using_does_not() -> None:
    clock = Clock()
    store = ImageStore(PLENTY, 100, clock)
    renewed, used = store.add(picture(COLOURED)), store.add(picture(GREY))
    clock.now = 90
    store.add(picture(COLOURED))
    store.get(used)
    clock.now = 150
    store.get(renewed)
    with pytest.raises(ImageGone):
        store.get(used)


def test_least_recently_used_go_first() -> None:
    store = ImageStore(3 * (400 + 1024), MINUTE_S)
    shades = [np.full((20, 20), shade, dtype=np.uint8) for shade in range(4)]
    first, second, third = (store.add(picture(shade)) for shade in shades[:3])
    store.get(first)
    store.add(picture(shades[3]))
    store.get(first)
    store.get(third)
    with pytest.raises(ImageGone):
        store.get(second)


def test_many_small_pictures_are_bounded_too() -> None:
    store = ImageStore(64 * 1024, MINUTE_S)
    dots = [np.array([[[number % 256, number // 256, 7]]], dtype=np.uint8) for number in range(1000)]
    names = [store.add(picture(dot)) for dot in dots]
    assert len(set(names)) == 1000
    assert len(store._kept) < 64


def test_picture_larger_than_the_store() -> None:
    with pytest.raises(ImageTooLarge, match="at most 1,000 are kept"):
        ImageStore(1000, MINUTE_S).add(picture(COLOURED))


# All together


@pytest.fixture
def inputs() -> Inputs:
    return Inputs()


@settings(max_examples=60)
@given(st.sampled_from((*SAMPLE_NAMES, *GENERATED)), st.integers(1, 40), st.integers(8, 40), seeds)
def test_tensor_shape_and_layout(name: str, channels: int, size: int, seed: int) -> None:
    tensor = Inputs().tensor(LayerSpec(input=name, in_channels=channels, size=size, seed=seed))
    assert tensor.shape == (1, channels, size, size)
    assert tensor.dtype == torch.float32
    assert tensor.is_contiguous(memory_format=torch.channels_last)
    assert tensor.isfinite().all()


@given(st.sampled_from((*SAMPLE_NAMES, *GENERATED)), st.lists(st.integers(1, 24), min_size=2, max_size=5))
def test_tensor_does_not_depend_on_what_was_asked_before(name: str, asked: list[int]) -> None:
    used = Inputs()
    for channels in asked:
        spec = LayerSpec(input=name, in_channels=channels, size=24)
        assert torch.equal(used.tensor(spec), Inputs().tensor(spec))


def test_one_channel_of_a_colour_picture_is_its_luminance(inputs: Inputs) -> None:
    one = inputs.tensor(LayerSpec(in_channels=1, size=64))
    three = inputs.tensor(LayerSpec(in_channels=3, size=64))[0]
    weights = torch.tensor([0.299, 0.587, 0.114])[:, None, None]
    torch.testing.assert_close(one[0, 0], (three * weights).sum(0))


def test_pictures_are_between_0_and_1(inputs: Inputs) -> None:
    for name in SAMPLE_NAMES:
        tensor = inputs.tensor(LayerSpec(input=name, in_channels=1, size=300))
        assert tensor.min() >= 0
        assert tensor.max() <= 1


def test_resizing_averages(inputs: Inputs) -> None:
    board = ((np.indices((64, 64)).sum(0) % 2) * 255).astype(np.uint8)
    tensor = inputs.tensor(LayerSpec(input=UPLOAD, in_channels=1, size=16), board)
    assert (tensor - 0.5).abs().max() < 0.02


def test_grey_uploads_have_luminance_and_bands(inputs: Inputs) -> None:
    spec = LayerSpec(input=UPLOAD, in_channels=3, size=20)
    assert torch.equal(inputs.tensor(spec, GREY)[0, 0], torch.from_numpy(GREY / np.float32(255)))


def test_what_is_made_of_a_picture_is_kept_for_a_minute() -> None:
    clock = Clock()
    inputs = Inputs(clock=clock)
    spec = LayerSpec(input=UPLOAD, size=16)
    kept = inputs.tensor(spec, COLOURED)
    clock.now = KEPT_SECONDS - 1
    assert inputs.tensor(spec, COLOURED).data_ptr() == kept.data_ptr()
    clock.now = KEPT_SECONDS + 1
    inputs.tensor(LayerSpec(size=8))
    assert [key[0] for key in inputs._widest] == ["chelsea"]


def test_same_tensor_is_handed_out_and_fewer_channels_compute_nothing(
    inputs: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = inputs.tensor(LayerSpec(in_channels=20, size=32))
    asked: list[tuple[int, int]] = []
    real: Callable[..., torch.Tensor] = stem.channels

    def spy(planes: torch.Tensor, start: int, stop: int) -> torch.Tensor:
        asked.append((start, stop))
        return real(planes, start, stop)

    monkeypatch.setattr(stem, "channels", spy)
    assert inputs.tensor(LayerSpec(in_channels=20, size=32)).data_ptr() == wide.data_ptr()
    assert torch.equal(inputs.tensor(LayerSpec(in_channels=7, size=32)), wide[:, :7])
    assert asked == []
    assert torch.equal(inputs.tensor(LayerSpec(in_channels=22, size=32))[:, :20], wide)
    assert asked == [(20, 22)]


def test_cache_is_bounded() -> None:
    inputs = Inputs(cache_bytes=3 * 3 * 64 * 64 * 4)
    for name in SAMPLE_NAMES:
        inputs.tensor(LayerSpec(input=name, size=64, in_channels=3))
    assert inputs._widest.currsize <= inputs._widest.maxsize
    assert inputs.tensor(LayerSpec(size=256)).shape == (1, 3, 256, 256), "larger than the cache"


def test_threads_see_the_same() -> None:
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
