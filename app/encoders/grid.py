"""Maps as a PNG: one plane, or a labelled grid of them with a colour bar."""

import io
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from app.encoders import Encoded
from app.encoders.colormaps import DIVERGING, ColorMap, coloured, table
from app.encoders.planes import tiled
from app.trace import Maps

Scale = Literal["channel", "stage"]
Planes = NDArray[np.float32]
Limit = tuple[float, float]

CELL, GAP, MARGIN, LABEL = 128, 12, 16, 18
COLUMNS = 8
# A border of padding would drown the rest: a map's colours end at its 99th percentile.
PERCENTILE = 99
PAPER, INK = "#fcfcfa", "#1c1f23"


def plane_png(maps: Maps, colormap: ColorMap) -> Encoded:
    """The first of the maps, a pixel for each cell."""
    plane = _values(maps)[0]
    return _encoded(Image.fromarray(coloured(plane, limit(plane, colormap), colormap)))


def grid_png(maps: Maps, colormap: ColorMap, scale: Scale) -> Encoded:
    """All of the maps with their channel numbers, and the colour bar with its numbers (with `channel`, of each map)."""
    planes = _values(Maps(maps.name, maps.channels, tiled(maps.values, CELL)))
    shared = limit(planes, colormap)
    columns = min(COLUMNS, len(planes))
    rows = -(-len(planes) // columns)
    height = MARGIN + LABEL + rows * (CELL + LABEL + GAP) + 2 * LABEL + MARGIN
    sheet = Image.new("RGB", (max(2 * MARGIN + columns * (CELL + GAP) - GAP, 3 * CELL), height), PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    draw.text((MARGIN, MARGIN - 4), f"{maps.name}: {len(planes)} channels", INK, ImageFont.load_default(14))
    for place, (channel, plane) in enumerate(zip(maps.channels, planes, strict=True)):
        row, column = divmod(place, columns)
        x, y = MARGIN + column * (CELL + GAP), MARGIN + LABEL + row * (CELL + LABEL + GAP)
        ends = shared if scale == "stage" else limit(plane, colormap)
        picture = Image.fromarray(coloured(plane, ends, colormap))
        factor = CELL / max(picture.size)
        size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
        sheet.paste(picture.resize(size, Image.Resampling.NEAREST), (x, y))
        told = f"{channel}" if scale == "stage" else f"{channel}: {ends[0]:.3g} to {ends[1]:.3g}"
        draw.text((x, y + CELL + 2), told, INK, font)
    _bar(sheet, draw, font, colormap, shared if scale == "stage" else None)
    return _encoded(sheet)


def limit(values: Planes, colormap: ColorMap) -> Limit:
    """The values at the ends of the colours: symmetric about zero for a diverging map, else from low to high."""
    if colormap in DIVERGING:
        most = float(np.percentile(np.abs(values), PERCENTILE)) or float(np.abs(values).max())
        return -most, most
    return float(values.min()), float(values.max())


def _bar(
    sheet: Image.Image,
    draw: ImageDraw.ImageDraw,
    font: ImageFont.ImageFont | ImageFont.FreeTypeFont,
    colormap: ColorMap,
    ends: Limit | None,
) -> None:
    """The colour bar at the foot; without numbers of its own where every map has its own."""
    y = sheet.height - MARGIN - LABEL
    colours = np.repeat(table(colormap)[None, :: 256 // CELL], 10, axis=0)
    sheet.paste(Image.fromarray(np.ascontiguousarray(colours)), (MARGIN, y))
    low, high = ("low", "high") if ends is None else (f"{ends[0]:.3g}", f"{ends[1]:.3g}")
    middle = "0" if colormap in DIVERGING else ""
    for text, x, anchor in ((low, 0, "la"), (middle, CELL // 2, "ma"), (high, CELL, "ra")):
        draw.text((MARGIN + x, y + 12), text, INK, font, anchor=anchor)


def _values(maps: Maps) -> Planes:
    with torch.inference_mode():
        values: Planes = maps.values[0].contiguous().numpy()
    return values


def _encoded(image: Image.Image) -> Encoded:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return Encoded(buffer.getvalue(), "image/png")
