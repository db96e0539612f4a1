"""Maps as a picture: one plane as PNG, or a labelled grid of them with a colour bar as PNG or SVG."""

import base64
import io
import re
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree as ET

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from sepviz.encoded import Encoded, Scale
from sepviz.palette import COLOURS, DIVERGING, MIN_SPARSE_SHARE, ColorMap
from sepviz.tensors.encoders.colormaps import entries, table
from sepviz.tensors.encoders.planes import planar, tiled
from sepviz.tensors.trace import Maps

Planes = NDArray[np.float32]
Limit = tuple[float, float]
Anchor = Literal["start", "middle", "end"]

GAP, MARGIN, LINE = 12, 16, 18
# Up to so many maps, of which there are never more than the last: how large one is, and how many stand in a row.
LAYOUTS = ((64, 128, 8), (256, 64, 16), (1024, 32, 32), (4096, 20, 48))
BAR_WIDTH, BAR = 128, 10
# The colours of a map end at the 99th percentile of its magnitudes: the border that padding makes would pale the rest.
# Those of a sparse map end at its largest magnitude: a percentile would clip its few cells of other values.
PERCENTILE = 99
# So many pixels for each that the grid is laid out in, for print and fine screens.
SHARPNESS = 2
PAPER, INK = COLOURS["paper"]["light"], COLOURS["ink"]["light"]
# Pillow's own font, which needs no file, has none of these.
_PLAIN = str.maketrans({"×": "x", "−": "-"})
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_POWER = re.compile(r" × 10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
_DIGITS = {superscript: chr(digit) for digit, superscript in _SUPERSCRIPTS.items()}
FONTS = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"


@dataclass(frozen=True, slots=True)
class Tile:
    """A plane as entries of the colour map, (height, width), and the box that it fills."""

    entries: NDArray[np.uint8]
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text, y its top."""

    text: str
    x: int
    y: int
    size: int = 12
    anchor: Anchor = "start"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A grid that is laid out: what stands where, in pixels at its natural size."""

    width: int
    height: int
    colormap: ColorMap
    tiles: tuple[Tile, ...]
    lines: tuple[Line, ...]


def plane_png(maps: Maps, colormap: ColorMap) -> Encoded:
    """The first of the maps, a pixel for each cell."""
    plane = _values(maps)[0]
    return _encoded(Image.fromarray(table(colormap)[entries(plane, limit(plane, colormap), colormap)]))


def grid_png(maps: Maps, colormap: ColorMap, scale: Scale) -> Encoded:
    """All of the maps with their channel numbers, and the colour bar with its numbers (with `channel`, of each map)."""
    sheet = lay_out(maps, colormap, scale)
    factor = SHARPNESS
    picture = Image.new("RGB", (sheet.width * factor, sheet.height * factor), PAPER)
    for tile in sheet.tiles:
        box = (tile.width * factor, tile.height * factor)
        colours = Image.fromarray(table(colormap)[tile.entries])
        picture.paste(colours.resize(box, Image.Resampling.NEAREST), (tile.x * factor, tile.y * factor))
    draw = ImageDraw.Draw(picture)
    for line in sheet.lines:
        font = ImageFont.load_default(line.size * factor)
        place, anchor = (line.x * factor, line.y * factor), {"start": "la", "middle": "ma", "end": "ra"}[line.anchor]
        draw.text(place, _plain(line.text), INK, font, anchor=anchor)
    return _encoded(picture)


def grid_svg(maps: Maps, colormap: ColorMap, scale: Scale) -> Encoded:
    """The same as SVG: every plane as a picture inside it, text as text."""
    sheet = lay_out(maps, colormap, scale)
    size = {"width": str(sheet.width), "height": str(sheet.height)}
    # `aria-labelledby` would need an id, which may stand only once in a page that inlines several grids.
    frame = {"viewBox": f"0 0 {sheet.width} {sheet.height}", "role": "img", "aria-label": sheet.lines[0].text}
    names = {"xmlns": "http://www.w3.org/2000/svg", "xmlns:xlink": "http://www.w3.org/1999/xlink"}
    svg = ET.Element("svg", names | size | frame | {"font-family": FONTS})
    ET.SubElement(svg, "title").text = sheet.lines[0].text
    ET.SubElement(svg, "rect", size | {"fill": PAPER})
    for tile in sheet.tiles:
        place = {"x": str(tile.x), "y": str(tile.y), "width": str(tile.width), "height": str(tile.height)}
        shown = {"preserveAspectRatio": "none", "style": "image-rendering:pixelated"}
        ET.SubElement(svg, "image", place | shown | {"xlink:href": _data(tile, colormap)})
    for line in sheet.lines:
        place = {"x": str(line.x), "y": str(line.y + line.size), "font-size": str(line.size), "fill": INK}
        ET.SubElement(svg, "text", place | {"text-anchor": line.anchor}).text = line.text
    return Encoded(ET.tostring(svg), "image/svg+xml")


def lay_out(maps: Maps, colormap: ColorMap, scale: Scale) -> Sheet:
    """Planes in even rows, each with its number and, where there is room, its range; the colour bar at the foot."""
    cell, most = next((cell, columns) for count, cell, columns in LAYOUTS if len(maps.channels) <= count)
    planes = _values(Maps(maps.name, maps.channels, tiled(maps.values, SHARPNESS * cell)))
    height, width = maps.values.shape[2:]
    rows = -(-len(planes) // most)
    columns = -(-len(planes) // rows)
    noun = "channel" if len(planes) == 1 else "channels"
    lines = [Line(f"{maps.name}: {len(planes)} {noun} of {height} × {width}", MARGIN, MARGIN - 4, 14)]
    shared = limit(planes, colormap)
    factor = cell / max(planes.shape[1:])
    high, wide = (max(1, round(side * factor)) for side in planes.shape[1:])
    top, tiles = MARGIN + LINE + 4, []
    for place, (channel, plane) in enumerate(zip(maps.channels, planes, strict=True)):
        row, column = divmod(place, columns)
        x, y = MARGIN + column * (cell + GAP), top + row * (high + LINE + GAP)
        ends = shared if scale == "stage" else limit(plane, colormap)
        tiles.append(Tile(entries(plane, ends, colormap), x, y, wide, high))
        ranged = scale == "channel" and cell == LAYOUTS[0][1]
        lines.append(
            Line(f"{channel}: {_number(ends[0])} to {_number(ends[1])}" if ranged else f"{channel}", x, y + high + 3)
        )
    foot = top + rows * (high + LINE + GAP)
    tiles.append(Tile(np.arange(256, dtype=np.uint8)[None], MARGIN, foot, BAR_WIDTH, BAR))
    low, highest = ("low", "high") if scale == "channel" else (_number(shared[0]), _number(shared[1]))
    lines.append(Line(low, MARGIN, foot + BAR + 3))
    if colormap in DIVERGING:
        lines.append(Line("0", MARGIN + BAR_WIDTH // 2, foot + BAR + 3, anchor="middle"))
        beyond = f"at most 1 % of the values of {'a map' if scale == 'channel' else 'the stage'} lie beyond the ends"
        lines.append(Line(beyond, MARGIN + BAR_WIDTH + GAP, foot - 2))
    lines.append(Line(highest, MARGIN + BAR_WIDTH, foot + BAR + 3, anchor="end"))
    across = max(columns * (cell + GAP) - GAP, 3 * BAR_WIDTH)
    return Sheet(2 * MARGIN + across, foot + BAR + LINE + MARGIN, colormap, tuple(tiles), tuple(lines))


def limit(values: Planes, colormap: ColorMap) -> Limit:
    """The values at the ends of the colours: symmetric about zero for a diverging map, else from low to high."""
    if colormap in DIVERGING:
        planes = values.reshape(-1, *values.shape[-2:])
        flat = np.array([_is_sparse(plane) for plane in planes])
        largest = float(np.abs(planes[flat]).max(initial=0))
        if not flat.all():
            percentile = np.percentile(np.abs(planes[~flat]), PERCENTILE, method="inverted_cdf")
            largest = max(largest, float(percentile))
        return -largest, largest
    return float(values.min()), float(values.max())


def _is_sparse(plane: NDArray[np.float32]) -> bool:
    """Whether the plane is sparse, its values rounded to bytes; see `sepviz.tensors.encoders.sparse`."""
    low, high = float(plane.min()), float(plane.max())
    if low == high:
        return True
    counts = np.bincount(np.rint((plane.ravel() - low) * (255 / (high - low))).astype(np.uint8), minlength=256)
    return bool(counts.max() > MIN_SPARSE_SHARE * plane.size)


def _number(value: float) -> str:
    """A value to three digits: `−0.956`, `5.57 × 10⁻⁶`."""
    digits, _, power = f"{value:.3g}".partition("e")
    text = digits.replace("-", "−")
    return f"{text} × 10{str(int(power)).translate(_SUPERSCRIPTS)}" if power else text


def _plain(text: str) -> str:
    """The text in characters that Pillow's own font has: `5.57e-6`."""
    return _POWER.sub(lambda power: f"e{power[1].translate(_DIGITS)}", text).translate(_PLAIN)


def _data(tile: Tile, colormap: ColorMap) -> str:
    """The tile as a PNG with the colour map as its palette, which is a third of the size."""
    # Few cells are repeated: not every renderer knows `pixelated`, and would smooth between them.
    times = -(-SHARPNESS * max(tile.width, tile.height) // max(tile.entries.shape))
    picture = Image.fromarray(tile.entries.repeat(times, 0).repeat(times, 1))
    picture.putpalette(table(colormap).tobytes())
    return f"data:image/png;base64,{base64.b64encode(_encoded(picture).body).decode()}"


def _values(maps: Maps) -> Planes:
    with torch.inference_mode():
        values: Planes = planar(maps.values)[0].numpy()
    return values


def _encoded(image: Image.Image) -> Encoded:
    buffer = io.BytesIO()
    # Noise hardly shrinks, and to try hard takes ten times as long.
    image.save(buffer, "PNG", compress_level=2)
    return Encoded(buffer.getvalue(), "image/png")
