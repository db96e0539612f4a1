"""The palette: every colour of figures, page and maps, for light and for dark.

Stages and channels have colours of Okabe and Ito's palette, which colour-blind people can tell apart. The `-ink` roles
are the same hues with a contrast of at least 4.5:1 on the paper, for text. The page gets the table as CSS custom
properties from `templates/parts/colours.html`.
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
    "rail": {"light": "#ffffff", "dark": "#1a1f23"},  # behind the page's controls
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
        "#b5dcff", "#6cb4f0", "#3a80c0", "#214a72",
        COLOURS["paper"]["dark"],
        "#6b2b30", "#b8463f", "#ee7b5b", "#ffc9a8",
    ),
    "grey": ("#000000", "#ffffff"),
    "viridis": (
        "#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725",
    ),
}  # fmt: skip

CHANNEL_COLOURS = sum(role.startswith("channel-") for role in COLOURS)


def channel_role(channel: int) -> str:
    """The role of an input channel, which keeps its colour through the depthwise stage."""
    return f"channel-{channel % CHANNEL_COLOURS}"


def colour_of(value: float, domain: tuple[float, float], colormap: ColorMap) -> str:
    """The colour of a value, `#rrggbb`, where the colour map spans the domain; beyond it, that of its end."""
    low, high = domain
    anchors = ANCHORS[colormap]
    place = (value - low) / (high - low) if high > low else 0.5
    place = min(max(place, 0), 1) * (len(anchors) - 1)
    left = min(int(place), len(anchors) - 2)
    pair = ([int(anchors[left + each][at : at + 2], 16) for at in (1, 3, 5)] for each in (0, 1))
    parts = (round(first + (second - first) * (place - left)) for first, second in zip(*pair, strict=True))
    return f"#{bytes(parts).hex()}"


def is_bright(colour: str) -> bool:
    """Whether black is easier to read on a colour than white, by their contrast as WCAG defines it."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    luminance = sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    return bool((luminance + 0.05) ** 2 > 0.05 * 1.05)
