"""The fence `sepviz` for Python-Markdown and MkDocs; `markdown_extensions: [sepviz]` in mkdocs.yml.

The figure becomes an image whose source is a `data:` URL: Markdown writes no files beside the page, and inside an image
the figure's styles and ids cannot collide with those of the page.
"""

import re
from base64 import b64encode
from collections.abc import Iterator
from html import escape
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from markdown import Markdown
from markdown.blockprocessors import BlockProcessor
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import HTML_PLACEHOLDER_RE, AtomicString, code_escape

from sepviz.errors import SepvizError
from sepviz.extensions import draw_figure
from sepviz.extensions.fences import Fence, find_fences
from sepviz.extensions.mkdocs import build_error, count_metadata_lines

TEXT_FIELDS = ("alt", "caption")
IMAGE, CAPTIONED = '<img class="sepviz"', '<figure class="sepviz"'  # how the HTML of a figure begins

_PLACEHOLDER_LINE = re.compile(rf"^(?P<indent>[ ]*){HTML_PLACEHOLDER_RE.pattern}[ ]*$", re.MULTILINE)
_PLACEHOLDER_IN_CODE = re.compile(
    rf"^(?P<prefix>(?:&gt;|[ ])*)(?P<placeholder>{HTML_PLACEHOLDER_RE.pattern})[ ]*$", re.MULTILINE
)


class BadFigure(SepvizError):
    """A fence that cannot be drawn; the message has its line, its name and the reason."""


def render_figure(name: str, body: str, location: str = "") -> str:
    """The HTML of a figure; the lines of `body` are `parameter: value`, `alt: text` and `caption: text`.

    Raises `BadFigure` for any other line and for an invalid parameter; its message begins with `location`.
    """
    try:
        pairs = list(_parse_lines(body))
        texts = {key: value for key, value in pairs if key in TEXT_FIELDS}
        figure = draw_figure(name, [(key, value) for key, value in pairs if key not in TEXT_FIELDS])
    except SepvizError as error:
        raise BadFigure(f"{location}sepviz {name}: {error}") from None
    source = b64encode(figure.svg.encode()).decode()
    image = f'{IMAGE} src="data:image/svg+xml;base64,{source}" alt="{escape(texts.get("alt", figure.alt))}">'
    if "caption" not in texts:
        return image
    return f"{CAPTIONED}>{image}<figcaption>{escape(texts['caption'])}</figcaption></figure>"


def _parse_lines(body: str) -> Iterator[tuple[str, str]]:
    for line in filter(None, map(str.strip, body.splitlines())):
        key, colon, value = line.partition(":")
        if not colon:
            raise BadFigure(f"{line!r} is not of the form parameter: value")
        yield key.strip(), value.strip()


def _location(md: Markdown, fence: Fence) -> str:
    """The line number of a fence in its file, for a message."""
    return f"line {count_metadata_lines(md) + fence.start + 1}: "


class Figures(Preprocessor):
    """Replaces every fence `sepviz NAME` by a placeholder of its figure."""

    def __init__(self, md: Markdown) -> None:
        super().__init__(md)
        self.sources: dict[str, list[str]] = {}  # the lines of each fence, by its placeholder

    def run(self, lines: list[str]) -> list[str]:
        """The lines with a placeholder for each figure."""
        self.sources.clear()
        result, copied = [], 0
        for fence in find_fences(lines):
            if fence.language != "sepviz":
                continue
            try:
                html = render_figure(fence.name, "\n".join(fence.body), _location(self.md, fence))
            except BadFigure as error:
                raise build_error(self.md, error) from None
            placeholder = self.md.htmlStash.store(html)
            self.sources[placeholder] = [line[len(fence.prefix) :] for line in lines[fence.start : fence.stop]]
            result += [*lines[copied : fence.start], fence.prefix + placeholder]
            copied = fence.stop
        return result + lines[copied:]


class FigureBlocks(BlockProcessor):
    """Makes each placeholder on a line of its own a block, also between lines of text: <p> cannot contain <figure>."""

    PRIORITY = 11  # just before paragraphs, after lists, quotes and indented code

    def test(self, _parent: Element, block: str) -> bool:
        """Whether the block contains a figure."""
        return self._find(block) is not None

    def run(self, parent: Element, blocks: list[str]) -> bool:
        """Make the first figure of the first block an element, after the text before it; leave the text after it."""
        if (found := self._find(blocks[0])) is None:
            return False
        block = blocks.pop(0)
        if before := block[: found.start()].rstrip():
            self.parser.parseBlocks(parent, [before])
        SubElement(parent, "div" if self._html(found).startswith(CAPTIONED) else "p").text = found[0].strip()
        if after := block[found.end() :].lstrip("\n"):
            blocks.insert(0, re.sub(rf"^ {{0,{len(found['indent'])}}}", "", after, flags=re.MULTILINE))
        return True

    def _find(self, block: str) -> re.Match[str] | None:
        lines = _PLACEHOLDER_LINE.finditer(block)
        return next((each for each in lines if self._html(each).startswith((IMAGE, CAPTIONED))), None)

    def _html(self, found: re.Match[str]) -> str:
        return str(self.parser.md.htmlStash.rawHtmlBlocks[int(found[2])])


class CodeSources(Treeprocessor):
    """Restores the fences in indented code, which `Figures` cannot tell from fences in a list."""

    PRIORITY = 40  # before code is highlighted

    def __init__(self, md: Markdown, sources: dict[str, list[str]]) -> None:
        super().__init__(md)
        self._sources = sources

    def run(self, root: Element) -> None:
        """Replace the placeholders in code by the lines of their fences."""

        def restore(found: re.Match[str]) -> str:
            lines = self._sources.get(found["placeholder"])
            return found[0] if lines is None else "\n".join(found["prefix"] + code_escape(line) for line in lines)

        for code in root.iter("code"):
            if code.text:
                code.text = AtomicString(_PLACEHOLDER_IN_CODE.sub(restore, code.text))


class SepvizExtension(Extension):
    """The extension that Python-Markdown loads by the name `sepviz`."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - Python-Markdown's name
        """Register the processors: after `normalize_whitespace`, before every other extension that reads fences."""
        figures = Figures(md)
        md.preprocessors.register(figures, "sepviz", 28)
        md.parser.blockprocessors.register(FigureBlocks(md.parser), "sepviz", FigureBlocks.PRIORITY)
        md.treeprocessors.register(CodeSources(md, figures.sources), "sepviz", CodeSources.PRIORITY)


def makeExtension(**config: Any) -> SepvizExtension:  # noqa: N802 - Python-Markdown's name
    """The extension, where mkdocs.yml names it by its module."""
    return SepvizExtension(**config)


def named(
    _language: str, inputs: dict[str, str], options: dict[str, Any], _attrs: dict[str, str], _md: Markdown
) -> bool:
    """Keep the name of the figure: the `validator` of a custom fence of `pymdownx.superfences`."""
    options["figure"] = " ".join(inputs)
    return True


def fence(source: str, _language: str, _class_name: str, options: dict[str, Any], md: Markdown, **_kwargs: Any) -> str:
    """The HTML of the figure: the `format` of a custom fence of `pymdownx.superfences`."""
    from pymdownx.superfences import SuperFencesException  # noqa: PLC0415 - an optional dependency

    name = options["figure"]
    md.parser.blockprocessors.register(FigureBlocks(md.parser), "sepviz", FigureBlocks.PRIORITY)
    # superfences does not say where the fence is: find it again in the page by its content.
    words = source.split()
    found = (
        each
        for each in find_fences(getattr(md, "lines", ()))
        if each.name == name and " ".join(each.body).split() == words
    )
    try:
        return render_figure(name, source, next((_location(md, each) for each in found), ""))
    except BadFigure as error:
        # superfences catches every other exception and renders the fence as code.
        raise build_error(md, error, SuperFencesException) from None
