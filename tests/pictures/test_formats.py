"""Formats are told by content: those that are taken, and the names of those that are not."""

import io
import json
import re
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sepviz.errors import UndecodableImage, UnsupportedImage, UploadTooLarge
from sepviz.pictures import decoding
from sepviz.pictures.decoding import decode
from sepviz.pictures.formats import FORMATS, identify
from starlette.testclient import TestClient

from tests.support.here import create_app

RNG = np.random.default_rng(23)
COLOUR = RNG.integers(0, 256, (12, 12, 3), dtype=np.uint8)
ROOT = Path(__file__).parents[2]


def saved(pixels, kind, **options):
    into = io.BytesIO()
    Image.fromarray(pixels).save(into, kind, **options)
    return into.getvalue()


def container(major, *others):
    return struct.pack(">I4s4s4x", 16 + 4 * len(others), b"ftyp", major) + b"".join(others) + b"\0\0\0\x08mdat"


@pytest.mark.parametrize("name", FORMATS)
def test_every_listed_format_is_decoded(name):
    assert identify(saved(COLOUR, name)) == name
    assert decode(saved(COLOUR, name)).pixels.shape == (12, 12, 3)


def test_page_readme_and_command_list_the_same_formats():
    with TestClient(create_app(), base_url="http://localhost") as client:
        limits = re.search(r"data-limits='([^']+)'", client.get("/").text)[1]
    assert json.loads(limits)["formats"] == list(FORMATS)
    uploads = (ROOT / "README.md").read_text().partition("**Uploads.** ")[2].partition(", at most")[0]
    assert re.sub(r" \([^)]*\)", "", uploads).replace(" or ", ", ") == ", ".join(FORMATS)
    command = (ROOT / "app/sepviz/cli/picture_option.py").read_text()
    command = command.partition("in place of --input: a ")[2].partition(" of at most")[0]
    assert command.replace(" or ", ", ") == ", ".join(FORMATS)


OTHERS = {
    "HEIC": [container(b"heic", b"mif1", b"heic"), container(b"mif1", b"mif1", b"heic"), container(b"heix")],
    "TIFF": [saved(COLOUR, "TIFF"), b"MM\0*\0\0\0\x08", b"II+\0\x08\0\0\0"],
    "SVG": [
        b"<svg/>",
        b'<?xml version="1.0"?>\n<!-- made -->\n<svg xmlns="http://www.w3.org/2000/svg"/>',
        b'\xef\xbb\xbf\r\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x">\n<svg\nwidth="1">',
        b'<svg:svg xmlns:svg="http://www.w3.org/2000/svg"/>',
        '<?xml version="1.0" encoding="utf-16"?><svg/>'.encode("utf-16"),
    ],
    "HTML": [b"<!DOCTYPE html><html><body><svg></svg></body></html>", b"\n<html>"],
    "PDF": [b"%PDF-1.7\n"],
    "PostScript": [b"%!PS-Adobe-3.0 EPSF-3.0\n"],
    "JPEG XL": [b"\xff\x0a\xfa\x1f", b"\0\0\0\x0cJXL \r\n\x87\n"],
    "JPEG 2000": [saved(COLOUR, "JPEG2000"), b"\xff\x4f\xff\x51\0"],
    "an icon": [saved(COLOUR, "ICO")],
    "PNM": [saved(COLOUR, "PPM"), b"P1\n2 2\n0 1 1 0\n"],
    "a Photoshop document": [b"8BPS\0\1"],
    "a video": [container(b"isom", b"mp41"), container(b"qt  "), b"\x1aE\xdf\xa3\0"],
    "a camera's raw file": [container(b"crx ", b"isom"), b"FUJIFILMCCD-RAW 0201"],
}


@pytest.mark.parametrize(("name", "data"), [(name, data) for name, files in OTHERS.items() for data in files])
def test_other_formats_are_named(name, data):
    with pytest.raises(UnsupportedImage) as refused:
        decode(data)
    assert f"this is {name}" in str(refused.value)
    assert str(refused.value).endswith(f"supported are {', '.join(FORMATS)}")


def test_refusal_of_heic_says_what_to_do():
    with pytest.raises(UnsupportedImage, match=r"this is HEIC, .* as JPEG; supported are"):
        decode(container(b"heic"))


@pytest.mark.parametrize("data", [b"words", b"<note>no picture</note>", b"RIFF\x24\0\0\0WAVE", b"BM, or so"])
def test_unknown_content_is_refused(data):
    with pytest.raises(UnsupportedImage, match="the content of this file is something else"):
        decode(data)


# AVIF


def test_avif_is_close_to_its_source():
    blocks = RNG.integers(0, 256, (3, 3, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
    picture = decode(saved(blocks, "AVIF", quality=100, subsampling="4:4:4"))
    assert np.abs(picture.pixels.astype(int) - blocks).max() <= 3


def test_avif_with_alpha_is_flattened_on_white():
    alpha = np.repeat([[0, 255]], 8, 1).repeat(16, 0).astype(np.uint8)
    layers = np.dstack([np.full((16, 16, 3), 60, dtype=np.uint8), alpha])
    picture = decode(saved(layers, "AVIF", quality=100))
    assert np.abs(picture.pixels.astype(int) - np.where(alpha == 0, 255, 60)).max() <= 2
    assert "transparency flattened on white" in picture.notes


def test_avif_is_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    wide = np.zeros((16, 32), dtype=np.uint8)
    picture = decode(saved(wide, "AVIF", exif=exif))
    assert (picture.width, picture.height) == (16, 32)


def test_avif_uses_one_thread():
    assert decoding.AvifImagePlugin.DEFAULT_MAX_THREADS == 1


def test_avif_that_claims_too_many_pixels_is_refused_before_decoding(monkeypatch):
    data = bytearray(saved(COLOUR, "AVIF"))
    at = data.index(b"ispe") + 8
    struct.pack_into(">II", data, at, 13_000, 12)
    monkeypatch.setattr(decoding.AvifImagePlugin.AvifImageFile, "load", lambda *_: pytest.fail("it was decoded"))
    with pytest.raises((UploadTooLarge, UndecodableImage)):
        decode(bytes(data))


@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
def test_avif_that_is_cut_off_is_incomplete(part):
    data = saved(COLOUR.repeat(8, 0).repeat(8, 1), "AVIF")
    with pytest.raises(UndecodableImage, match="this AVIF file stops before its end"):
        decode(data[: int(part * len(data))])


# GIF


def gif(canvas, corner, indices, transparent=None, background=0):
    """One frame on a larger canvas; four colours: red, green, blue, black."""
    height, width = indices.shape
    frame = Image.fromarray(indices)
    frame.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0])
    into = io.BytesIO()
    frame.save(into, "GIF", **({} if transparent is None else {"transparency": transparent}), optimize=False)
    data = bytearray(into.getvalue())
    struct.pack_into("<HH", data, 6, *canvas)
    data[11] = background
    struct.pack_into("<HH", data, data.index(struct.pack("<BHHHH", 0x2C, 0, 0, width, height)) + 1, *corner)
    return bytes(data)


@pytest.mark.parametrize("transparent", [None, 0, 2])
@pytest.mark.parametrize("background", [0, 1])
@pytest.mark.parametrize("corner", [(0, 0), (3, 1), (5, 4)])
def test_canvas_around_a_smaller_first_frame_is_clear(corner, background, transparent):
    indices = RNG.integers(0, 4, (6, 5), dtype=np.uint8)
    picture = decode(gif((10, 10), corner, indices, transparent, background))
    palette = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [0, 0, 0]], dtype=np.uint8)
    if transparent is not None:
        palette[transparent] = 255
    reference = np.full((10, 10, 3), 255, dtype=np.uint8)
    reference[corner[1] : corner[1] + 6, corner[0] : corner[0] + 5] = palette[indices]
    assert np.array_equal(picture.pixels, reference)
    assert picture.notes == ("transparency flattened on white",)


@pytest.mark.parametrize("transparent", [4, 200, 255])
def test_transparent_index_beyond_the_palette_of_a_gif_changes_no_pixel(transparent):
    indices = RNG.integers(0, 4, (10, 10), dtype=np.uint8)
    data = bytearray(gif((10, 10), (0, 0), indices, transparent=1))
    data[data.index(b"!\xf9\x04") + 6] = transparent
    picture = decode(bytes(data))
    assert np.array_equal(picture.pixels, decode(gif((10, 10), (0, 0), indices)).pixels)
    assert picture.notes == ()


def test_first_frame_as_large_as_its_canvas_is_opaque():
    indices = RNG.integers(0, 4, (10, 10), dtype=np.uint8)
    assert decode(gif((10, 10), (0, 0), indices)).notes == ()


# BMP


def bmp(bits, compression, masks, pixels, header=56, colours=0):
    info = struct.pack("<IiiHHIIiiII", header, 4, 4, 1, bits, compression, len(pixels), 0, 0, colours, 0)
    info += struct.pack("<4I", *masks)[: header - 40].ljust(header - 40, b"\0")
    return struct.pack("<2sIHHI", b"BM", 14 + len(info) + len(pixels), 0, 0, 14 + len(info)) + info + pixels


@pytest.mark.parametrize(
    "data",
    [
        bmp(16, 3, (0xF00, 0xF0, 0xF, 0), bytes(32)),
        bmp(32, 3, (0x3FF00000, 0xFFC00, 0x3FF, 0), bytes(64)),
        bmp(32, 3, (0xFF, 0xFF00, 0xFF0000, 0xFF00), bytes(64)),
        bmp(2, 0, (0, 0, 0, 0), bytes(16)),
        bmp(64, 0, (0, 0, 0, 0), bytes(128)),
        bmp(0, 4, (0, 0, 0, 0), bytes(64)),
        bmp(0, 5, (0, 0, 0, 0), bytes(64)),
        bmp(8, 0, (0, 0, 0, 0), b"\1\2\3\0" * 300 + bytes(16), header=40, colours=300),
        bmp(8, 0, (0, 0, 0, 0), bytes(64), header=48),
    ],
    ids=[
        *("4 bits each", "10 bits each", "masks that overlap", "2 bits", "64 bits", "JPEG inside", "PNG inside"),
        *("palette of 300", "OS/2 header"),
    ],
)
def test_unusual_bmp_is_not_supported_rather_than_broken(data):
    with pytest.raises(UnsupportedImage, match=r"this BMP has .* save it as PNG; supported are"):
        decode(data)


def test_usual_masks_of_a_bmp_are_read():
    pixels = RNG.integers(0, 256, (4, 4, 4), dtype=np.uint8)
    picture = decode(bmp(32, 3, (0xFF0000, 0xFF00, 0xFF, 0), pixels.tobytes()))
    assert np.array_equal(picture.pixels, pixels[::-1, :, 2::-1])
