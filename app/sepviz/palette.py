"""One language of colour: every colour that figures, page and maps share, for light and for dark.

Stages and channels are from the palette of Okabe and Ito (colour-blind safe); the `-ink` roles are the
same hues, dark (or light) enough for text at 4.5:1 on the paper. `static/css/colours.css` repeats this
table for the page, and a test holds the two together.
"""

from typing import Literal

Theme = Literal["light", "dark"]

COLOURS: dict[str, dict[Theme, str]] = {
    "paper": {"light": "#fcfcfa", "dark": "#14181b"},
    "ink": {"light": "#1c1f23", "dark": "#e8eaed"},
    "muted": {"light": "#5b636d", "dark": "#9ea7b1"},
    "line": {"light": "#d9dbd8", "dark": "#343a40"},
    "plane": {"light": "#8a9099", "dark": "#7c848d"},
    "depthwise": {"light": "#d55e00", "dark": "#ff8a3d"},
    "depthwise-ink": {"light": "#ad4b00", "dark": "#ff9a57"},
    "pointwise": {"light": "#0072b2", "dark": "#56b4e9"},
    "pointwise-ink": {"light": "#00649c", "dark": "#6cbfee"},
    "standard": {"light": "#cc79a7", "dark": "#d893b9"},
    "standard-ink": {"light": "#96457a", "dark": "#e3a9c8"},
    "channel-0": {"light": "#d55e00", "dark": "#ff8a3d"},
    "channel-1": {"light": "#009e73", "dark": "#1fc398"},
    "channel-2": {"light": "#0072b2", "dark": "#56b4e9"},
    "channel-3": {"light": "#e69f00", "dark": "#f0b636"},
    "channel-4": {"light": "#56b4e9", "dark": "#8ccdf2"},
    "channel-5": {"light": "#cc79a7", "dark": "#d893b9"},
}

ColorMap = Literal["diverging", "diverging-dark", "grey", "viridis"]
PageColorMap = Literal["diverging", "viridis", "grey"]  # a page takes `diverging-dark` by itself where it is dark
DIVERGING = ("diverging", "diverging-dark")
# A map is sparse if more than this share of its cells have one value. Its colours then reach to its largest magnitude,
# where those of any other map end at a percentile.
MIN_SPARSE_SHARE = 0.75

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

CHANNEL_COLOURS = 6

# The colour of each stage; `spatially-separable` has the same two, first and second.
STAGE_ROLES = {
    "input": "ink",
    "depthwise": "depthwise",
    "pointwise": "pointwise",
    "vertical": "depthwise",
    "horizontal": "pointwise",
    "standard": "standard",
}


def channel_role(channel: int) -> str:
    """The colour that an input channel keeps through the depthwise stage."""
    return f"channel-{channel % CHANNEL_COLOURS}"
