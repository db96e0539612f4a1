"""Numbers in the HTML of a lens: their texts, and the colours of the cells that they stand in."""

from sepviz.palette import ColorMap, colour_of, is_bright

DIGITS = 3


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


def cell_style(value: float, domain: tuple[float, float], colormap: ColorMap = "diverging") -> str:
    """The CSS properties of a cell: its colour and that of its text, in the light page and in the dark one."""
    dark_map: ColorMap = "diverging-dark" if colormap == "diverging" else colormap
    colours = colour_of(value, domain, colormap), colour_of(value, domain, dark_map)
    inks = ("#000" if is_bright(colour) else "#fff" for colour in colours)
    return f"background:light-dark({','.join(colours)});color:light-dark({','.join(inks)})"
