"""The canvas: svgwrite's elements, painted in the roles of `sepviz.palette`. No other module uses svgwrite.

Colours are plain attributes. In addition, a figure inside the page has the classes `f-ROLE` and `s-ROLE` of the page's
style sheet, and a figure of the theme `auto` has classes of its own, which its rules for dark mode recolour. As several
such figures may be inlined in one page, every id, class and keyframe name of theirs contains the canvas's `scope`.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, Literal
from xml.etree import ElementTree as ET

from svgwrite.base import BaseElement
from svgwrite.container import SVG, Group
from svgwrite.path import Path
from svgwrite.shapes import Rect
from svgwrite.text import Text, TSpan

from sepviz.figures.licence_metadata import metadata
from sepviz.figures.map_images import Pictures
from sepviz.figures.options import Background, Lang, Theme
from sepviz.figures.paint import Mode, dark_declarations, number, paint_attributes, scope
from sepviz.figures.text_metrics import BOLD, SUBSCRIPT, letter_width, split_formula, split_words, text_width, wrap
from sepviz.figures.translations import TRANSLATIONS, counted_text

__all__ = [
    "ARROWHEAD",
    "FONTS",
    "MARGIN",
    "SERIF",
    "SMALL",
    "TEXT",
    "TITLE",
    "Anchor",
    "Canvas",
    "Point",
    "arrowhead",
    "number",
]

Anchor = Literal["start", "middle", "end"]
Point = tuple[float, float]

FONTS = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"
SERIF = "Georgia, 'Times New Roman', 'DejaVu Serif', serif"
ARROWHEAD = 7.0  # length of an arrow's head
MARGIN = 16.0  # around a figure that stands alone

SMALL, TEXT, TITLE = 11, 12, 14  # the only sizes of type

_LEADING = 19.0

# svgwrite's validation rejects `role` and `aria-*`, and takes three quarters of its time.
_UNCHECKED = BaseElement(debug=False)


class Canvas:
    """A figure being drawn; y grows downwards. `finish` returns the SVG.

    The `scope` is a hash of `key`, which identifies the figure.
    """

    def __init__(
        self,
        name: str,
        key: str,
        theme: Theme,
        lang: Lang = "en",
        background: Background = "paper",
        pictures: Pictures | None = None,
    ) -> None:
        self._name = name
        self.pictures = pictures  # of the real maps and kernels; None in a plain figure
        self.scope = scope(key)
        self._lang: Lang = lang
        self._texts = TRANSLATIONS[lang]
        self._theme = theme
        self._background = background
        self._mode: Mode = "dark" if theme == "dark" else "light"
        self._parent: Any = _group()  # what new elements are added to
        self._rules: list[str] = []
        self._classes: dict[str, str] = {}  # by the names from `paint_attributes`
        self._has_images = self._has_image_pairs = False

    @property
    def inlined(self) -> bool:
        """Whether the figure is for the page, which has the caption, formulas and legend itself."""
        return self._theme == "page"

    def translate(self, key: str, **values: object) -> str:
        """A text of `app/sepviz/figures/translations.py` in the figure's language."""
        return self._texts[key].format(**values)

    def translate_count(self, key: str, count: int) -> str:
        """A text with a count, in the singular where that is 1."""
        return counted_text(key, count, self._lang)

    def rect(self, x: float, y: float, width: float, height: float, **paint: Any) -> None:
        """Draw a rectangle; for `paint` see `_add_shape`, here as in `path` and `paths`."""
        box = {"insert": (number(x), number(y)), "size": (number(width), number(height))}
        self._add_shape(Rect, box, **paint)

    def path(self, d: str, **paint: Any) -> None:
        """Draw a path of SVG's path commands."""
        self._add_shape(Path, {"d": d}, **paint)

    def paths(self, drawn: Sequence[str], **paint: Any) -> None:
        """Draw paths of one paint, the last in front."""
        if self.inlined or len(drawn) == 1:
            for d in drawn:
                self.path(d, **paint)
            return
        group = self._add_shape(Group, {}, **paint)
        for d in drawn:
            group.add(Path(d, factory=_UNCHECKED))

    def image(self, transform: str, light: str, dark: str) -> None:
        """Draw the picture of a data URI in the unit square under a transform; of two, that of the theme."""
        box = {"width": "1", "height": "1", "preserveAspectRatio": "none", "transform": transform}
        self._has_images = True
        if self._theme != "auto" or light == dark:
            self._add(_set(_Image(factory=_UNCHECKED), {**box, "xlink:href": dark if self._mode == "dark" else light}))
            return
        self._has_image_pairs = True
        self._add(_set(_Image(factory=_UNCHECKED), {**box, "xlink:href": light, "class": f"{self.scope}l"}))
        # Renderers that know no media queries show the light one.
        hidden = {"class": f"{self.scope}d", "display": "none"}
        self._add(_set(_Image(factory=_UNCHECKED), {**box, "xlink:href": dark, **hidden}))

    def coloured_path(self, d: str, colours: Mapping[Mode, str]) -> None:
        """Draw a path filled with a colour that is a value's, and no role's."""
        attributes = {"fill": colours[self._mode]}
        if self._theme == "auto":
            names = f"v-{colours['dark']}"
            attributes["class"] = self._classes.setdefault(names, f"{self.scope}{len(self._classes)}")
        self._add(_set(Path(d, factory=_UNCHECKED), attributes))

    def arrow(self, x: float, y: float, to_x: float, role: str) -> None:
        """Draw a horizontal arrow to the right."""
        self.path(f"M{number(x)} {number(y)}H{number(to_x - ARROWHEAD)}{arrowhead(to_x, y)}", fill=role, stroke=role)

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
        """Draw one line of text with its baseline at y; in a formula, text between marks is italic."""
        if formula and anchor == "middle":  # CairoSVG anchors each tspan by itself
            x, anchor = x - text_width(text, size) / 2, "start"
        attributes = _font_size(size) | self._paint(role)
        if weight is not None:
            attributes["font-weight"] = str(weight)
        if anchor != "start":
            attributes["text-anchor"] = anchor
        runs = split_formula(text) if formula else [(text, False)]
        if formula:
            attributes["xml:space"] = "preserve"  # librsvg drops the spaces around a tspan
        (first, _), *others = runs
        element = self._add(_text(first, x, y, attributes))
        for run, italic in others:
            element.add(TSpan(run, factory=_UNCHECKED, **({"font_style": "italic"} if italic else {})))

    def text_row(
        self, texts: Sequence[tuple[float, str]], y: float, role: str, size: float = TEXT, serif: bool = False
    ) -> None:
        """Draw short texts on one baseline y, each centred on its x; with `serif`, letters with subscripts."""
        attributes = {"font-family": SERIF, "font-style": "italic"} if serif else {"text-anchor": "middle"}
        group = self._add(_group(attributes | _font_size(size) | self._paint(role)))
        for x, text in texts:
            if not serif:
                group.add(_text(text, x, y))
                continue
            # Anchored at the start, as CairoSVG measures only a text's first run. Neither it nor librsvg supports
            # `baseline-shift`.
            base, _, below = text.partition("_")
            letter = group.add(_text(base, x - letter_width(text, size) / 2, y))
            if below:
                letter.add(TSpan(below, dy=[number(size * 0.22)], font_size=SUBSCRIPT, factory=_UNCHECKED))

    @contextmanager
    def group(self, attributes: Mapping[str, str]) -> Iterator[None]:
        """Group what is drawn inside the context in a `<g>` with these attributes."""
        outer = self._parent
        self._parent = outer.add(_group(attributes))
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
        css_width: int | None,
        caption: str | None = None,
        address: str | None = None,
    ) -> str:
        """Return the complete SVG, `css_width` pixels wide or as wide as it was drawn.

        With a caption there is a margin all around. `address` is the figure's own path and query, for its metadata.
        """
        x = y = 0.0
        drawn, self._parent = self._parent, _group()  # the caption is read before the drawing
        if caption is not None:
            y = self._caption(caption, width) - MARGIN
            x, width, height = -MARGIN, width + 2 * MARGIN, height + MARGIN - y
        displayed = width if css_width is None else css_width
        ids = [f"sepviz-{self._name}-{self.scope}-{part}" for part in ("title", "desc")]
        svg = SVG(
            size=(number(displayed), number(displayed * height / width)),
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
        if self._has_images:
            svg.attribs["xmlns:xlink"] = "http://www.w3.org/1999/xlink"
        if self._theme == "auto":
            rules = "".join(f".{own}{{{dark_declarations(names)}}}" for names, own in self._classes.items())
            if self._has_image_pairs:
                rules += f".{self.scope}l{{display:none}}.{self.scope}d{{display:inline}}"
            self.style(f"@media (prefers-color-scheme: dark){{{rules}}}")
        if self._rules:
            svg.embed_stylesheet("".join(self._rules))
        return ET.tostring(svg.get_xml(), encoding="unicode")

    def _caption(self, caption: str, width: float) -> float:
        """Draw the caption above the drawing; return the top of its first line."""
        lines = wrap(split_words(caption, width, TITLE * BOLD), width, TITLE * BOLD)
        top = -_LEADING * len(lines) - 12
        for index, line in enumerate(lines):
            self.text(0, top + 13 + _LEADING * index, line, "ink", TITLE, weight=600)
        return top

    def _add_shape(
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
        if solid and self.inlined:  # the page's classes have the roles, but not their tints
            self._add(_set(element(**geometry, factory=_UNCHECKED), self._paint("paper")))
            solid = False
        return self._add(_set(element(**geometry, factory=_UNCHECKED), self._paint(fill, stroke, tint, line, solid)))

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


class _Image(BaseElement):  # type: ignore[misc]
    """An image; svgwrite's own sets its address itself."""

    elementname = "image"


def _set(element: Any, attributes: Mapping[str, str]) -> Any:
    """The svgwrite element with these attributes, set at once as svgwrite takes several times as long for each."""
    element.attribs.update(attributes)
    return element


def _group(attributes: Mapping[str, str] = MappingProxyType({})) -> Any:
    return _set(Group(factory=_UNCHECKED), attributes)


def _text(text: str, x: float, y: float, attributes: Mapping[str, str] = MappingProxyType({})) -> Any:
    return _set(Text(text, factory=_UNCHECKED), {"x": number(x), "y": number(y), **attributes})


def _font_size(size: float) -> dict[str, str]:
    """The attribute of a size of type other than the default."""
    return {} if size == TEXT else {"font-size": number(size)}


def arrowhead(x: float, y: float) -> str:
    """An arrow's head as the end of a path: its tip, which the stroke sharpens, is at (x, y)."""
    return f"M{number(x - 1)} {number(y)}l-{number(ARROWHEAD - 1)} -3v6z"
