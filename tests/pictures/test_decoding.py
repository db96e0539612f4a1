"""Decoding: every treatment against a numpy reference, every refusal in its own words."""

import contextlib
import io
import random
import struct
import subprocess
import sys
import threading
import warnings
import zlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageFile
from sepviz.errors import SepvizError, UndecodableImage, UnsupportedImage, UploadTooLarge
from sepviz.pictures.box import Box
from sepviz.pictures.decoding import MAX_BYTES, Picture, decode, kept_size
from sepviz.pictures.gif_blocks import MAX_BLOCKS
from sepviz.pictures.samples import FOLDER

Array = npt.NDArray[Any]

RNG = np.random.default_rng(7)
COLOUR: Array = RNG.integers(0, 256, (11, 7, 3), dtype=np.uint8)
GREY: Array = RNG.integers(0, 256, (11, 7), dtype=np.uint8)
ALPHA: Array = RNG.integers(0, 256, (11, 7), dtype=np.uint8)

FORMATS: dict[str, dict[str, Any]] = {
    "PNG": {},
    "JPEG": {"quality": 95},
    "WEBP": {"lossless": True},
    "GIF": {},
    "BMP": {},
    "AVIF": {"quality": 100, "subsampling": "4:4:4", "speed": 9},
}


def saved(image: Image.Image | Array, kind: str = "PNG", **options: Any) -> bytes:
    into = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(into, kind, **options)
    return into.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, bits: int, colour_type: int, rows: Iterable[bytes], *extra: bytes) -> bytes:
    """A PNG by hand, for what Pillow cannot write."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0))
    content = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(extra) + content + chunk(b"IEND", b"")


def on_white(colours: Array, alpha: Array) -> Array:
    weight = (alpha / 255)[..., None] if colours.ndim == 3 else alpha / 255
    return np.asarray(colours * weight + 255 * (1 - weight))


def assert_close(picture: Picture, reference: Array, most: float = 1) -> None:
    pixels = picture.pixels
    assert pixels.dtype == np.uint8
    assert pixels.shape == reference.shape
    assert np.abs(pixels.astype(float) - reference).max() <= most


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "BMP"])
def test_lossless_colour_is_exact(kind: str) -> None:
    picture = decode(saved(COLOUR, kind, **FORMATS[kind]))
    assert_close(picture, COLOUR, 0)
    assert (picture.width, picture.height, picture.frames, picture.notes) == (7, 11, 1, ())
    assert not picture.pixels.flags.writeable


def test_small_jpeg_equals_what_libjpeg_decodes() -> None:
    data = saved(COLOUR, "JPEG", quality=90)
    assert_close(decode(data), np.asarray(Image.open(io.BytesIO(data))), 0)


def test_progressive_and_grey_jpegs_are_decoded() -> None:
    assert decode(saved(COLOUR, "JPEG", progressive=True)).pixels.shape == (11, 7, 3)
    assert decode(saved(GREY, "JPEG")).pixels.shape == (11, 7)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize(
    ("orientation", "upright"),
    [
        (1, lambda a: a),
        (2, lambda a: a[:, ::-1]),
        (3, lambda a: a[::-1, ::-1]),
        (4, lambda a: a[::-1]),
        (5, lambda a: a.transpose(1, 0, 2)),
        (6, lambda a: a.transpose(1, 0, 2)[:, ::-1]),
        (7, lambda a: a[::-1, ::-1].transpose(1, 0, 2)),
        (8, lambda a: a.transpose(1, 0, 2)[::-1]),
    ],
)
def test_picture_is_turned_as_its_exif_orientation_says(
    kind: str, orientation: int, upright: Callable[[Array], Array]
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(COLOUR, kind, exif=exif, **FORMATS[kind])
    picture = decode(data)
    reference = upright(np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))
    assert_close(picture, reference, 0)
    assert (picture.height, picture.width) == reference.shape[:2]
    assert (picture.notes == ()) == (orientation == 1)


# What a camera that is held so writes; the tag undoes it.
STORED: dict[int, Callable[[Array], Array]] = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: a.transpose(1, 0, 2)[::-1],
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: a.transpose(1, 0, 2)[:, ::-1],
}


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("shape", [(8, 11), (11, 8)])
def test_picture_is_upright_for_every_orientation(orientation: int, shape: tuple[int, int]) -> None:
    upright: Array = RNG.integers(0, 256, (*shape, 3), dtype=np.uint8)
    stored = STORED[orientation](upright)
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = decode(saved(np.ascontiguousarray(stored), exif=exif))
    assert_close(picture, upright, 0)
    assert (picture.height, picture.width) == shape
    assert picture.used == {(8, 11): Box(1, 0, 8, 8), (11, 8): Box(0, 1, 8, 8)}[shape]


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0", b"Exif\0\0MM\0*", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0II*\0\x08\0\0\0\x09\0\x12\x01"]
)
def test_broken_exif_is_ignored(exif: bytes) -> None:
    picture = decode(saved(COLOUR, "JPEG", exif=exif))
    assert picture.pixels.shape == (11, 7, 3)
    assert picture.notes == ()


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_orientation_in_xmp_is_ignored_as_in_browsers(kind: str) -> None:
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a tiff:Orientation="6"/></x:xmpmeta>'
    plain = saved(COLOUR, kind, **FORMATS[kind])
    picture = decode(saved(COLOUR, kind, xmp=xmp, **FORMATS[kind]))
    assert np.array_equal(picture.pixels, decode(plain).pixels)
    assert picture.notes == ()


def test_16_bit_grey_is_scaled_not_clipped() -> None:
    values = RNG.integers(0, 65536, (11, 7), dtype=np.uint16)
    picture = decode(png(7, 11, 16, 0, (row.astype(">u2").tobytes() for row in values)))
    assert_close(picture, values / 257, 0.5)
    assert "16-bit values scaled to 8" in picture.notes


def test_every_16_bit_value_is_rounded() -> None:
    values = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    picture = decode(png(256, 256, 16, 0, (row.astype(">u2").tobytes() for row in values)))
    assert_close(picture, np.round(values / 257), 0)


@pytest.mark.parametrize(("colour_type", "planes"), [(2, 3), (4, 2), (6, 4)])
def test_16_bit_colour_and_alpha_are_scaled(colour_type: int, planes: int) -> None:
    values = RNG.integers(0, 65536, (11, 7, planes), dtype=np.uint16)
    picture = decode(png(7, 11, 16, colour_type, (row.astype(">u2").tobytes() for row in values)))
    eight = values / 257
    colours = {2: eight, 4: eight[..., 0], 6: eight[..., :3]}[colour_type]
    reference = colours if planes == 3 else on_white(colours, eight[..., -1])
    # Of colour Pillow keeps the high byte, which is 1 level off at most.
    assert_close(picture, reference, 1.5 if planes == 3 else 0.51)
    assert "16-bit values scaled to 8" in picture.notes


def test_transparent_value_of_16_bit_grey_becomes_white() -> None:
    values = np.array([[0, 1000, 1001], [1000, 65535, 30000]], dtype=np.uint16)
    rows = (row.astype(">u2").tobytes() for row in values)
    picture = decode(png(3, 2, 16, 0, rows, chunk(b"tRNS", struct.pack(">H", 1000))))
    assert_close(picture, np.where(values == 1000, 255, values / 257))


def test_transparent_value_of_16_bit_colour_is_compared_to_its_last_bit() -> None:
    values = RNG.integers(0, 65536, (11, 7, 3), dtype=np.uint16)
    values[2:5] = values[0, 0]
    values[4] ^= 1
    rows = (row.astype(">u2").tobytes() for row in values)
    picture = decode(png(7, 11, 16, 2, rows, chunk(b"tRNS", values[0, 0].astype(">u2").tobytes())))
    clear = (values == values[0, 0]).all(axis=2)
    assert 15 <= clear.sum() < 22
    assert_close(picture, np.where(clear[..., None], 255, values / 257), 1.5)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_transparent_value_of_grey_of_few_bits_becomes_white(bits: int) -> None:
    values = np.arange(64).reshape(8, 8) % 2**bits
    rows = []
    for row in values:
        ones = "".join(f"{value:0{bits}b}" for value in row)
        rows.append(int(ones, 2).to_bytes(bits, "big"))
    picture = decode(png(8, 8, bits, 0, rows, chunk(b"tRNS", struct.pack(">H", 1))))
    assert_close(picture, np.where(values == 1, 255, values * 255 / (2**bits - 1)))
    assert "transparency flattened on white" in picture.notes


def test_transparent_colour_becomes_white() -> None:
    picture = decode(saved(COLOUR, "PNG", transparency=tuple(map(int, COLOUR[3, 4]))))
    reference = COLOUR.copy()
    reference[(reference == COLOUR[3, 4]).all(axis=2)] = 255
    assert_close(picture, reference, 0)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_alpha_is_flattened_on_white(kind: str) -> None:
    # WebP keeps colours under clear pixels only if it is told to.
    options = {"exact": True, "lossless": True} if kind == "WEBP" else {}
    picture = decode(saved(np.dstack([COLOUR, ALPHA]), kind, **options))
    assert_close(picture, on_white(COLOUR, ALPHA))
    assert picture.notes == ("transparency flattened on white",)


def test_grey_alpha_is_flattened_on_white() -> None:
    assert_close(decode(saved(np.dstack([GREY, ALPHA]))), on_white(GREY, ALPHA))


def test_opaque_alpha_adds_no_note() -> None:
    picture = decode(saved(np.dstack([COLOUR, np.full_like(ALPHA, 255)])))
    assert_close(picture, COLOUR, 0)
    assert picture.notes == ()


def paletted(indices: Array, palette: Array) -> Image.Image:
    image = Image.fromarray(indices)
    image.putpalette(palette.tobytes())
    return image


@pytest.mark.parametrize("kind", ["PNG", "GIF", "BMP"])
def test_palette_is_applied(kind: str) -> None:
    indices, palette = GREY % 16, RNG.integers(0, 256, (16, 3), dtype=np.uint8)
    assert_close(decode(saved(paletted(indices, palette), kind)), palette[indices], 0)


def test_palette_with_alpha_is_flattened_on_white() -> None:
    indices, palette = GREY % 16, RNG.integers(0, 256, (16, 3), dtype=np.uint8)
    alpha = RNG.integers(0, 256, 16, dtype=np.uint8)
    picture = decode(saved(paletted(indices, palette), transparency=alpha.tobytes()))
    assert_close(picture, on_white(palette[indices], alpha[indices]))


@pytest.mark.parametrize("entries", [17, 255, 256, 257])
def test_alpha_beyond_the_palette_is_ignored(entries: int) -> None:
    indices, palette = GREY % 16, RNG.integers(0, 256, (16, 3), dtype=np.uint8)
    alpha = RNG.integers(0, 256, entries, dtype=np.uint8)
    extra = (chunk(b"PLTE", palette.tobytes()), chunk(b"tRNS", alpha.tobytes()))
    picture = decode(png(indices.shape[1], indices.shape[0], 8, 3, map(bytes, indices), *extra))
    # As browsers do: more than there can be colours are ignored.
    reference = palette[indices] if entries > 256 else on_white(palette[indices], alpha[indices])
    assert_close(picture, reference)


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_clear_entry_of_a_palette_becomes_white(kind: str) -> None:
    indices, palette = GREY % 16, RNG.integers(0, 256, (16, 3), dtype=np.uint8)
    indices[0, 0] = 5
    picture = decode(saved(paletted(indices, palette), kind, transparency=5))
    assert_close(picture, np.where((indices == 5)[..., None], 255, palette[indices]), 0)
    assert picture.notes == ("transparency flattened on white",)


@pytest.mark.parametrize("kind", ["PNG", "BMP"])
def test_one_bit_becomes_black_and_white(kind: str) -> None:
    assert_close(decode(saved(Image.fromarray(GREY > 127), kind)), (GREY > 127) * 255.0, 0)


def test_cmyk_of_adobe_is_converted_to_rgb() -> None:
    # Flat blocks of 8 x 8 of few levels survive a JPEG of quality 100 almost unchanged.
    blocks = RNG.integers(0, 256, (3, 2, 4), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
    data = saved(Image.fromarray(blocks, "CMYK"), "JPEG", quality=100)
    assert b"Adobe" in data
    picture = decode(data)
    kept = 255.0 - blocks
    assert_close(picture, kept[..., :3] * kept[..., 3:] / 255, 2)  # one more for the JPEG
    assert "CMYK converted to RGB" in picture.notes


def test_picture_without_colour_is_kept_as_grey() -> None:
    picture = decode(saved(np.dstack([GREY] * 3)))
    assert_close(picture, GREY, 0)
    assert picture.notes == ("no pixel has a colour: kept as grey",)


def linear_profile() -> bytes:
    """The sRGB profile with curves that are straight lines: a parametric curve of exponent 1."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for number in range(struct.unpack_from(">I", data, 128)[0]):
        name, offset, _ = struct.unpack_from(">4sII", data, 132 + 12 * number)
        if name in (b"rTRC", b"gTRC", b"bTRC"):
            assert data[offset : offset + 4] == b"para"
            struct.pack_into(">5i", data, offset + 12, 65536, 65536, 0, 65536, 0)
    return bytes(data).replace("sRGB".encode("utf-16-be"), "line".encode("utf-16-be")).replace(b"sRGB", b"line")


def test_profile_is_converted_to_srgb() -> None:
    picture = decode(saved(COLOUR, icc_profile=linear_profile()))
    light = COLOUR / 255
    curved = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    assert_close(picture, 255 * curved, 1.5)
    assert picture.notes == ("colours converted from the embedded profile to sRGB",)


def test_srgb_profile_changes_nothing() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = decode(saved(COLOUR, icc_profile=profile))
    assert_close(picture, COLOUR, 0)
    assert picture.notes == ()


@pytest.mark.parametrize("profile", [b"not a profile", linear_profile()[:200]])
def test_broken_profile_is_ignored_with_a_note(profile: bytes) -> None:
    picture = decode(saved(COLOUR, icc_profile=profile))
    assert_close(picture, COLOUR, 0)
    assert picture.notes == ("embedded colour profile ignored",)


def test_colour_profile_of_a_grey_picture_is_followed() -> None:
    picture = decode(saved(GREY, icc_profile=linear_profile()))
    light = GREY / 255
    curved = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    assert_close(picture, 255 * curved, 1.5)


def test_alpha_of_a_reduced_picture_is_flattened_on_white() -> None:
    alpha = np.linspace(0, 255, 4096)[None, :].repeat(1536, 0).astype(np.uint8)
    layers = np.dstack([np.full_like(alpha, shade) for shade in (200, 40, 0)] + [alpha])
    picture = decode(saved(layers, compress_level=1))
    reference = on_white(layers[..., :3], alpha).reshape(768, 2, 2048, 2, 3).mean(axis=(1, 3))
    assert_close(picture, reference, 4)  # 1.5 without the JPEG
    assert picture.notes == ("transparency flattened on white", "reduced to 2048 × 768")


def test_16_bit_alpha_is_flattened_in_bands_of_rows() -> None:
    values = RNG.integers(0, 65536, (600, 3, 4), dtype=np.uint16)
    picture = decode(png(3, 600, 16, 6, (row.astype(">u2").tobytes() for row in values)))
    assert_close(picture, on_white(values[..., :3] / 257, values[..., 3] / 257), 0.51)


def test_size_and_notes_are_those_of_the_upright_picture() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = decode(saved(Image.new("L", (4000, 2000), 70), "JPEG", exif=exif))
    assert (picture.width, picture.height) == (2000, 4000)
    assert picture.used == Box(left=0, top=1000, width=2000, height=2000)
    assert picture.pixels.shape == (2048, 1024)
    assert "reduced to 1024 × 2048" in picture.notes
    assert np.abs(picture.pixels.astype(int) - 70).max() <= 1


@pytest.mark.parametrize(
    ("size", "kept"),
    [
        ((2048, 2048), (2048, 2048)),
        ((2049, 1000), (2048, 1000)),
        ((4000, 3000), (2048, 1536)),
        ((1080, 1920), (1080, 1920)),
        ((5000, 5000), (2048, 2048)),
        ((12_000, 2_000), (3072, 512)),  # not below 512 on the shorter side
        ((600, 12_000), (512, 10_240)),
        ((12_000, 512), (12_000, 512)),
        ((12_000, 1), (12_000, 1)),
    ],
)
def test_kept_size_is_at_most_2048_and_at_least_512_on_the_shorter_side(
    size: tuple[int, int], kept: tuple[int, int]
) -> None:
    assert kept_size(*size) == kept


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "BMP"])
@pytest.mark.parametrize("colour", [True, False])
def test_lossless_picture_of_2048_pixels_a_side_is_kept_to_the_last_bit(kind: str, colour: bool) -> None:
    pixels = RNG.integers(0, 256, (700, 2048, 3) if colour else (700, 2048), dtype=np.uint8)
    options = {"PNG": {"compress_level": 1}, "WEBP": {"lossless": True, "quality": 0}, "BMP": {}}[kind]
    picture = decode(saved(pixels, kind, **options))
    assert_close(picture, pixels, 0)
    assert not any(note.startswith("reduced") for note in picture.notes)


def test_jpeg_of_512_pixels_on_the_shorter_side_is_kept_to_the_last_bit() -> None:
    data = saved(Image.fromarray(COLOUR).resize((1000, 512)), "JPEG", quality=90)
    assert_close(decode(data), np.asarray(Image.open(io.BytesIO(data))), 0)


def test_content_of_a_photo_is_a_small_jpeg_close_to_it() -> None:
    photo = np.asarray(Image.open(FOLDER / "coffee.jpg").resize((1600, 1200), Image.Resampling.LANCZOS))
    picture = decode(saved(photo, "JPEG", quality=95))
    assert len(picture.content) < 2**20 < photo.nbytes
    assert picture.pixels.shape == photo.shape
    assert np.abs(picture.pixels.astype(float) - photo).mean() < 2


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("kind", FORMATS)
def test_panorama_keeps_its_proportions_and_512_pixels(kind: str, turned: bool) -> None:
    """Ten plates side by side."""
    plates = np.arange(10).repeat(800)[None, :].repeat(800, 0).astype(np.uint8) * 25
    picture = decode(saved(plates.T if turned else plates, kind, **FORMATS[kind]))
    pixels = picture.pixels.T if turned else picture.pixels
    assert pixels.shape == (512, 5120)
    for number in range(10):
        inside = pixels[:, number * 512 + 24 : number * 512 + 488]
        assert np.abs(inside - 25.0 * number).max() <= 2


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("shape", [(2100, 2800), (1500, 4099)])
def test_reduced_picture_is_the_mean_of_its_pixels(kind: str, shape: tuple[int, int]) -> None:
    coarse = Image.fromarray(RNG.integers(0, 256, (6, 8), dtype=np.uint8))
    whole = coarse.resize(shape[::-1], Image.Resampling.BICUBIC)
    picture = decode(saved(whole, kind, **FORMATS[kind]))
    height, width = picture.pixels.shape
    assert width == 2048
    assert abs(height - 2048 * shape[0] / shape[1]) <= 0.5
    reference = whole.resize((width, height), Image.Resampling.BOX)
    # Means of whole boxes, and the JPEG, are not quite these.
    assert np.abs(picture.pixels.astype(float) - np.asarray(reference)).mean() < 1
    assert f"reduced to {width} × {height}" in picture.notes


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (1, 11_999), (11_999, 1)])
@pytest.mark.parametrize("kind", FORMATS)
def test_picture_of_one_row_or_column_is_decoded(shape: tuple[int, int], kind: str) -> None:
    picture = decode(saved(np.full(shape, 99, dtype=np.uint8), kind, **FORMATS[kind]))
    assert (picture.height, picture.width) == shape
    assert np.abs(picture.pixels.astype(int) - 99).max() <= 1
    assert picture.pixels.shape == shape


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_first_frame_of_an_animation_is_used(kind: str) -> None:
    shades = [Image.new("RGB", (4, 4), (10 + 30 * number, 0, 90)) for number in range(6)]
    picture = decode(saved(shades[0], kind, save_all=True, append_images=shades[1:], lossless=True, duration=50))
    assert picture.frames == 6
    assert "first of 6 frames used" in picture.notes
    assert_close(picture, np.full((4, 4, 3), (10, 0, 90)), 0)


def test_first_picture_of_an_mpo_is_used() -> None:
    first = Image.fromarray(COLOUR)
    picture = decode(saved(first, "MPO", save_all=True, append_images=[first]))
    assert picture.frames == 2
    assert picture.pixels.shape == (11, 7, 3)


def test_frames_are_counted_without_decoding_and_only_so_many() -> None:
    still = saved(GREY, "GIF")
    frame = b",\0\0\0\0\1\0\1\0\0\2\2\x44\1\0"
    assert decode(still[:-1] + 599 * frame + b";").notes[0] == "first of 600 frames used"
    one_long_comment = still[:-1] + b"!\xfe" + 3 * MAX_BLOCKS * b"\1a" + b"\0" + frame + b";"
    assert decode(one_long_comment).frames == 1
    picture = decode(still[:-1] + MAX_BLOCKS * frame + b";")
    assert picture.frames > 50_000
    assert picture.notes[0].startswith("first of at least ")


def headers_claiming(width: int, height: int) -> dict[str, bytes]:
    gif = struct.pack("<6sHHBBB", b"GIF89a", width & 0xFFFF, height & 0xFFFF, 0x80, 0, 0) + bytes(6)
    gif += struct.pack("<BHHHHB", 0x2C, 0, 0, 1, 1, 0) + b"\2\2\x44\1\0;"
    jpeg = bytearray(saved(GREY, "JPEG"))
    struct.pack_into(">HH", jpeg, jpeg.index(b"\xff\xc0") + 5, height & 0xFFFF, width & 0xFFFF)
    bmp = bytearray(saved(GREY, "BMP"))
    struct.pack_into("<ii", bmp, 18, width, height)
    return {"PNG": png(width, height, 8, 0, []), "GIF": gif, "JPEG": bytes(jpeg), "BMP": bytes(bmp)}


@pytest.mark.parametrize("kind", ["PNG", "GIF", "JPEG", "BMP"])
@pytest.mark.parametrize("size", [(50_000, 50_000), (12_001, 1), (1, 12_001), (5_001, 5_000), (10_000, 10_000)])
def test_too_many_pixels_are_refused_before_decoding(
    size: tuple[int, int], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(*_: object) -> None:
        pytest.fail("it was decoded")

    monkeypatch.setattr(ImageFile.ImageFile, "load", load)
    with pytest.raises(UploadTooLarge, match="25 megapixels at most, and 12,000 a side"):
        decode(headers_claiming(*size)[kind])


@pytest.mark.parametrize("size", [(5_001, 5_000), (12_001, 1), (16_383, 16_383)])
def test_too_many_pixels_of_a_webp_are_refused_before_decoding(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = bytearray(saved(COLOUR, "WEBP", lossless=True, exif=b"Exif\0\0II*\0\x08\0\0\0\0\0"))
    assert data[12:16] == b"VP8X"
    data[24:30] = (size[0] - 1).to_bytes(3, "little") + (size[1] - 1).to_bytes(3, "little")
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda *_: pytest.fail("it was decoded"))
    # libwebp may find first that the one frame does not fill the canvas; either way nothing is decoded.
    with pytest.raises((UploadTooLarge, UndecodableImage)):
        decode(bytes(data))


def test_pictures_at_the_limits_are_accepted() -> None:
    assert decode(saved(Image.new("1", (5_000, 5_000)))).width == 5_000
    assert decode(saved(Image.new("L", (12_000, 2)))).width == 12_000


def test_too_many_bytes_are_refused() -> None:
    good = saved(COLOUR)
    assert decode(good + bytes(MAX_BYTES - len(good))).width == 7
    with pytest.raises(UploadTooLarge, match="image is larger than 8 MiB: it has 8,388,609 bytes"):
        decode(good + bytes(MAX_BYTES - len(good) + 1))


NOT_PICTURES = {
    "empty": b"",
    "one byte": b"\x89",
    "pdf": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>',
    "html": b"<!doctype html><title>x</title>",
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "tiff": saved(GREY, "TIFF"),
    "ppm": saved(COLOUR, "PPM"),
    "ico": saved(Image.new("RGBA", (16, 16)), "ICO"),
    "text that begins with BM": b"BMX is a sport, and this is text about it. It goes on for a while.",
    "riff that is sound": b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0",
}


@pytest.mark.parametrize("data", NOT_PICTURES.values(), ids=NOT_PICTURES.keys())
def test_other_files_are_not_supported(data: bytes) -> None:
    with pytest.raises(UnsupportedImage, match="supported are PNG, JPEG, WebP, GIF, BMP, AVIF"):
        decode(data)


@pytest.mark.parametrize("kind", FORMATS)
def test_truncated_file_is_called_incomplete(kind: str) -> None:
    data = saved(RNG.integers(0, 256, (60, 50, 3), dtype=np.uint8), kind, **FORMATS[kind])
    for kept in (30, len(data) // 4, len(data) // 2, len(data) * 9 // 10):
        with pytest.raises(UndecodableImage, match="image file is incomplete"):
            decode(data[:kept])
    assert not ImageFile.LOAD_TRUNCATED_IMAGES


def test_broken_file_is_not_called_incomplete() -> None:
    data = bytearray(saved(RNG.integers(0, 256, (60, 50, 3), dtype=np.uint8)))
    data[200:260] = bytes(60)
    with pytest.raises(UndecodableImage, match="this PNG file is broken"):
        decode(bytes(data))


@pytest.mark.parametrize(
    "error",
    [SyntaxError, struct.error, zlib.error, MemoryError, OverflowError, ValueError, KeyError, RecursionError],
    ids=lambda error: f"{error.__module__}.{error.__name__}",
)
def test_messages_of_decoders_are_not_shown(error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def load(*_: object) -> None:
        raise error("secret /etc/passwd")

    monkeypatch.setattr(ImageFile.ImageFile, "load", load)
    with pytest.raises(UndecodableImage) as caught:
        decode(saved(COLOUR))
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_png_of_many_tiny_chunks_is_decoded() -> None:
    assert decode(png(1, 1, 8, 0, [b"\7"], chunk(b"prVt", b"") * 20_000)).pixels.tolist() == [[7]]


def test_warning_filters_are_unchanged() -> None:
    before = list(warnings.filters)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(decode, [saved(COLOUR, "JPEG", exif=b"Exif\0\0MM\0*")] * 100))
    assert warnings.filters == before


def mutated(data: bytes, random_: random.Random) -> bytes:
    """The file with some bytes changed, cut out, doubled or inserted, mostly near its beginning."""
    changed = bytearray(data)
    for _ in range(random_.choice((1, 1, 2, 5, 20))):
        at = int(len(changed) * random_.random() ** random_.choice((1, 1, 3)))
        match random_.randrange(5):
            case 0 | 1:
                changed[at : at + 1] = random_.randbytes(1)
            case 2:
                del changed[at : at + random_.randrange(1, 40)]
            case 3:
                changed[at:at] = changed[at : at + random_.randrange(1, 40)]
            case _:
                changed[at : at + 4] = random_.choice((b"\xff" * 4, bytes(4), b"\x7f\xff\xff\xff", b"\0\0\1\0"))
    return bytes(changed)


@cache
def seeds() -> list[bytes]:
    exif = Image.Exif()
    exif[0x0112] = 6
    small = Image.open(FOLDER / "chelsea.jpg").resize((24, 20))
    gif = saved(small, "GIF", save_all=True, append_images=[small.rotate(90)], duration=50)
    rich = saved(small.convert("RGBA"), exif=exif, icc_profile=linear_profile())
    return [
        rich,
        saved(small, "JPEG", exif=exif, icc_profile=linear_profile()),
        saved(small.convert("CMYK"), "JPEG", progressive=True),
        saved(small, "WEBP", exif=exif),
        saved(small, "WEBP", lossless=True),
        gif,
        saved(small, "BMP"),
        saved(small.convert("P"), transparency=3),
    ]


def test_mutations_end_in_a_picture_or_our_error() -> None:
    random_, outcomes = random.Random(20), set()  # noqa: S311  (no secret)
    for number in range(800):
        data = mutated(seeds()[number % 8], random_)
        try:
            picture = decode(data)
        except SepvizError as error:
            outcomes.add(type(error))
        else:
            assert picture.pixels.ndim in (2, 3)
            assert picture.pixels.shape[:2] == (picture.height, picture.width)
            outcomes.add(Picture)
    assert {Picture, UndecodableImage, UnsupportedImage} <= outcomes


@given(
    st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\x99\0\0\0WEBP", b"GIF89a", b"BM"]), st.binary()
)
def test_any_bytes_end_in_a_picture_or_our_error(start: bytes, rest: bytes) -> None:
    with contextlib.suppress(SepvizError):
        decode(start + rest)


def test_decoding_needs_no_torch() -> None:
    check = "import sys, sepviz.pictures.decoding; sys.exit('torch' in sys.modules or 'pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], cwd=FOLDER.parents[2], check=False).returncode == 0


def test_threads_decode_the_same_pictures_at_once() -> None:
    files = [data for data in seeds() for _ in range(6)]
    alone = [decode(data).pixels for data in files]
    assert threading.active_count() < 50
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda data: decode(data).pixels, files))
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))
