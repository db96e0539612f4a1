"""Feature maps as pictures: every pixel from the values, in the PNG and in the SVG, whatever renders it."""

import base64
import io
import subprocess

import cairosvg
import numpy as np
import pytest
import torch
from defusedxml import ElementTree
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image
from sepviz.figures.text_metrics import text_width
from sepviz.palette import ANCHORS
from sepviz.tensors.encoders.colormaps import table
from sepviz.tensors.encoders.grid import LAYOUTS, grid_png, grid_svg, lay_out, plane_png
from sepviz.tensors.trace import Maps

SVG, LINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"


def maps_of(count, height, width, seed=0):
    values = torch.randn(1, count, height, width, generator=torch.Generator().manual_seed(seed)) * 3 + 0.5
    return Maps("depthwise", range(4, 4 + count), values)


def opened(encoded):
    return np.asarray(Image.open(io.BytesIO(encoded.body)).convert("RGB")).astype(int)


def wanted(plane, ends, colormap):
    """The colours of a plane, cell by cell, by the definition."""
    low, high = ends
    places = (plane.astype(np.float64) - low) / (high - low) * 255
    return table(colormap).astype(int)[np.clip(np.round(places), 0, 255).astype(int)]


def most_common(plane):
    """The share of the cells that have the most frequent of 256 values between the plane's ends."""
    low, high = plane.min(), plane.max()
    places = np.round((plane - low) / (high - low) * 255) if high > low else np.zeros(plane.shape)
    return np.unique(places, return_counts=True)[1].max() / plane.size


def ends_of(values, colormap):
    if colormap.startswith("diverging"):
        planes = values.reshape(-1, *values.shape[-2:])
        uneven = [plane for plane in planes if most_common(plane) <= 0.75]
        sizes = np.sort(np.abs(uneven), axis=None)
        most = max([np.abs(plane).max() for plane in planes if most_common(plane) > 0.75], default=0)
        if len(sizes):
            most = max(most, sizes[-(-99 * len(sizes) // 100) - 1])
        return -most, most
    return values.min(), values.max()


@settings(max_examples=25, deadline=None)
@given(
    count=st.integers(1, 20),
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    colormap=st.sampled_from(sorted(ANCHORS)),
    scale=st.sampled_from(["channel", "stage"]),
)
def test_every_tile_of_the_png_has_the_colours_of_its_values(count, height, width, colormap, scale):
    if height * width < 2:
        width = 2
    maps = maps_of(count, height, width)
    picture = opened(grid_png(maps, colormap, scale))
    sheet = lay_out(maps, colormap, scale)
    assert picture.shape == (2 * sheet.height, 2 * sheet.width, 3)
    planes = maps.values[0].numpy()
    for tile, plane in zip(sheet.tiles, planes, strict=False):
        colours = wanted(plane, ends_of(planes if scale == "stage" else plane, colormap), colormap)
        rows = (2 * tile.y + (np.arange(height) + 0.5) * 2 * tile.height / height).astype(int)
        columns = (2 * tile.x + (np.arange(width) + 0.5) * 2 * tile.width / width).astype(int)
        # A value halfway between two entries may go to either; neighbours differ by a few levels.
        assert np.abs(picture[np.ix_(rows, columns)] - colours).max() <= 12


@given(count=st.integers(1, 300))
@example(64)
@example(65)
@example(257)
@settings(max_examples=12, deadline=None)
def test_tiles_and_texts_do_not_overlap_and_lie_inside(count):
    sheet = lay_out(maps_of(count, 8, 8), "diverging", "channel")
    boxes = [(tile.x, tile.y, tile.x + tile.width, tile.y + tile.height) for tile in sheet.tiles]
    for index, (left, top, right, bottom) in enumerate(boxes):
        assert min(left, top) >= 0
        assert (max(right, sheet.width), max(bottom, sheet.height)) == (sheet.width, sheet.height)
        for other in boxes[index + 1 :]:
            assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
    tops = sorted({tile.y for tile in sheet.tiles[:-1]})
    _, cell, columns = next(each for each in LAYOUTS if count <= each[0])
    assert len(tops) == -(-count // columns)
    assert max(tile.height for tile in sheet.tiles[:-1]) == cell
    numbers = [line for line in sheet.lines if line.text.partition(":")[0].isdigit() and line.y < sheet.tiles[-1].y]
    assert len(numbers) == count
    for line in numbers:  # none reaches the next tile
        assert text_width(line.text, line.size) <= cell + 12


def test_sheet_has_a_tile_for_each_of_4096_maps():
    sheet = lay_out(maps_of(4096, 4, 4), "grey", "channel")
    assert len(sheet.tiles) == 4097


def test_thousand_maps_fit_one_page():
    sheet = lay_out(maps_of(1024, 8, 8), "grey", "stage")
    assert sheet.width < 1500
    assert sheet.height < 2200


def test_svg_has_the_planes_and_texts_of_the_png():
    maps = maps_of(5, 12, 20)
    sheet = lay_out(maps, "viridis", "channel")
    root = ElementTree.fromstring(grid_svg(maps, "viridis", "channel").body)
    images = list(root.iter(f"{SVG}image"))
    assert len(images) == len(sheet.tiles) == 6
    for image, plane in zip(images, maps.values[0].numpy(), strict=False):
        kind, _, data = image.get(LINK).partition(",")
        assert kind == "data:image/png;base64"
        held = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")).astype(int)
        times = held.shape[0] // 12
        assert held.shape == (12 * times, 20 * times, 3)
        held = held[times // 2 :: times, times // 2 :: times]
        assert np.abs(held - wanted(plane, ends_of(plane, "viridis"), "viridis")).max() <= 12
    assert [each.text for each in root.iter(f"{SVG}text")] == [line.text for line in sheet.lines]
    assert "5 channels of 12 × 20" in sheet.lines[0].text


@pytest.mark.parametrize("renderer", ["cairosvg", "rsvg"])
def test_svg_renders_like_the_png(renderer, tmp_path):
    maps = maps_of(3, 16, 16)
    svg = grid_svg(maps, "diverging", "stage").body
    sheet = lay_out(maps, "diverging", "stage")
    if renderer == "cairosvg":
        data = cairosvg.svg2png(svg, scale=2)
    else:
        (tmp_path / "maps.svg").write_bytes(svg)
        command = ["rsvg-convert", "-z", "2", str(tmp_path / "maps.svg")]
        data = subprocess.run(command, check=True, capture_output=True).stdout
    drawn = np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)
    mine = opened(grid_png(maps, "diverging", "stage"))
    for tile in sheet.tiles[:3]:
        part = np.s_[2 * tile.y : 2 * (tile.y + tile.height), 2 * tile.x : 2 * (tile.x + tile.width)]
        assert np.median(np.abs(drawn[part] - mine[part])) <= 2


def test_plane_png_has_a_pixel_for_each_cell():
    maps = maps_of(1, 7, 9)
    plane = maps.values[0, 0].numpy()
    found = opened(plane_png(maps, "grey"))
    assert np.abs(found - wanted(plane, ends_of(plane, "grey"), "grey")).max() <= 1
