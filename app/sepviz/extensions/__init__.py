"""Figures in pages that Sphinx, MyST, Python-Markdown and MkDocs build, drawn during the build without a server."""

from collections.abc import Iterable
from typing import NamedTuple
from xml.etree import ElementTree as ET

from sepviz.figures.figure_spec import FigureSpec
from sepviz.local_figures import draw_locally

_SVG = "{http://www.w3.org/2000/svg}"


class Figure(NamedTuple):
    """A figure and its alt text."""

    svg: str
    alt: str


def draw_figure(name: str, parameters: Iterable[tuple[str, str]]) -> Figure:
    """The figure of that name with its title and description as alt text.

    The SVG is the response of `/diagrams/NAME.svg` for the same parameters. Raises the `SepvizError` of
    `draw_locally` and `parse`.
    """
    spec = FigureSpec.parse(parameters)
    svg = draw_locally(name, spec.layer, spec.options)
    root = ET.fromstring(svg)  # noqa: S314 - we have just drawn it
    sentences = (root.findtext(f"{_SVG}{each}", "").rstrip(".") for each in ("title", "desc"))
    return Figure(svg, ". ".join(filter(None, sentences)) + ".")
