"""The one place that knows svgwrite: shapes painted in the roles of `app.palette`.

What is filled with a role has the class `f-ROLE`, what is stroked `s-ROLE`, beside the plain attribute:
a page's style sheet can recolour the figure, and a file on its own needs none.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal
from xml.etree import ElementTree as ET

from svgwrite.base import BaseElement

from app.diagrams.text import MARK
from app.diagrams.words import WORDS
from app.options import Lang, Theme
from app.palette import COLOURS

Anchor = Literal["start", "middle", "end"]
Point = tuple[float, float]
Paint = dict[str, str]  # attributes

FONTS = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"
HEAD = 7.0  # length of an arrow's head


@lru_cache(maxsize=4096)
def number(value: float) -> str:
    """A coordinate to a hundredth, without trailing zeros."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


_UNCHECKED = BaseElement(debug=False)


class _Element(BaseElement):  # type: ignore[misc]  # svgwrite has no types
    """An element of any name, with text if it has some."""

    def __init__(self, name: str, attributes: Mapping[str, str], text: str = "") -> None:
        self.elementname = name
        self.text = text
        super().__init__(factory=_UNCHECKED)
        self.attribs.update(attributes)

    def get_xml(self) -> Any:
        """The element tree; attributes are strings already, so svgwrite's own checks are passed over."""
        name: str = self.elementname
        xml = ET.Element(name, self.attribs)
        xml.text = self.text or None
        xml.extend([each.get_xml() for each in self.elements])
        return xml


class Canvas:
    """A figure being drawn; y grows downwards. `finish` gives the SVG."""

    def __init__(self, name: str, theme: Theme, lang: Lang = "en") -> None:
        self._name = name
        self._words = WORDS[lang]
        self._theme = theme
        self._mode: Literal["light", "dark"] = "dark" if theme == "dark" else "light"
        self._elements: list[_Element] = []
        self._used: set[str] = set()

    def say(self, key: str, **values: object) -> str:
        """A text of `app/diagrams/words.py` in the figure's language."""
        return self._words[key].format(**values)

    def rect(self, x: float, y: float, width: float, height: float, **paint: Any) -> None:
        """A rectangle; for `paint` see `_paint`, here as in the other shapes."""
        box = {"x": number(x), "y": number(y), "width": number(width), "height": number(height)}
        self._add("rect", box, self._paint(**paint))

    def polygon(self, points: Sequence[Point], **paint: Any) -> None:
        """A closed outline."""
        outline = " ".join(f"{number(x)},{number(y)}" for x, y in points)
        self._add("polygon", {"points": outline}, self._paint(**paint))

    def path(self, d: str, **paint: Any) -> None:
        """A path, its commands as SVG has them."""
        self._add("path", {"d": d}, self._paint(**paint))

    def arrow(self, x: float, y: float, to_x: float, role: str) -> None:
        """A level arrow to the right."""
        self.path(f"M{number(x)} {number(y)}H{number(to_x - HEAD)}", stroke=role)
        self.polygon([(to_x, y), (to_x - HEAD, y - 3.5), (to_x - HEAD, y + 3.5)], fill=role)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        role: str = "ink",
        size: float = 12,
        weight: int | None = None,
        anchor: Anchor = "start",
        formula: bool = False,
    ) -> None:
        """One line of text, y its baseline; in a formula what stands between marks is italic."""
        runs = text.split(MARK) if formula else [text]
        place = {"x": number(x), "y": number(y), "font-size": number(size)}
        if weight is not None:
            place["font-weight"] = str(weight)
        if anchor != "start":
            place["text-anchor"] = anchor
        self._add("text", place, self._paint(fill=role), runs[0])
        for index, run in enumerate(runs[1:], 1):
            if run:
                self._elements[-1].add(_Element("tspan", {"font-style": "italic"} if index % 2 else {}, run))

    def finish(self, width: float, height: float, title: str, description: str, shown_width: int | None) -> str:
        """The complete SVG; it is shown `shown_width` pixels wide, or as wide as it was drawn."""
        shown = width if shown_width is None else shown_width
        title_id, description_id = f"sepviz-{self._name}-title", f"sepviz-{self._name}-desc"
        frame = {
            "xmlns": "http://www.w3.org/2000/svg",
            "width": number(shown),
            "height": number(shown * height / width),
            "viewBox": f"0 0 {number(width)} {number(height)}",
            "role": "img",
            "aria-labelledby": f"{title_id} {description_id}",
            "font-family": FONTS,
        }
        svg = _Element("svg", frame)
        svg.add(_Element("title", {"id": title_id}, title))
        svg.add(_Element("desc", {"id": description_id}, description))
        if self._theme != "page":
            whole = {"width": number(width), "height": number(height)}
            self._elements.insert(0, _Element("rect", whole | self._paint(fill="paper")))
        if self._theme == "auto":
            rules = "".join(_dark_rule(each) for each in sorted(self._used))
            svg.add(_Element("style", {}, f"@media (prefers-color-scheme: dark){{{rules}}}"))
        for element in self._elements:
            svg.add(element)
        return ET.tostring(svg.get_xml(), encoding="unicode")

    def _add(self, name: str, place: Paint, paint: Paint, text: str = "") -> None:
        self._elements.append(_Element(name, place | paint, text))

    def _paint(self, fill: str | None = None, stroke: str | None = None, tint: float = 1, line: float = 1) -> Paint:
        """Attributes for a fill of a role, its opacity (`tint`), a stroke of a role and its width (`line`)."""
        paint = _paint(self._mode, fill, stroke, tint, line)
        self._used.update(paint["class"].split())
        return paint


@lru_cache(maxsize=512)
def _paint(mode: Literal["light", "dark"], fill: str | None, stroke: str | None, tint: float, line: float) -> Paint:
    paint = {"fill": "none"}
    classes = []
    if fill is not None:
        classes.append(f"f-{fill}")
        paint["fill"] = COLOURS[fill][mode]
        if tint != 1:
            paint["fill-opacity"] = number(tint)
    if stroke is not None:
        classes.append(f"s-{stroke}")
        paint["stroke"] = COLOURS[stroke][mode]
        if line != 1:
            paint["stroke-width"] = number(line)
    return {"class": " ".join(classes), **paint}


def _dark_rule(name: str) -> str:
    prefix, role = name.split("-", 1)
    return f".{name}{{{'fill' if prefix == 'f' else 'stroke'}:{COLOURS[role]['dark']}}}"
