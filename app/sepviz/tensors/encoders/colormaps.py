"""Colour maps as tables of 256 entries, for the PNGs here and, through the page, for the canvases.

The diverging map is centred on zero: blue below, red above, white at zero; the dark one passes through the dark
page's background, so that zero recedes there too.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from sepviz.palette import ANCHORS, DIVERGING


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
