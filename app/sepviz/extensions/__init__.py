"""Figures inside the pages that Sphinx, MyST, Python-Markdown and MkDocs build: in process, nothing fetched."""

from collections.abc import Iterable
from typing import NamedTuple
from xml.etree import ElementTree as ET

from sepviz.figures import draw
from sepviz.figures.figure_spec import FigureSpec

_SVG = "{http://www.w3.org/2000/svg}"


class Figure(NamedTuple):
    """A drawn figure and what it says to those who do not see it."""

    svg: str
    alt: str


def figure(name: str, parameters: Iterable[tuple[str, str]]) -> Figure:
    """The figure of that name for parameters as an address has them; any `SepvizError` as `draw` and `parse` raise it.

    The bytes are those that `/diagrams/NAME.svg` answers, the words its own title and description.
    """
    asked = FigureSpec.parse(parameters)
    svg = draw(name, asked.layer, asked.options)
    root = ET.fromstring(svg)  # noqa: S314 - we have just drawn it
    told = (root.findtext(f"{_SVG}{each}", "").rstrip(".") for each in ("title", "desc"))
    return Figure(svg, ". ".join(filter(None, told)) + ".")
