"""Export of a figure as PNG or PDF with CairoSVG, which is imported on demand: SVG needs no Cairo."""

import io
import re
from math import sqrt
from typing import Any

from sepviz.errors import BadParameter, InvalidParameters, SepvizError

MAX_PIXELS = 25_000_000  # four bytes each in memory
# A PDF must have a date; a constant one, so that equal figures give equal files.
CREATION_DATE = "1970-01-01T00:00:00Z"


class ExportUnavailable(SepvizError):
    """CairoSVG or the Cairo library that it calls is not installed."""


def png(svg: str, scale: float = 2) -> bytes:
    """Convert a figure to PNG with `scale` pixels for each CSS pixel.

    The theme `auto` gives the light colours. Raises `InvalidParameters` above 25 megapixels,
    `ExportUnavailable` without Cairo.
    """
    width, height = size(svg)
    if width * height * scale**2 > MAX_PIXELS:
        fits = f"up to {int(100 * sqrt(MAX_PIXELS / width / height)) / 100:g} would fit, or a smaller width"
        why = f"the picture would be {round(width * scale):,} x {round(height * scale):,} pixels, above 25 megapixels"
        raise InvalidParameters([BadParameter("scale", f"{scale:g}", fits, why)])
    cairo = _cairo()
    surface = cairo.PNGSurface(cairo.Tree(bytestring=svg.encode()), written := io.BytesIO(), 96, scale=scale)
    surface.finish()
    return written.getvalue()


def pdf(svg: str) -> bytes:
    """Convert a figure to a PDF of one page of vectors and text, with 0.75 points for each CSS pixel.

    Equal figures give equal bytes. Raises `ExportUnavailable` without Cairo.
    """
    cairo = _cairo()
    from cairocffi import PDF_METADATA_CREATE_DATE, PDF_METADATA_TITLE  # noqa: PLC0415 - comes with CairoSVG

    tree = cairo.Tree(bytestring=svg.encode())
    surface = cairo.PDFSurface(tree, written := io.BytesIO(), 96)
    surface.cairo.set_metadata(PDF_METADATA_CREATE_DATE, CREATION_DATE)
    titles = (each.text for each in tree.children if each.tag == "title")
    surface.cairo.set_metadata(PDF_METADATA_TITLE, next(titles, None) or "")
    surface.finish()
    return written.getvalue()


def size(svg: str) -> tuple[float, float]:
    """Width and height of a figure in CSS pixels, from its `<svg>` element."""
    head = svg[: svg.index(">", svg.index("<svg"))]
    width, height = (float(re.search(rf'\s{side}="([\d.]+)"', head)[1]) for side in ("width", "height"))  # type: ignore[index]
    return width, height


def _cairo() -> Any:
    try:
        import cairosvg.surface  # noqa: PLC0415 - an extra, and Cairo with it
    except ImportError:
        raise ExportUnavailable("PNG and PDF need CairoSVG: pip install 'sepviz[export]'") from None
    except OSError:
        raise ExportUnavailable(
            "PNG and PDF need the Cairo library, which is not on this machine; on Debian: apt-get install libcairo2"
        ) from None
    return cairosvg.surface
