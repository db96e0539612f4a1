"""The fence `sepviz` for Python-Markdown and MkDocs; `markdown_extensions: [sepviz]` in mkdocs.yml.

The figure goes into the page as an image that is a `data:` address: a page of Markdown has no folder for files, and
inside an image neither its styles nor its ids meet those of the page.
"""

import re
from base64 import b64encode
from collections.abc import Iterator
from html import escape
from typing import Any

from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor

from app.errors import SepvizError
from app.extensions import figure

OWN = ("alt", "caption")

# Any fence, so that one inside another (a page that shows how this is written) is left alone.
_FENCE = re.compile(
    r"^(?P<indent>[ ]*)(?P<fence>`{3,}|~{3,})[ ]*(?P<info>[^`\n]*)\n(?P<body>(?:.*\n)*?)[ ]*(?P=fence)[`~]*[ ]*$",
    re.MULTILINE,
)


class BadFigure(SepvizError):
    """A fence that cannot be drawn; the message says which and why."""


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
    image = f'<img class="sepviz" src="data:image/svg+xml;base64,{source}" alt="{escape(own.get("alt", drawn.alt))}">'
    if "caption" not in own:
        return f"<p>{image}</p>"
    return f'<figure class="sepviz">{image}<figcaption>{escape(own["caption"])}</figcaption></figure>'


def _pairs(body: str) -> Iterator[tuple[str, str]]:
    for line in filter(None, map(str.strip, body.splitlines())):
        key, colon, value = line.partition(":")
        if not colon:
            raise BadFigure(f"{line!r} is no line of the form parameter: value")
        yield key.strip(), value.strip()


class Figures(Preprocessor):
    """Every fence `sepviz NAME`, also an indented one in a list, as its figure."""

    def run(self, lines: list[str]) -> list[str]:
        """The lines with a placeholder for each figure."""
        text = "\n".join(lines)

        def drawn(found: re.Match[str]) -> str:
            language, _, name = found["info"].strip().partition(" ")
            if language != "sepviz":
                return found[0]
            where = f"line {text.count(chr(10), 0, found.start()) + 1}: "
            return found["indent"] + self.md.htmlStash.store(figure_html(name.strip(), found["body"], where))

        return _FENCE.sub(drawn, text).split("\n")


class SepvizExtension(Extension):
    """What Python-Markdown loads by the name `sepviz`."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - Python-Markdown's name
        """Ahead of every other reader of fences, and after blanks and line ends are plain."""
        md.preprocessors.register(Figures(md), "sepviz", 28)


def makeExtension(**config: Any) -> SepvizExtension:  # noqa: N802 - Python-Markdown's name
    """What Python-Markdown calls where the extension is named by its module."""
    return SepvizExtension(**config)


def named(
    _language: str, inputs: dict[str, str], options: dict[str, Any], _attrs: dict[str, str], _md: Markdown
) -> bool:
    """The validator of a custom fence of `pymdownx.superfences`: one word after `sepviz`, the figure's name."""
    options["figure"] = " ".join(inputs)
    return True


def fence(source: str, _language: str, _class_name: str, options: dict[str, Any], _md: Markdown, **_kwargs: Any) -> str:
    """The formatter of a custom fence of `pymdownx.superfences`."""
    from pymdownx.superfences import SuperFencesException  # noqa: PLC0415 - whoever calls this has it

    try:
        return figure_html(options["figure"], source)
    except BadFigure as error:
        # Of any other exception it would make a block of code, and say nothing.
        raise SuperFencesException(str(error)) from None
