"""Figures in sites that Sphinx, MyST and MkDocs build."""

import base64
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from textwrap import dedent

import pytest
from defusedxml import ElementTree
from markdown import Markdown
from mkdocs.commands.build import build
from mkdocs.config import load_config
from pypdf import PdfReader
from sepviz.extensions.markdown import BadFigure, SepvizExtension
from sepviz.figures import draw
from sepviz.figures.options import Options
from sepviz.layer.spec import LayerSpec

ROOT = Path(__file__).parents[2]
CONF = """\
project = "P"
version = release = "1"
extensions = ["sepviz.extensions.sphinx", "myst_parser"]
html_theme = "basic"
"""
LAYER = LayerSpec(in_channels=64, out_channels=128, bias=True)
SVG = draw("separable", LAYER, Options("dark", 700))
RST = """\
    Page
    ====

    .. sepviz:: separable
       :in_channels: 64
       :out_channels: 128
       :bias:
       :theme: dark
       :width: 700
       :caption: The *two* stages.
       :align: center
       :class: wide
       :name: two-stages
    """
MYST = """\
    # Page

    ```{sepviz} separable
    :in_channels: 64
    :out_channels: 128
    :bias: true
    :theme: dark
    :width: 700
    :alt: "Two stages & <more>"
    ```
    """
FENCE = """\
    # Page

    ```sepviz separable
    in_channels: 64
    out_channels: 128
    bias: true

    theme: dark
    width: 700
    caption: Two <stages>
    ```
    """


class Images(HTMLParser):
    """The attributes of every img of a page."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag == "img":
            self.found.append(dict(attributes))


def run(*command, cwd):
    return subprocess.run(
        [sys.executable, "-m", *map(str, command)], cwd=cwd, capture_output=True, text=True, check=False
    )


def build_sphinx(folder, pages, builder="html", out="out", options=("-W", "-n"), conf=CONF):
    (folder / "conf.py").write_text(conf)
    for name, text in pages.items():
        (folder / name).write_text(dedent(text))
    return run("sphinx", "-q", *options, "-b", builder, "-d", f"doctrees-{out}", ".", out, cwd=folder)


def assert_quiet_success(process):
    assert (process.returncode, process.stderr) == (0, "")


def title_and_description(svg):
    root = ElementTree.fromstring(svg)
    return [root.findtext(f"{{http://www.w3.org/2000/svg}}{each}") for each in ("title", "desc")]


@pytest.mark.parametrize(("name", "text"), [("index.rst", RST), ("index.md", MYST)])
def test_sphinx_html_has_reproducible_svg_file_with_alt_text(tmp_path, name, text):
    for out in ("out", "again"):
        assert_quiet_success(build_sphinx(tmp_path, {name: text}, out=out))
    (image,) = Images((tmp_path / "out/index.html").read_text()).found
    picture = tmp_path / "out" / image["src"]
    assert picture.read_bytes() == SVG.encode()
    ElementTree.fromstring(picture.read_text())
    assert picture.read_bytes() == (tmp_path / "again" / image["src"]).read_bytes()
    title, description = title_and_description(SVG)
    if name == "index.md":
        assert image["alt"] == "Two stages & <more>"
    else:
        assert image["alt"].startswith(f"{title}. ")
        assert description.rstrip(".") in image["alt"]


def test_caption_alignment_class_and_name_work_as_in_docutils_figure(tmp_path):
    page = dedent(RST) + "\nAs :ref:`two-stages` shows.\n"
    assert_quiet_success(build_sphinx(tmp_path, {"index.rst": page}))
    html = (tmp_path / "out/index.html").read_text()
    assert re.search(r'<figure class="[^"]*align-center[^"]*wide|<figure class="[^"]*wide[^"]*align-center', html)
    assert "The <em>two</em> stages." in html
    assert 'id="two-stages"' in html
    assert 'href="#two-stages"' in html


def test_latex_build_includes_reproducible_pdf_of_given_width(tmp_path):
    for out in ("out", "again"):
        assert_quiet_success(build_sphinx(tmp_path, {"index.rst": RST}, "latex", out))
    (tex,) = (tmp_path / "out").glob("*.tex")
    base, ending = re.search(
        r"\\sphinxincludegraphics(?:\[[^]]*\])?\{\{(sepviz-separable-\w+)\}(\.pdf)\}", tex.read_text()
    ).groups()
    (page,) = PdfReader(tmp_path / "out" / (base + ending)).pages
    assert float(page.mediabox.width) == pytest.approx(700 * 0.75, abs=0.01)
    assert (tmp_path / "out" / (base + ending)).read_bytes() == (tmp_path / "again" / (base + ending)).read_bytes()


@pytest.mark.parametrize(("builder", "page"), [("text", "index.txt"), ("man", "p.1"), ("dirhtml", "index.html")])
def test_other_builders_output_contains_figure_title(tmp_path, builder, page):
    assert_quiet_success(build_sphinx(tmp_path, {"index.rst": RST}, builder))
    assert title_and_description(SVG)[0] in (tmp_path / "out" / page).read_text()


def test_parallel_and_incremental_builds_have_figure_of_each_page(tmp_path):
    pages = {
        f"page{number}.rst": f"Page\n====\n\n.. sepviz:: cost\n   :in_channels: {number + 1}\n" for number in range(8)
    }
    index = "Index\n=====\n\n.. toctree::\n\n" + "".join(f"   {name[:-4]}\n" for name in pages)
    parallel = ("-W", "-j", "2")
    assert_quiet_success(build_sphinx(tmp_path, {"index.rst": index, **pages}, options=parallel))
    assert_quiet_success(
        build_sphinx(tmp_path, {"page3.rst": pages["page3.rst"].replace("4", "400")}, options=parallel)
    )
    for number in range(8):
        (image,) = Images((tmp_path / f"out/page{number}.html").read_text()).found
        wanted = draw("cost", LayerSpec(in_channels=400 if number == 3 else number + 1))
        assert (tmp_path / "out" / image["src"]).read_text() == wanted


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            ".. sepviz:: separable\n   :kernel_size: 99",
            "sepviz separable: kernel_size=99: too large; it must be a whole",
        ),
        (".. sepviz:: separated", "there is no figure named separated; there are: separable, depthwise"),
        (".. sepviz:: separable\n   :kernels: 3", 'unknown option: "kernels"'),
        (".. sepviz::", "1 argument(s) required, 0 supplied"),
        (
            ".. sepviz:: cost\n   :size: 8\n   :kernel_size: 9\n   :padding: valid",
            "what would fit: kernel_size up to 8",
        ),
    ],
)
def test_bad_directive_fails_build_with_page_and_line(tmp_path, lines, message):
    built = build_sphinx(tmp_path, {"index.rst": f"Page\n====\n\n{lines}\n"})
    assert built.returncode != 0
    line = next(each for each in built.stderr.splitlines() if message in each or "index.rst" in each)
    assert "index.rst:4: ERROR: " in line
    assert message in built.stderr
    assert "Traceback" not in built.stderr
    if not message.startswith(("unknown", "1 argument")):  # those are docutils' own
        (only,) = built.stderr.splitlines()
        assert message in only


def test_bad_myst_directive_fails_build_with_page(tmp_path):
    built = build_sphinx(tmp_path, {"index.md": MYST.replace("700", "7")})
    assert built.returncode != 0
    assert re.search(
        r"index\.md:3: .*sepviz separable: width=7: too small; it must be a whole number from 64", built.stderr
    )
    assert len(built.stderr.splitlines()) == 1


def test_latex_build_without_cairo_names_page_and_missing_extra(tmp_path):
    without = f"import sys\nsys.modules['cairosvg'] = None\n{CONF}"
    assert_quiet_success(build_sphinx(tmp_path, {"index.rst": RST}, out="html", conf=without))
    built = build_sphinx(tmp_path, {"index.rst": RST}, "latex", conf=without)
    assert built.returncode != 0
    assert re.search(r"index\.rst:4: WARNING: sepviz separable: PNG and PDF need .*sepviz\[export\]", built.stderr)


def test_own_docs_build_with_figures_of_their_text(tmp_path):
    built = run("sphinx", "-q", "-W", "-n", "-d", tmp_path / "doctrees", "docs", tmp_path / "out", cwd=ROOT)
    assert_quiet_success(built)
    drawn = {each: Images((tmp_path / f"out/{each}.html").read_text()).found for each in ("index", "sphinx", "mkdocs")}
    layer = {"in_channels": 64, "out_channels": 128}
    wanted = {
        "index": draw("separable", LayerSpec()),
        "sphinx": draw("comparison", LayerSpec(**layer, size=112)),
        "mkdocs": draw("cost", LayerSpec(**layer, kernel_size=5)),
    }
    for page, svg in wanted.items():
        (image,) = drawn[page]
        assert (tmp_path / "out" / image["src"]).read_text() == svg


SITE = "site_name: P\ntheme: mkdocs\nuse_directory_urls: false\nmarkdown_extensions:\n"
SUPERFENCES = """\
  - pymdownx.superfences:
      custom_fences:
        - name: sepviz
          class: sepviz
          validator: !!python/name:sepviz.extensions.markdown.named
          format: !!python/name:sepviz.extensions.markdown.fence
"""


def build_mkdocs(folder, extensions, text, out="out", options=("--strict",)):
    (folder / "docs").mkdir(exist_ok=True)
    (folder / "mkdocs.yml").write_text(SITE + extensions)
    (folder / "docs/index.md").write_text(dedent(text))
    return run("mkdocs", "build", "-q", *options, "-d", out, cwd=folder)


def embedded_figures(html):
    images = [each for each in Images(html).found if each.get("class") == "sepviz"]
    sources = [each["src"].removeprefix("data:image/svg+xml;base64,") for each in images]
    return [base64.b64decode(source, validate=True).decode() for source in sources]


@pytest.mark.parametrize(
    "extensions",
    ["  - sepviz\n", "  - sepviz.extensions.markdown\n", SUPERFENCES, "  - sepviz\n  - pymdownx.superfences\n"],
)
def test_mkdocs_page_embeds_reproducible_figure_with_caption(tmp_path, extensions):
    for out in ("out", "again"):
        assert_quiet_success(build_mkdocs(tmp_path, extensions, FENCE, out))
    html = (tmp_path / "out/index.html").read_text()
    assert embedded_figures(html) == embedded_figures((tmp_path / "again/index.html").read_text()) == [SVG]
    assert "<figcaption>Two &lt;stages&gt;</figcaption>" in html
    assert "in_channels" not in html


@pytest.mark.parametrize("extensions", ["  - sepviz\n", SUPERFENCES, "  - sepviz\n  - pymdownx.superfences\n"])
@pytest.mark.parametrize("options", [(), ("--strict",)])
@pytest.mark.parametrize(("before", "line"), [("", 3), ("---\ntitle: Page\ntags:\n  - a\n---\n\n\n", 10)])
def test_bad_parameter_fails_mkdocs_with_one_line_of_page_and_line_number(tmp_path, extensions, options, before, line):
    text = before + dedent(FENCE).replace("64", "6400")
    built = build_mkdocs(tmp_path, extensions, text, options=options)
    assert built.returncode == 1
    assert built.stdout == ""
    assert built.stderr == (
        f"ERROR   -  Error reading page 'index.md': line {line}: sepviz separable: "
        "in_channels=6400: too large; it must be a whole number from 1 to 4096\n"
    )


@pytest.mark.parametrize("extensions", ["  - sepviz\n", SUPERFENCES])
@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["size: 8", "kernel_size: 9", "padding: valid"], "what would fit: "),
        (["steps: 2", "stride: 9", "title: \ud83d"], "steps=2: no such parameter; known are kind"),
        (["stride 2"], "'stride 2' is not of the form parameter: value"),
    ],
)
def test_bad_fence_in_quote_fails_mkdocs_with_one_line(tmp_path, extensions, lines, message):
    text = "\n".join(["> Words", ">", "> ```sepviz separable", *(f"> {line}" for line in lines), "> ```", ""])
    built = build_mkdocs(tmp_path, extensions, text.encode(errors="replace").decode())
    assert built.returncode == 1
    (line,) = built.stderr.splitlines()
    assert line.startswith("ERROR   -  Error reading page 'index.md': line 3: sepviz separable: ")
    assert message in line


def test_bad_figure_in_mkdocs_raises_system_exit(tmp_path):
    # While serving, MkDocs prints the message of a SystemExit and the traceback of any other error.
    (tmp_path / "docs").mkdir()
    (tmp_path / "mkdocs.yml").write_text(f"{SITE}  - sepviz\n")
    (tmp_path / "docs/index.md").write_text(dedent(FENCE).replace("64", "6400"))
    with pytest.raises(BadFigure, match=r"^line 3: sepviz separable") as caught:
        build(load_config(str(tmp_path / "mkdocs.yml"), site_dir=str(tmp_path / "out")))
    assert isinstance(caught.value, SystemExit)


def convert_markdown(text):
    return Markdown(extensions=[SepvizExtension(), "fenced_code"]).convert(dedent(text))


def test_fences_in_list_and_in_sequence_become_figures():
    html = convert_markdown(
        """\
        - first

            ~~~sepviz cost
            in_channels: 4
            ~~~

        - second

        ```` sepviz depthwise
        ````
        ```sepviz pointwise
        alt: Words & "more"
        ```
        """
    )
    layer = LayerSpec(in_channels=4)
    assert embedded_figures(html) == [
        draw("cost", layer),
        draw("depthwise", LayerSpec()),
        draw("pointwise", LayerSpec()),
    ]
    assert html.index("<li>") < html.index("data:") < html.index("</li>")
    assert Images(html).found[2]["alt"] == 'Words & "more"'


def test_fence_inside_another_fence_stays_text():
    html = convert_markdown(
        "````markdown\n```sepviz separable\nin_channels: 64\n```\n````\n\n```python\nsepviz = 1\n```\n"
    )
    assert embedded_figures(html) == []
    assert "```sepviz separable" in html
    assert "sepviz = 1" in html


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "\n\n```sepviz separable\nstride: 99\n```",
            "line 3: sepviz separable: stride=99: too large; it must be a whole number",
        ),
        ("```sepviz separable\nstride 2\n```", "line 1: sepviz separable: 'stride 2' is not of the form"),
        ("```sepviz separable\nstride: 2\nstride: 2\n```", "stride=2: given more than once; give it once"),
        ("```sepviz separable\nsteps: 2\n```", "steps=2: no such parameter; known are kind, in_channels"),
        ("```sepviz\n```", "there is no figure named ; there are: separable"),
    ],
)
def test_bad_fence_raises_with_line_number(text, message):
    with pytest.raises(BadFigure) as caught:
        convert_markdown(text)
    assert message in str(caught.value)


MAPS = "# Page\n\n```sepviz separable\nsize: 8\nmaps: true\n```\n"
BUILD = "import sys{}; from markdown import Markdown; print(Markdown(extensions=['sepviz']).convert(sys.argv[1]))"


def test_fence_with_maps_has_them_and_without_torch_says_what_is_missing():
    built = subprocess.run([sys.executable, "-c", BUILD.format(""), MAPS], capture_output=True, text=True, check=True)
    svg = base64.b64decode(re.search('base64,([^"]*)"', built.stdout)[1]).decode()
    assert svg.count("data:image/png;base64,") > 14
    missing = BUILD.format("; sys.modules['torch'] = None")
    refused = subprocess.run([sys.executable, "-c", missing, MAPS], capture_output=True, text=True, check=False)
    assert "line 3: sepviz separable: maps=true needs PyTorch, which is not installed" in refused.stderr


def test_sphinx_page_has_a_figure_with_maps(tmp_path):
    page = "Page\n====\n\n.. sepviz:: separable\n   :size: 8\n   :maps:\n"
    assert_quiet_success(build_sphinx(tmp_path, {"index.rst": page}))
    (image,) = Images((tmp_path / "out/index.html").read_text()).found
    assert (tmp_path / "out" / image["src"]).read_text().count("data:image/png;base64,") > 14
