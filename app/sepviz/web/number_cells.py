"""Numbers in the HTML of a lens: their texts, and the colours of the cells that they stand in."""

from collections.abc import Iterable
from functools import lru_cache
from math import floor, log10

from sepviz.palette import ColorMap, colour_of, is_bright

DIGITS = 3
MAX_DECIMALS = 6
SHADES = 254  # of cells without numbers: even, so that zero has the middle one
NEGLIGIBLE = 1e-6


def format_value(value: float, digits: int = DIGITS) -> str:
    """A value with so many significant digits: `0.365`, `−12.5`, `1.2 × 10⁻⁵` as `1.20e−5`; zero is `0`."""
    if value == 0:
        return "0"
    text = f"{value:#.{digits}g}".removesuffix(".")
    return text.replace("e+0", "e").replace("e-0", "e-").replace("e+", "e").replace("-", "−")


def format_decimals(value: float, decimals: int) -> str:
    """A value with so many decimals: `−0.46`; all that rounds to zero is `0`."""
    text = f"{value:.{decimals}f}"
    return "0" if float(text) == 0 else text.replace("-", "−")


def common_decimals(values: Iterable[float], digits: int = DIGITS) -> int:
    """Decimals for numbers that are compared or summed up: so many digits of the largest; 0 for whole numbers."""
    magnitudes = [abs(value) for value in values]
    largest = max(magnitudes, default=0)
    if largest == 0 or all(each == round(each) for each in magnitudes):
        return 0
    return min(max(digits - 1 - floor(log10(largest)), 0), MAX_DECIMALS)


def cell_background(value: float, domain: tuple[float, float], colormap: ColorMap = "diverging") -> str:
    """The CSS property of a cell without a number: its colour in the light page and in the dark one."""
    low, high = domain
    place = (value - low) / (high - low) if high > low else 0.5
    return _background(round(min(max(place, 0), 1) * SHADES), colormap)


@lru_cache(maxsize=1024)
def _background(shade: int, colormap: ColorMap) -> str:
    dark_map: ColorMap = "diverging-dark" if colormap == "diverging" else colormap
    colours = (colour_of(shade, (0, SHADES), each) for each in (colormap, dark_map))
    return f"background:light-dark({','.join(colours)})"


def format_percent(share: float) -> str:
    """A share as `45 %`, with more digits near 0 and 1: `0.31 %`, `99.5 %`; what rounding alone makes is `0 %`."""
    if share < NEGLIGIBLE:
        return "0 %"
    percent = 100 * share
    if 99 < percent < 100 * (1 - NEGLIGIBLE):
        return f"{min(percent, 99.94):.1f} %"
    return f"{percent:.0f} %" if percent >= 9.95 else f"{percent:.2g} %"


def cell_style(value: float, domain: tuple[float, float], colormap: ColorMap = "diverging") -> str:
    """The CSS properties of a cell: its colour and that of its text, in the light page and in the dark one."""
    dark_map: ColorMap = "diverging-dark" if colormap == "diverging" else colormap
    colours = colour_of(value, domain, colormap), colour_of(value, domain, dark_map)
    inks = ("#000" if is_bright(colour) else "#fff" for colour in colours)
    return f"background:light-dark({','.join(colours)});color:light-dark({','.join(inks)})"
