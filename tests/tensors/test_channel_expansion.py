"""The channel expansion: its first channels, its bands, and pictures that are computed in strips."""

import math

import numpy as np
import pytest
import torch
from PIL import Image
from sepviz.layer.spec import SAMPLES as SAMPLE_NAMES
from sepviz.pictures.samples import FOLDER
from sepviz.tensors import channel_expansion
from sepviz.tensors.bands import SOURCES, bands
from sepviz.tensors.channel_expansion import channel_names, expand

from tests.support.correlations import correlations


def sample(name: str, size: int = 128) -> torch.Tensor:
    image = Image.open(FOLDER / f"{name}.jpg").resize((size, size), Image.Resampling.LANCZOS)
    planes = torch.from_numpy(np.array(image)).float() / 255
    return planes.permute(2, 0, 1) if planes.ndim == 3 else planes[None]


def test_first_channels_are_the_picture_itself() -> None:
    chelsea, camera = sample("chelsea"), sample("camera")
    assert torch.equal(expand(chelsea, 0, 3), chelsea)
    assert torch.equal(expand(chelsea, 0, 2), chelsea[:2])
    assert torch.equal(expand(camera, 0, 4)[:1], camera)


@pytest.mark.parametrize("name", ["chelsea", "camera"])
def test_channel_is_the_same_for_every_run_of_channels(name: str) -> None:
    planes = sample(name, 40)
    whole = expand(planes, 0, 512)
    for start, stop in ((0, 2), (0, 4), (0, 77), (1, 5), (2, 30), (100, 101), (300, 512)):
        assert torch.equal(expand(planes, start, stop), whole[start:stop])


def test_first_channels_are_weakly_correlated() -> None:
    measured = correlations(expand(sample("chelsea"), 0, 512))
    assert measured[:3, :3].max() < 0.95, "red, green and blue are what they are"
    measured[:3, :3] = 0
    assert measured[:32, :32].max() < 0.6
    assert measured[:64, :64].max() < 0.8
    assert measured.max() < 0.97


@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_channels_of_every_sample_differ_and_have_similar_amplitudes(name: str) -> None:
    planes = expand(sample(name), 0, 512)
    assert correlations(planes).max() < 0.992
    strength = planes[:128].abs().flatten(1).quantile(0.99, dim=1)
    assert strength.min() > 0.05
    assert 0.15 < strength.median() < 1.5
    assert planes.abs().max() < 5


def test_channels_of_a_picture_of_one_hue_differ() -> None:
    sepia = sample("camera") * torch.tensor([1.0, 0.8, 0.5])[:, None, None]
    measured = correlations(expand(sepia, 0, 512)[3:])
    assert measured.max() < 0.97


@pytest.mark.parametrize("colour", [True, False])
def test_bands_begin_with_the_most_different_directions_and_wavelengths(colour: bool) -> None:
    order = bands(colour)
    assert len(order) >= 4095
    assert len(set(order)) == len(order)
    assert [band.degrees for band in order[:4]] == [0, 90, 45, 135]
    assert [band.wavelength for band in order[:12:4]] == [4, 8, 16]
    assert {band.wavelength for band in order} == {3, 4, 5, 6, 8, 10, 12, 16, 20}


@pytest.mark.parametrize("colour", [True, False])
def test_constant_picture_has_no_response(colour: bool) -> None:
    for band in bands(colour):
        assert abs(band.kernel.sum().item()) < 1e-5
    even = torch.full((3 if colour else 1, 24, 24), 0.7)
    assert expand(even, 3 if colour else 1, 100).abs().max() < 1e-4


@pytest.mark.parametrize("position", range(0, 72, 5))
def test_stripes_of_a_band_are_amplified_six_or_fifteen_times(position: int) -> None:
    band = bands(True)[position]
    angle = math.radians(band.degrees)
    y, x = torch.meshgrid(torch.arange(160.0), torch.arange(160.0), indexing="ij")
    stripes = 0.1 * torch.cos(2 * math.pi * (x * math.sin(angle) + y * math.cos(angle)) / band.wavelength)
    weights = torch.tensor(SOURCES[band.pattern.source])
    amplitude = 0.1 * weights.square().sum().item()  # in the source, of stripes coloured like it
    answer = expand(stripes * weights[:, None, None], 3 + position, 4 + position)[0, 50:110, 50:110]
    assert answer.abs().max() == pytest.approx((15 if band.pattern.source else 6) * amplitude, rel=0.15)


def test_borders_are_padded_with_the_mirror_image() -> None:
    planes = sample("camera", 40)
    wider = planes[0]
    pad = 30
    index = torch.from_numpy(np.pad(np.arange(40), pad, mode="reflect"))
    wider = planes[:, index][:, :, index]
    inside = expand(wider, 0, 60)[:, pad:-pad, pad:-pad]
    # Step 4 reaches 24 cells and its smoothing 8 more: beyond the border that was added here.
    near = [n for n, name in enumerate(channel_names(False, 60)) if not name.endswith((" 12 px", " 16 px", " 20 px"))]
    torch.testing.assert_close(expand(planes, 0, 60)[near], inside[near], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("size", [1, 2, 3, 8])
def test_tiny_picture_has_finite_channels(size: int) -> None:
    planes = expand(torch.rand(3, size, size), 0, 512)
    assert planes.shape == (512, size, size)
    assert planes.isfinite().all()


def test_channel_names_are_short_and_distinct() -> None:
    assert channel_names(True, 1) == ("luminance",)
    assert channel_names(True, 2) == ("red", "green")
    assert channel_names(True, 5) == ("red", "green", "blue", "edges 0°, 4 px", "edges 90°, 4 px")
    assert channel_names(False, 2) == ("luminance", "edges 0°, 4 px")
    for colour in (True, False):
        assert len(set(channel_names(colour, 4096))) == 4096
        assert max(map(len, channel_names(colour, 4096))) <= 36


@pytest.mark.parametrize("colour", [True, False])
def test_all_4096_channels_of_a_small_map_differ(colour: bool) -> None:
    planes = expand(sample("chelsea" if colour else "camera", 7), 0, 4096)
    assert len(planes.flatten(1).unique(dim=0)) == 4096


@pytest.mark.parametrize("shape", [(40, 17), (5, 64)])
def test_strips_have_the_channels_of_the_whole_picture(shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    planes = torch.rand(3, *shape, generator=torch.Generator().manual_seed(2))
    whole = expand(planes, 0, 300)
    monkeypatch.setattr(channel_expansion, "_MAX_CELLS_AT_ONCE", 100)
    torch.testing.assert_close(expand(planes, 0, 300), whole, rtol=1e-4, atol=1e-5)


def test_convolutions_of_a_large_picture_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    real = channel_expansion.conv2d

    def spy(*args: torch.Tensor, **options: int) -> torch.Tensor:
        sizes.append(real(*args, **options).nbytes)
        return real(*args, **options)

    monkeypatch.setattr(channel_expansion, "conv2d", spy)
    expand(torch.rand(1, 1024, 1024), 0, 18)
    assert len(sizes) > 4
    assert max(sizes) <= 16 * 2**20


def test_wide_picture_has_the_channels_of_its_transpose() -> None:
    """Stripes of a direction are those of 90° minus it in the transposed picture, where their phase is even."""
    planes = torch.rand(1, 20, 50, generator=torch.Generator().manual_seed(1))
    names = channel_names(False, 577)
    flat, upright = names.index("lines 0°, 4 px"), names.index("lines 90°, 4 px")
    lines = expand(planes, 0, 577)[flat]
    torch.testing.assert_close(lines.T, expand(planes.transpose(1, 2), 0, 577)[upright], rtol=1e-4, atol=1e-5)
