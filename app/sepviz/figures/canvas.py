"""The one place that knows svgwrite: shapes painted in the roles of `sepviz.palette`.

Colours are plain attributes. In addition, a figure inside the page has the classes `f-ROLE` and `s-ROLE` of the page's
style sheet, and a figure of the theme `auto` has classes of its own, which its rules for dark mode recolour. As several
such figures may be inlined in one page, every id, class and keyframe name of theirs contains the canvas's `scope`.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from svgwrite.base import BaseElement

from sepviz.figures.metadata import metadata
from sepviz.figures.options import Background, Lang, Theme
from sepviz.figures.paint import Mode, attributes, dark_colours, number, painted, scope
from sepviz.figures.text import BOLD, SUBSCRIPT, letter_width, runs, text_width, wrap
from sepviz.figures.text import words as words_of
from sepviz.figures.texts import WORDS, counted

__all__ = ["FONTS", "HEAD", "MARGIN", "SERIF", "SMALL", "TEXT", "TITLE", "Anchor", "Canvas", "Point", "head", "number"]

Anchor = Literal["start", "middle", "end"]
Point = tuple[float, float]

FONTS = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"
SERIF = "Georgia, 'Times New Roman', 'DejaVu Serif', serif"
HEAD = 7.0  # length of an arrow's head
MARGIN = 16.0  # around a figure that stands alone

SMALL, TEXT, TITLE = 11, 12, 14  # the only sizes of type

_LEADING = 19.0

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
    """A figure being drawn; y grows downwards. `finish` gives the SVG.

    The `scope` is a hash of `key`, which identifies the figure. svgwrite makes the frame; shapes are written as text,
    ten times as fast.
    """

    def __init__(self, name: str, key: str, theme: Theme, lang: Lang = "en", background: Background = "paper") -> None:
        self._name = name
        self.scope = scope(key)
        self._lang: Lang = lang
        self._words = WORDS[lang]
        self._theme = theme
        self._background = background
        self._mode: Mode = "dark" if theme == "dark" else "light"
        self._markup: list[str] = []
        self._classes: dict[str, str] = {}  # by the names that `painted` gives

    @property
    def inlined(self) -> bool:
        """Whether the figure goes into the page, which says itself what a caption, formula or legend would."""
        return self._theme == "page"

    def say(self, key: str, **values: object) -> str:
        """A text of `app/sepviz/figures/texts.py` in the figure's language."""
        return self._words[key].format(**values)

    def count(self, key: str, count: int) -> str:
        """A text with a count, in the singular where that is 1."""
        return counted(key, count, self._lang)

    def rect(self, x: float, y: float, width: float, height: float, **paint: Any) -> None:
        """A rectangle; for `paint` see `_shape`, here as in the other shapes."""
        box = f'x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"'
        self._shape(f"rect {box}", **paint)

    def polygon(self, points: Sequence[Point], **paint: Any) -> None:
        """A closed outline."""
        outline = " ".join([f"{number(x)},{number(y)}" for x, y in points])
        self._shape(f'polygon points="{outline}"', **paint)

    def path(self, d: str, **paint: Any) -> None:
        """A path, its commands as SVG has them."""
        self._shape(f'path d="{d}"', **paint)

    def paths(self, drawn: Sequence[str], **paint: Any) -> None:
        """Paths of one paint, the last in front."""
        if self.inlined or len(drawn) == 1:
            for d in drawn:
                self.path(d, **paint)
            return
        self._shape("g", **paint)
        self._markup[-1] = f"{self._markup[-1][:-2]}>"
        self._markup.extend([f'<path d="{d}"/>' for d in drawn])
        self._markup.append("</g>")

    def arrow(self, x: float, y: float, to_x: float, role: str) -> None:
        """A level arrow to the right."""
        self.path(f"M{number(x)} {number(y)}H{number(to_x - HEAD)}{head(to_x, y)}", fill=role, stroke=role)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        role: str = "ink",
        size: float = TEXT,
        weight: int | None = None,
        anchor: Anchor = "start",
        formula: bool = False,
    ) -> None:
        """One line of text, y its baseline; in a formula what stands between marks is italic."""
        look = f' font-weight="{weight}"' if weight is not None else ""
        if formula and anchor == "middle":  # CairoSVG would anchor each part of it by itself
            x, anchor = x - text_width(text, size) / 2, "start"
        if anchor != "start":
            look += f' text-anchor="{anchor}"'
        if formula:
            look += ' xml:space="preserve"'  # librsvg would swallow the spaces around a letter
        inside = runs(text) if formula else escape(text)
        place = f'x="{number(x)}" y="{number(y)}"{_sized(size)}'
        self._markup.append(f"<text {place}{look}{self._paint(role)}>{inside}</text>")

    def line(
        self, texts: Sequence[tuple[float, str]], y: float, role: str, size: float = TEXT, serif: bool = False
    ) -> None:
        """Short texts on one baseline y, each centred on its x; in a serif, letters of a formula with subscripts."""
        look = f'font-family="{SERIF}" font-style="italic"' if serif else 'text-anchor="middle"'
        self._markup.append(f"<g {look}{_sized(size)}{self._paint(role)}>")
        level = number(y)
        for x, text in texts:
            if serif:
                # From the left, as CairoSVG takes a text's anchor from its first run alone; and no `baseline-shift`,
                # which neither it nor librsvg knows.
                base, _, below = text.partition("_")
                left, inside = x - letter_width(text, size) / 2, escape(base)
                if below:
                    inside += f'<tspan dy="{number(size * 0.22)}" font-size="{SUBSCRIPT}">{escape(below)}</tspan>'
            else:
                left, inside = x, escape(text)
            self._markup.append(f'<text x="{number(left)}" y="{level}">{inside}</text>')
        self._markup.append("</g>")

    @contextmanager
    def group(self, given: Mapping[str, str]) -> Iterator[None]:
        """What is drawn inside stands in one `<g>` with these attributes."""
        self._markup.append(f"<g{attributes(given)}>")
        yield
        self._markup.append("</g>")

    def style(self, rules: str) -> None:
        """Rules of the figure's own, such as keyframes; their names begin with a letter and the `scope`."""
        self._markup.append(f"<style>{rules}</style>")

    def finish(
        self,
        width: float,
        height: float,
        title: str,
        description: str,
        shown_width: int | None,
        caption: str | None = None,
        address: str | None = None,
    ) -> str:
        """The complete SVG; it is shown `shown_width` pixels wide, or as wide as it was drawn.

        With a caption there is a margin all around. `address` is where the figure itself is to be had.
        """
        x = y = 0.0
        if caption is not None:
            drawn, self._markup = self._markup, []  # the caption is read first
            y = self._caption(caption, width) - MARGIN
            self._markup += drawn
            x, width, height = -MARGIN, width + 2 * MARGIN, height + MARGIN - y
        shown = width if shown_width is None else shown_width
        title_id, description_id = (f"sepviz-{self._name}-{self.scope}-{each}" for each in ("title", "desc"))
        frame = {
            "xmlns": "http://www.w3.org/2000/svg",
            "width": number(shown),
            "height": number(shown * height / width),
            "viewBox": f"{number(x)} {number(y)} {number(width)} {number(height)}",
            "role": "img",
            "aria-labelledby": f"{title_id} {description_id}",
            "font-family": FONTS,
            "font-size": number(TEXT),
        }
        svg = _Element("svg", frame)
        svg.add(_Element("title", {"id": title_id}, title))
        svg.add(_Element("desc", {"id": description_id}, description))
        if self._background == "paper" and not self.inlined:
            whole = {"x": number(x), "y": number(y), "width": number(width), "height": number(height)}
            self._markup.insert(0, f"<rect{attributes(whole)}{self._paint('paper')}/>")
        if address is not None and not self.inlined:
            self._markup.insert(0, metadata(title, address))
        if self._theme == "auto":
            rules = "".join(f".{own}{{{dark_colours(names)}}}" for names, own in self._classes.items())
            svg.add(_Element("style", {}, f"@media (prefers-color-scheme: dark){{{rules}}}"))
        text = ET.tostring(svg.get_xml(), encoding="unicode")
        return f"{text.removesuffix('</svg>')}{''.join(self._markup)}</svg>"

    def _caption(self, caption: str, width: float) -> float:
        """Write the caption above the drawing; the top of its first line."""
        lines = wrap(words_of(caption, width, TITLE * BOLD), width, TITLE * BOLD)
        top = -_LEADING * len(lines) - 12
        for index, line in enumerate(lines):
            self.text(0, top + 13 + _LEADING * index, line, "ink", TITLE, weight=600)
        return top

    def _shape(
        self,
        shape: str,
        fill: str | None = None,
        stroke: str | None = None,
        tint: float = 1,
        line: float = 1,
        solid: bool = False,
    ) -> None:
        """Write a shape with a fill of a role, its opacity (`tint`), a stroke of a role and its width (`line`).

        Behind what is `solid` nothing is seen.
        """
        if solid and self.inlined:  # the page knows the roles, and not their shares
            self._markup.append(f"<{shape}{self._paint('paper')}/>")
            solid = False
        self._markup.append(f"<{shape}{self._paint(fill, stroke, tint, line, solid)}/>")

    def _paint(
        self, fill: str | None, stroke: str | None = None, tint: float = 1, line: float = 1, solid: bool = False
    ) -> str:
        names, markup = painted(self._mode, fill, stroke, tint, line, solid)
        if self.inlined:
            return f' class="{names}"{markup}'
        if self._theme == "auto":
            return f' class="{self._classes.setdefault(names, f"{self.scope}{len(self._classes)}")}"{markup}'
        return markup


def _sized(size: float) -> str:
    """The size of a text, where it is not that of most."""
    return "" if size == TEXT else f' font-size="{number(size)}"'


def head(x: float, y: float) -> str:
    """An arrow's head as the end of a path: its tip, which the stroke sharpens, is at (x, y)."""
    return f"M{number(x - 1)} {number(y)}l-{number(HEAD - 1)} -3v6z"
