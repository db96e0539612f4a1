"""The fence `sepviz` for Python-Markdown and MkDocs; `markdown_extensions: [sepviz]` in mkdocs.yml.

The figure goes into the page as an image that is a `data:` address: a page of Markdown has no folder for files, and
inside an image neither its styles nor its ids meet those of the page.
"""

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, SubElement

from markdown import Markdown
from markdown.blockprocessors import BlockProcessor
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import HTML_PLACEHOLDER_RE, AtomicString, code_escape

from sepviz.errors import SepvizError
from sepviz.extensions import figure

OWN = ("alt", "caption")
IMAGE, CAPTIONED = '<img class="sepviz"', '<figure class="sepviz"'  # the two beginnings of a figure's HTML

_OPENING = re.compile(r"(?P<prefix>[> ]*)(?P<fence>`{3,}|~{3,})[ ]*(?P<info>[^`]*)")
_PLACEHOLDER_LINE = re.compile(rf"^(?P<indent>[ ]*){HTML_PLACEHOLDER_RE.pattern}[ ]*$", re.MULTILINE)
_PLACEHOLDER_IN_CODE = re.compile(
    rf"^(?P<prefix>(?:&gt;|[ ])*)(?P<placeholder>{HTML_PLACEHOLDER_RE.pattern})[ ]*$", re.MULTILINE
)


class BadFigure(SepvizError):
    """A fence that cannot be drawn; the message says which and why."""


class Fence(NamedTuple):
    """A fenced block of any language: lines `start` to `stop - 1`, of which `body` is without the fences."""

    start: int
    stop: int
    prefix: str
    language: str
    name: str
    body: tuple[str, ...]


def fences(lines: Sequence[str]) -> Iterator[Fence]:
    """Every fence that is not inside another one; it may be indented or in a quote."""
    start = 0
    while start < len(lines):
        opened = _OPENING.fullmatch(lines[start])
        fence = opened and _closed(lines, start, opened)
        if fence:
            yield fence
        start = fence.stop if fence else start + 1


def _closed(lines: Sequence[str], start: int, opened: re.Match[str]) -> Fence | None:
    """The fence that opens at line `start`; None unless it closes within the same quote."""
    quote = re.compile(rf"(?:[ ]*>){{{opened['prefix'].count('>')}}}")
    closing = re.compile(rf"[ ]*{opened['fence']}{opened['fence'][0]}*[ ]*")
    body: list[str] = []
    for number in range(start + 1, len(lines)):
        quoted = quote.match(lines[number])
        if quoted is None:
            return None
        line = lines[number][quoted.end() :]
        if closing.fullmatch(line):
            language, _, name = opened["info"].strip().partition(" ")
            return Fence(start, number + 1, opened["prefix"], language, name.strip(), tuple(body))
        body.append(line)
    return None


def figure_html(name: str, body: str, where: str = "") -> str:
    """The figure of that name as HTML, for lines of `parameter: value`, `alt: words` and `caption: words`.

    Raises `BadFigure` where a line is none of these or a parameter does not fit; its message begins with `where`.
    """
    try:
        pairs = list(_pairs(body))
        own = {key: value for key, value in pairs if key in OWN}
        drawn = figure(name, [(key, value) for key, value in pairs if key not in OWN])
    except SepvizError as error:
        raise BadFigure(f"{where}sepviz {name}: {error}") from None
    source = b64encode(drawn.svg.encode()).decode()
    image = f'{IMAGE} src="data:image/svg+xml;base64,{source}" alt="{escape(own.get("alt", drawn.alt))}">'
    if "caption" not in own:
        return image
    return f"{CAPTIONED}>{image}<figcaption>{escape(own['caption'])}</figcaption></figure>"


def _pairs(body: str) -> Iterator[tuple[str, str]]:
    for line in filter(None, map(str.strip, body.splitlines())):
        key, colon, value = line.partition(":")
        if not colon:
            raise BadFigure(f"{line!r} is no line of the form parameter: value")
        yield key.strip(), value.strip()


class Figures(Preprocessor):
    """Replaces every fence `sepviz NAME` by a placeholder of its figure."""

    def __init__(self, md: Markdown) -> None:
        super().__init__(md)
        self.sources: dict[str, list[str]] = {}  # the lines of each fence, by its placeholder

    def run(self, lines: list[str]) -> list[str]:
        """The lines with a placeholder for each figure."""
        self.sources.clear()
        result, done = [], 0
        for fence in fences(lines):
            if fence.language != "sepviz":
                continue
            try:
                html = figure_html(fence.name, "\n".join(fence.body), _line_of(self.md, fence))
            except BadFigure as error:
                raise _build_error(self.md, error) from None
            placeholder = self.md.htmlStash.store(html)
            self.sources[placeholder] = [line[len(fence.prefix) :] for line in lines[fence.start : fence.stop]]
            result += [*lines[done : fence.start], fence.prefix + placeholder]
            done = fence.stop
        return result + lines[done:]


class FigureBlocks(BlockProcessor):
    """Makes every figure on its own line a block, also between lines of text: a paragraph must not contain a block."""

    PRIORITY = 11  # just before paragraphs, after lists, quotes and indented code

    def test(self, _parent: Element, block: str) -> bool:
        """Whether there is a figure in the block."""
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
    """Restores the fence in an indented block of code, which `Figures` cannot tell from one in a list."""

    PRIORITY = 40  # before code is highlighted

    def __init__(self, md: Markdown, sources: dict[str, list[str]]) -> None:
        super().__init__(md)
        self._sources = sources

    def run(self, root: Element) -> None:
        """Replace placeholders in code."""

        def source(found: re.Match[str]) -> str:
            lines = self._sources.get(found["placeholder"])
            return found[0] if lines is None else "\n".join(found["prefix"] + code_escape(line) for line in lines)

        for code in root.iter("code"):
            if code.text:
                code.text = AtomicString(_PLACEHOLDER_IN_CODE.sub(source, code.text))


def _line_of(md: Markdown, fence: Fence) -> str:
    """The line number of a fence, for a message; in MkDocs it counts the metadata that MkDocs removed from the page."""
    before = 0
    if file := _mkdocs_file(md):
        from mkdocs.utils.meta import get_data  # noqa: PLC0415 - MkDocs is installed here

        text = file.content_string
        before = text.count("\n") - get_data(text)[0].count("\n")
    return f"line {before + fence.start + 1}: "


def _mkdocs_file(md: Markdown) -> Any:
    """The file that MkDocs is converting, as its link processor has it; None without MkDocs."""
    return getattr(md.treeprocessors["relpath"], "file", None) if "relpath" in md.treeprocessors else None


def _build_error(md: Markdown, error: BadFigure, *kinds: type[Exception]) -> BadFigure:
    """The error as an instance of `kinds` too; in MkDocs it also ends the build without a traceback."""
    if _mkdocs_file(md):
        from mkdocs.exceptions import Abort  # noqa: PLC0415 - MkDocs is installed here

        class Logged(Abort):
            def show(self, *_args: Any, **_kwargs: Any) -> None:
                """Print nothing: MkDocs has logged the message with its page."""

        kinds = (*kinds, Logged)
    build_error: BadFigure = type("BadFigure", (BadFigure, *kinds), {})(str(error))
    return build_error


class SepvizExtension(Extension):
    """What Python-Markdown loads by the name `sepviz`."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - Python-Markdown's name
        """Ahead of every other reader of fences, and after blanks and line ends are plain."""
        figures = Figures(md)
        md.preprocessors.register(figures, "sepviz", 28)
        md.parser.blockprocessors.register(FigureBlocks(md.parser), "sepviz", FigureBlocks.PRIORITY)
        md.treeprocessors.register(CodeSources(md, figures.sources), "sepviz", CodeSources.PRIORITY)


def makeExtension(**config: Any) -> SepvizExtension:  # noqa: N802 - Python-Markdown's name
    """What Python-Markdown calls where the extension is named by its module."""
    return SepvizExtension(**config)


def named(
    _language: str, inputs: dict[str, str], options: dict[str, Any], _attrs: dict[str, str], _md: Markdown
) -> bool:
    """The validator of a custom fence of `pymdownx.superfences`: one word after `sepviz`, the figure's name."""
    options["figure"] = " ".join(inputs)
    return True


def fence(source: str, _language: str, _class_name: str, options: dict[str, Any], md: Markdown, **_kwargs: Any) -> str:
    """The formatter of a custom fence of `pymdownx.superfences`."""
    from pymdownx.superfences import SuperFencesException  # noqa: PLC0415 - whoever calls this has it

    name = options["figure"]
    md.parser.blockprocessors.register(FigureBlocks(md.parser), "sepviz", FigureBlocks.PRIORITY)
    body = source.split()
    found = (
        each for each in fences(getattr(md, "lines", ())) if each.name == name and " ".join(each.body).split() == body
    )
    try:
        return figure_html(name, source, next((_line_of(md, each) for each in found), ""))
    except BadFigure as error:
        # Of any other exception it would make a block of code, and say nothing.
        raise _build_error(md, error, SuperFencesException) from None
