"""Colour maps as tables of 256 entries, for the PNGs here and, through the page, for the canvases.

The diverging map is centred on zero: blue below, red above, white at zero; the dark one passes through the dark
page's background, so that zero recedes there too.
"""

from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

ColorMap = Literal["diverging", "diverging-dark", "grey", "viridis"]
PageColorMap = Literal["diverging", "viridis", "grey"]  # a page takes `diverging-dark` by itself where it is dark
DIVERGING = ("diverging", "diverging-dark")

# Evenly spaced colours, joined by straight lines in sRGB. Red to blue after ColorBrewer's RdBu, which colour-blind
# people can tell apart; viridis is Smith and van der Walt's (CC0), at nine places.
ANCHORS: dict[str, tuple[str, ...]] = {
    "diverging": ("#08306b", "#2166ac", "#67a9cf", "#d1e5f0", "#f7f7f7", "#fddbc7", "#ef8a62", "#b2182b", "#67001f"),
    "diverging-dark": (
        "#b5dcff", "#6cb4f0", "#3a80c0", "#214a72", "#14181b", "#6b2b30", "#b8463f", "#ee7b5b", "#ffc9a8",
    ),
    "grey": ("#000000", "#ffffff"),
    "viridis": (
        "#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725",
    ),
}  # fmt: skip


@cache
def table(name: str) -> NDArray[np.uint8]:
    """The map's 256 colours, (256, 3)."""
    anchors = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in ANCHORS[name]])
    places = np.linspace(0, len(anchors) - 1, 256)
    channels = [np.interp(places, range(len(anchors)), anchors[:, channel]) for channel in range(3)]
    colours: NDArray[np.uint8] = np.stack(channels, axis=1).round().astype(np.uint8)
    return colours


def entries(values: NDArray[np.float32], limit: tuple[float, float], name: str) -> NDArray[np.uint8]:
    """Values (height, width) as entries of the table; those beyond the limits take the end colours."""
    low, high = limit
    span = high - low
    places = (values - low) / span * 255 if span > 0 else np.full(values.shape, 127.5 if name in DIVERGING else 0)
    found: NDArray[np.uint8] = np.clip(np.rint(places), 0, 255).astype(np.uint8)
    return found
