"""The fence `sepviz` in Markdown: where it becomes a figure, and where it stays code or text."""

import base64
from html.parser import HTMLParser
from textwrap import dedent

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown import Markdown
from sepviz.extensions.markdown import BadFigure, fence, named
from sepviz.figures import draw
from sepviz.figures.options import Options
from sepviz.layer.spec import LayerSpec

FENCE = ["```sepviz cost", "in_channels: 4", "", "theme: dark", "```"]
SVG = draw("cost", LayerSpec(in_channels=4), Options("dark"))
VOID = {"img", "input", "br", "hr"}
PHRASING = {"img", "a", "code", "em", "strong", "sup", "span", "br"}
COMMON = ["admonition", "pymdownx.tabbed", "pymdownx.details", "md_in_html", "footnotes", "def_list"]
CUSTOM = {"custom_fences": [{"name": "sepviz", "class": "sepviz", "validator": named, "format": fence}]}
SETUPS = {
    "alone": (["sepviz"], {}),
    "fenced_code": (["sepviz", "fenced_code"], {}),
    "beside superfences": (["sepviz", "pymdownx.superfences", "pymdownx.highlight"], {}),
    "in superfences": (["pymdownx.superfences"], {"pymdownx.superfences": CUSTOM}),
}


def convert(text, setup="alone"):
    extensions, configs = SETUPS[setup]
    return Markdown(extensions=[*extensions, *COMMON], extension_configs=configs).convert(text)


class Page(HTMLParser):
    """Figures and texts of a page, each with its ancestors; fails where a paragraph contains a block."""

    def __init__(self, html):
        super().__init__()
        self.open, self.figures, self.texts = [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        assert "p" not in self.open or tag in PHRASING, f"<{tag}> inside a <p>"
        if tag == "img":
            data = dict(attributes)["src"].removeprefix("data:image/svg+xml;base64,")
            self.figures.append((base64.b64decode(data, validate=True).decode(), tuple(self.open)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts += [(line, tuple(self.open)) for line in map(str.strip, data.splitlines()) if line]


def indented(lines):
    return [f"    {line}" if line else "" for line in lines]


CONTAINERS = {
    "quote": lambda lines: [f"> {line}".rstrip() for line in lines],
    "list": lambda lines: ["- head", "", *indented(lines)],
    "numbered": lambda lines: ["1.  head", "", *indented(lines)],
    "admonition": lambda lines: ["!!! note", *indented(lines)],
    "details": lambda lines: ["??? note", *indented(lines)],
    "tab": lambda lines: ['=== "Tab"', *indented(lines)],
    "definition": lambda lines: ["term", ":   head", "", *indented(lines)],
}


def nested(lines, containers):
    for each in reversed(containers):
        lines = CONTAINERS[each](lines)
    return "\n".join(lines)


def ancestors(path):
    """The elements that contain a figure or text, without its own paragraph."""
    return tuple(tag for tag in path if tag not in ("p", "figure") and path[-2:] != ("div", "figure"))


@given(
    containers=st.lists(st.sampled_from(sorted(CONTAINERS)), max_size=3),
    before=st.sampled_from([[], ["before"], ["before", ""]]),
    after=st.sampled_from([[], ["after"], ["", "after"]]),
    setup=st.sampled_from(sorted(SETUPS)),
)
@settings(max_examples=150)
@example(["quote"], ["before"], ["after"], "alone")
@example(["quote"], [], [], "fenced_code")
@example(["list", "definition", "quote"], [], [], "alone")
@example([], ["before"], ["after"], "in superfences")
def test_fence_in_any_container_becomes_figure_in_place_of_paragraph(containers, before, after, setup):
    page = Page(convert(nested([*before, *FENCE, *after], containers), setup))
    paragraph = [*before, *([""] if before else []), "FIGURE", *([""] if after else []), *after]
    wanted = Page(convert(nested(paragraph, containers), setup))
    expected_path = next(path for text, path in wanted.texts if "FIGURE" in text)
    if "code" in expected_path:  # Python-Markdown reads some nested containers as code, "> FIGURE" among it
        assert page.figures == []
        return
    ((svg, path),) = page.figures
    assert svg == SVG
    assert ancestors(path) == ancestors(expected_path)
    assert [text for text, _ in page.texts] == [text for text, _ in wanted.texts if text != "FIGURE"]


@pytest.mark.parametrize("setup", SETUPS)
@pytest.mark.parametrize(
    "text",
    [
        "- item\n{fence}\n    more\n- next",
        "- a\n    - b\n{deep}\n    - c",
        "term\n:   text\n{fence}",
        "x[^1]\n\n[^1]: text\n{fence}",
        "# Heading\n{flat}\ntext",
        '<div markdown="1">\ntext\n{flat}\n</div>',
        "<div>\n{flat}\n</div>",
        "{flat}\n{flat}",
    ],
)
@pytest.mark.parametrize("caption", [[], ["caption: Words"]])
def test_fence_directly_after_text_gives_valid_html(text, setup, caption):
    lines = [*FENCE[:-1], *caption, FENCE[-1]]
    fences = {
        "flat": "\n".join(lines),
        "fence": "\n".join(indented(lines)),
        "deep": "\n".join(indented(indented(lines))),
    }
    page = Page(convert(text.format(**fences), setup))
    assert {svg for svg, _ in page.figures} == {SVG}
    assert len(page.figures) == text.count("{")
    assert ("Words" in dict(page.texts)) == bool(caption)


@pytest.mark.parametrize("setup", SETUPS)
@pytest.mark.parametrize(
    "text",
    [
        "text\n\n" + "\n".join(indented(FENCE)) + "\n\nend",
        "text\n\n    code\n" + "\n".join(indented(FENCE)) + "\n    more",
        "> text\n>\n" + "\n".join(f">     {line}" for line in FENCE),
    ],
)
def test_fence_in_indented_code_stays_code(text, setup):
    page = Page(convert(text, setup))
    assert page.figures == []
    code_lines = [line for line, path in page.texts if "code" in path]
    assert [line for line in code_lines if line not in ("code", "more")] == [line for line in FENCE if line]


@pytest.mark.parametrize("setup", ["beside superfences", "in superfences"])
def test_fence_inside_another_fence_in_quote_stays_text(setup):
    html = convert("\n".join(f"> {line}" for line in ["````markdown", *FENCE, "````"]), setup)
    assert Page(html).figures == []


@pytest.mark.parametrize(
    "text",
    [
        "> ```sepviz cost\n> in_channels: 4\n\nThe quote ends before the fence does.\n```",
        "```sepviz cost\nNo end",
        "~~~sepviz cost\n```",
        "`````sepviz cost\n````",
    ],
)
def test_unclosed_fence_stays_text(text):
    assert Page(convert(text)).figures == []


@pytest.mark.parametrize("setup", ["alone", "in superfences"])
def test_bad_figure_in_quote_raises_with_line_number(setup):
    text = dedent(
        """\
        > ```sepviz cost
        > in_channels: 4
        > ```
        >
        > - item
        >
        >     ```sepviz cost
        >     in_channels: 6400
        >     ```
        """
    )
    with pytest.raises(
        BadFigure, match=r"^line 7: sepviz cost: in_channels=6400: too large; it must be a whole number"
    ):
        convert(text, setup)
