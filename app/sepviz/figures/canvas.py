"""The one place that knows svgwrite: shapes paint_attributes in the roles of `sepviz.palette`.

Colours are plain attributes. In addition, a figure inside the page has the classes `f-ROLE` and `s-ROLE` of the page's
style sheet, and a figure of the theme `auto` has classes of its own, which its rules for dark mode recolour. As several
such figures may be inlined in one page, every id, class and keyframe name of theirs contains the canvas's `scope`.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal
from xml.etree import ElementTree as ET

from svgwrite.base import BaseElement
from svgwrite.container import SVG, Group
from svgwrite.path import Path
from svgwrite.shapes import Rect
from svgwrite.text import Text, TSpan

from sepviz.figures.licence_metadata import metadata
from sepviz.figures.options import Background, Lang, Theme
from sepviz.figures.paint import Mode, dark_declarations, number, paint_attributes, scope
from sepviz.figures.text_metrics import BOLD, SUBSCRIPT, letter_width, split_formula, text_width, wrap
from sepviz.figures.text_metrics import words as words_of
from sepviz.figures.translations import TRANSLATIONS, counted_text

__all__ = ["FONTS", "HEAD", "MARGIN", "SERIF", "SMALL", "TEXT", "TITLE", "Anchor", "Canvas", "Point", "head", "number"]

Anchor = Literal["start", "middle", "end"]
Point = tuple[float, float]

FONTS = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"
SERIF = "Georgia, 'Times New Roman', 'DejaVu Serif', serif"
HEAD = 7.0  # length of an arrow's head
MARGIN = 16.0  # around a figure that stands alone

SMALL, TEXT, TITLE = 11, 12, 14  # the only sizes of type

_LEADING = 19.0

# Without its own checks, which know no `role`, `aria-*` and `data-*`, svgwrite is four times as fast.
_UNCHECKED = BaseElement(debug=False)


class Canvas:
    """A figure being drawn; y grows downwards. `finish` returns the SVG.

    The `scope` is a hash of `key`, which identifies the figure.
    """

    def __init__(self, name: str, key: str, theme: Theme, lang: Lang = "en", background: Background = "paper") -> None:
        self._name = name
        self.scope = scope(key)
        self._lang: Lang = lang
        self._words = TRANSLATIONS[lang]
        self._theme = theme
        self._background = background
        self._mode: Mode = "dark" if theme == "dark" else "light"
        self._parent: Any = _group()  # what new elements are added to
        self._rules: list[str] = []
        self._classes: dict[str, str] = {}  # by the names that `paint_attributes` gives

    @property
    def inlined(self) -> bool:
        """Whether the figure goes into the page, which says itself what a caption, formula or legend would."""
        return self._theme == "page"

    def translate(self, key: str, **values: object) -> str:
        """A text of `app/sepviz/figures/translations.py` in the figure's language."""
        return self._words[key].format(**values)

    def translate_count(self, key: str, count: int) -> str:
        """A text with a count, in the singular where that is 1."""
        return counted_text(key, count, self._lang)

    def rect(self, x: float, y: float, width: float, height: float, **paint: Any) -> None:
        """A rectangle; for `paint` see `_shape`, here as in `path` and `paths`."""
        box = {"insert": (number(x), number(y)), "size": (number(width), number(height))}
        self._shape(Rect, box, **paint)

    def path(self, d: str, **paint: Any) -> None:
        """A path of SVG's path commands."""
        self._shape(Path, {"d": d}, **paint)

    def paths(self, drawn: Sequence[str], **paint: Any) -> None:
        """Paths of one paint, the last in front."""
        if self.inlined or len(drawn) == 1:
            for d in drawn:
                self.path(d, **paint)
            return
        group = self._shape(Group, {}, **paint)
        for d in drawn:
            group.add(Path(d, factory=_UNCHECKED))

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
        if formula and anchor == "middle":  # CairoSVG would anchor each part of it by itself
            x, anchor = x - text_width(text, size) / 2, "start"
        look = _font_size(size) | self._paint(role)
        if weight is not None:
            look["font-weight"] = str(weight)
        if anchor != "start":
            look["text-anchor"] = anchor
        runs = split_formula(text) if formula else [(text, False)]
        if formula:
            look["xml:space"] = "preserve"  # librsvg would swallow the spaces around a letter
        (first, _), *others = runs
        element = self._add(_text(first, x, y, **look))
        for run, italic in others:
            element.add(TSpan(run, factory=_UNCHECKED, **({"font_style": "italic"} if italic else {})))

    def line(
        self, texts: Sequence[tuple[float, str]], y: float, role: str, size: float = TEXT, serif: bool = False
    ) -> None:
        """Short texts on one baseline y, each centred on its x; in a serif, letters of a formula with subscripts."""
        look = {"font-family": SERIF, "font-style": "italic"} if serif else {"text-anchor": "middle"}
        group = self._add(_group(**look, **_font_size(size), **self._paint(role)))
        for x, text in texts:
            if not serif:
                group.add(_text(text, x, y))
                continue
            # From the left, as CairoSVG takes a text's anchor from its first run alone; and no `baseline-shift`,
            # which neither it nor librsvg knows.
            base, _, below = text.partition("_")
            letter = group.add(_text(base, x - letter_width(text, size) / 2, y))
            if below:
                letter.add(TSpan(below, dy=[number(size * 0.22)], font_size=SUBSCRIPT, factory=_UNCHECKED))

    @contextmanager
    def group(self, attributes: Mapping[str, str]) -> Iterator[None]:
        """What is drawn inside stands in one `<g>` with these attributes."""
        outer = self._parent
        self._parent = outer.add(_group(**attributes))
        yield
        self._parent = outer

    def style(self, rules: str) -> None:
        """Add rules of the figure's own, such as keyframes; their names begin with a letter and the `scope`."""
        self._rules.append(rules)

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
        drawn, self._parent = self._parent, _group()  # the caption is read before the drawing
        if caption is not None:
            y = self._caption(caption, width) - MARGIN
            x, width, height = -MARGIN, width + 2 * MARGIN, height + MARGIN - y
        shown = width if shown_width is None else shown_width
        ids = [f"sepviz-{self._name}-{self.scope}-{part}" for part in ("title", "desc")]
        svg = SVG(
            size=(number(shown), number(shown * height / width)),
            xmlns="http://www.w3.org/2000/svg",
            viewBox=f"{number(x)} {number(y)} {number(width)} {number(height)}",
            role="img",
            aria_labelledby=" ".join(ids),
            font_family=FONTS,
            font_size=number(TEXT),
            factory=_UNCHECKED,
        )
        svg.set_desc(title, description)
        for element, id_ in zip(svg.elements, ids, strict=False):
            element.xml.set("id", id_)
        if address is not None and not self.inlined:
            svg.set_metadata(metadata(title, address))
        if self._background == "paper" and not self.inlined:
            paper = {"insert": (number(x), number(y)), "size": (number(width), number(height))}
            svg.add(Rect(**paper, **self._paint("paper"), factory=_UNCHECKED))
        for element in (*self._parent.elements, *drawn.elements):
            svg.add(element)
        if self._theme == "auto":
            rules = "".join(f".{own}{{{dark_declarations(names)}}}" for names, own in self._classes.items())
            self.style(f"@media (prefers-color-scheme: dark){{{rules}}}")
        if self._rules:
            svg.embed_stylesheet("".join(self._rules))
        return ET.tostring(svg.get_xml(), encoding="unicode")

    def _caption(self, caption: str, width: float) -> float:
        """Write the caption above the drawing; the top of its first line."""
        lines = wrap(words_of(caption, width, TITLE * BOLD), width, TITLE * BOLD)
        top = -_LEADING * len(lines) - 12
        for index, line in enumerate(lines):
            self.text(0, top + 13 + _LEADING * index, line, "ink", TITLE, weight=600)
        return top

    def _shape(
        self,
        element: Any,
        geometry: Mapping[str, Any],
        fill: str | None = None,
        stroke: str | None = None,
        tint: float = 1,
        line: float = 1,
        solid: bool = False,
    ) -> Any:
        """Add a shape with a fill of a role, its opacity (`tint`), a stroke of a role and its width (`line`).

        Nothing shines through a shape that is `solid`. Returns the svgwrite element.
        """
        if solid and self.inlined:  # the page knows the roles, and not their shares
            self._add(element(**geometry, **self._paint("paper"), factory=_UNCHECKED))
            solid = False
        return self._add(element(**geometry, **self._paint(fill, stroke, tint, line, solid), factory=_UNCHECKED))

    def _add(self, element: Any) -> Any:
        return self._parent.add(element)

    def _paint(
        self, fill: str | None, stroke: str | None = None, tint: float = 1, line: float = 1, solid: bool = False
    ) -> dict[str, str]:
        """The attributes of a fill and a stroke, with the class that recolours them, if the theme has any."""
        names, attributes = paint_attributes(self._mode, fill, stroke, tint, line, solid)
        if self.inlined:
            return {"class": names, **attributes}
        if self._theme == "auto":
            return {"class": self._classes.setdefault(names, f"{self.scope}{len(self._classes)}"), **attributes}
        return dict(attributes)


def _group(**attributes: str) -> Any:
    return Group(factory=_UNCHECKED, **attributes)


def _text(text: str, x: float, y: float, **attributes: str) -> Any:
    element = Text(text, factory=_UNCHECKED, **attributes)
    element["x"], element["y"] = number(x), number(y)  # svgwrite's own `insert` takes twice as long
    return element


def _font_size(size: float) -> dict[str, str]:
    """The size of a text, where it is not that of most."""
    return {} if size == TEXT else {"font-size": number(size)}


def head(x: float, y: float) -> str:
    """An arrow's head as the end of a path: its tip, which the stroke sharpens, is at (x, y)."""
    return f"M{number(x - 1)} {number(y)}l-{number(HEAD - 1)} -3v6z"
