"""What a docs author or a teacher takes away: snippets, downloads, frames, oEmbed, the gallery."""

import io
import json
import re
import shlex
import subprocess
import sys
import urllib.error
import urllib.request
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlencode, urlsplit

import markdown
import numpy as np
import pytest
import safetensors.numpy
from axe_playwright_python.sync_playwright import Axe
from docutils import nodes
from docutils.core import publish_doctree
from hypothesis import given
from PIL import Image
from playwright.sync_api import expect
from pypdf import PdfReader
from sepviz.figures import NAMES
from sepviz.layer.spec import LayerSpec
from sepviz.web.routes.embed import HIDEABLE, LOCKABLE
from sepviz.web.routes.gallery import EXAMPLES, PURPOSES

from tests.support.layers import layers

LANGUAGES = ["Address", "Markdown", "HTML", "reStructuredText", "MyST", "LaTeX", "iframe"]
WITH_MAPS = [f"With the real maps: {language}" for language in ("Address", "Markdown", "HTML", "LaTeX")]
LAYER = "in_channels=5&out_channels=7&kernel_size=5&weights=random"


def get(address):
    """(status, headers, body), whatever the status."""
    try:
        with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310  (the address is ours)
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


class Tags(HTMLParser):
    """The tags of a snippet and their attributes, as a browser reads them."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def of(self, name):
        return next(attributes for tag, attributes in self.found if tag == name)


def opened(visit, part="diagram", query=LAYER, **context):
    """A page with the dialog of a figure open, and its snippets by language."""
    page = visit(f"/?{query}", **context)
    page.locator(f'[data-part="use-{part}"] a').click()
    expect(page.locator("#use")).to_be_visible()
    texts = page.locator("#use pre").all_text_contents()
    return page, dict(zip(page.locator("#use .snippet h2").all_text_contents(), texts, strict=True))


@given(layers())
def test_short_address_has_the_same_layer(spec):
    short = spec.non_default()
    assert LayerSpec.parse(short.items()) == spec
    assert all(LayerSpec.parse({**short, name: value}.items()) == spec for name, value in spec.parameters().items())


@pytest.mark.parametrize("part", ["diagram", "maps", "cost"])
def test_every_figure_of_the_page_has_snippets(visit, server, part):
    page, found = opened(visit, part)
    assert list(found) == LANGUAGES + (WITH_MAPS if part == "diagram" else [])
    wanted = {
        "diagram": "/diagrams/separable.svg",
        "maps": "/feature-maps/pointwise.png",
        "cost": "/diagrams/cost.svg",
    }[part]
    address = urlsplit(found["Address"])
    assert f"{address.scheme}://{address.netloc}" == server
    assert address.path == wanted
    status, headers, body = get(found["Address"])
    assert status == 200
    if part == "maps":
        assert headers["content-type"] == "image/png"
        assert Image.open(io.BytesIO(body)).size[0] > 100
    else:
        assert headers["content-type"] == "image/svg+xml"
        assert ET.fromstring(body).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314  (ours)
    if part == "diagram":
        status, _, mapped = get(found[WITH_MAPS[0]])
        assert (status, b"data:image/png;base64," in mapped) == (200, True)
    page.keyboard.press("Escape")
    expect(page.locator("#use")).to_be_hidden()


@pytest.mark.parametrize("part", ["diagram", "maps"])
def test_snippets_name_the_same_layer_in_every_language(visit, server, part):
    _, found = opened(visit, part)
    address = found["Address"]
    page = f"{server}/?{LAYER if part == 'maps' else LAYER.removesuffix('&weights=random')}"

    rendered = Tags(markdown.markdown(found["Markdown"]))
    assert rendered.of("img")["src"] == address
    assert rendered.of("a")["href"] == page

    (image,) = publish_doctree(found["reStructuredText"]).findall(nodes.image)
    assert image["uri"] == address
    assert image["alt"] == rendered.of("img")["alt"]
    (reference,) = publish_doctree(found["reStructuredText"]).findall(nodes.reference)
    assert reference["refuri"] == page

    myst = found["MyST"].splitlines()
    assert myst[0] == f"```{{image}} {address}"
    assert myst[1:] == [f":alt: {image['alt']}", f":target: {page}", "```"]

    html = Tags(found["HTML"])
    assert html.of("a")["href"] == page
    dark, light = html.of("source"), html.of("img")
    assert dark["media"] == "(prefers-color-scheme: dark)"
    assert light["alt"] == image["alt"]
    pictures = [get(each) for each in (dark["srcset"], light["src"])]
    assert [status for status, _, _ in pictures] == [200, 200]
    assert pictures[0][2] != pictures[1][2]
    if part == "diagram":
        paper = [re.search(rb'<rect [^>]*fill="(#[0-9a-f]{6})"', body)[1] for _, _, body in pictures]
        assert paper == [b"#14181b", b"#fcfcfa"]

    frame = Tags(found["iframe"]).of("iframe")
    assert urlsplit(frame["src"])._replace(path="/").geturl() == page
    assert get(frame["src"])[0] == 200


@pytest.mark.parametrize(("part", "words"), [("diagram", "pointwise"), ("maps", None)])
def test_latex_snippet_compiles(visit, tmp_path, part, words):
    _, found = opened(visit, part)
    told, needed, drawn = found["LaTeX"].splitlines()
    command = shlex.split(told.removeprefix("% "))
    assert command.pop(0) == "sepviz"
    run = [sys.executable, "-c", "from sepviz.cli import main; main()", *command]
    subprocess.run(run, cwd=tmp_path, check=True, timeout=120)
    preamble = f"\\documentclass{{article}}\n{needed.removeprefix('% ')}\n"
    (tmp_path / "paper.tex").write_text(f"{preamble}\\begin{{document}}\n{drawn}\n\\end{{document}}\n")
    latex = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    subprocess.run(latex, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    (paper,) = PdfReader(tmp_path / "paper.pdf").pages
    if words:  # lines stay lines, and words can be searched
        assert words in paper.extract_text().lower()
    else:
        assert paper.images[0].image.width > 500


def test_downloads_have_the_types_of_their_names(visit):
    page, _ = opened(visit, "diagram")
    links = page.locator("#use .downloads a")
    found = {each.inner_text(): page.request.get(each.get_attribute("href")) for each in links.all()}
    assert all(answer.ok for answer in found.values())
    svg = ET.fromstring(found["SVG"].body())  # noqa: S314  (ours)
    png = Image.open(io.BytesIO(found["PNG, twice the size"].body()))
    assert abs(png.width - 2 * float(svg.get("width"))) <= 2
    assert found["PDF"].body().startswith(b"%PDF")
    tensors = safetensors.numpy.load(found["tensors as safetensors"].body())
    arrays = np.load(io.BytesIO(found["tensors as NPZ"].body()))
    assert tensors.keys() == set(arrays.files)
    assert tensors["pointwise.weight"].shape == (7, 5, 1, 1)
    assert (tensors["depthwise"] == arrays["depthwise"]).all()
    assert found["costs as CSV"].headers["content-type"].startswith("text/csv")
    with page.expect_download() as download:
        links.first.click()
    assert download.value.suggested_filename == "separable.svg"


def test_dialog_links_every_other_figure(visit):
    page, _ = opened(visit)
    for name in (*NAMES, "input", "depthwise", "pointwise"):
        assert page.locator("#use .choices").get_by_role("link", name=name, exact=True).count() >= 1
    page.locator("#use .choices").get_by_role("link", name="comparison").click()
    expect(page.locator("#use pre").first).to_contain_text("/diagrams/comparison.svg")
    expect(page.locator("#use")).to_be_visible()


def test_dialog_has_the_snippets_of_the_changed_layer(visit, painted):
    page = visit()
    page.locator("#kernel_size-number").fill("9")
    painted(page, kernel_size=9)
    page.locator('[data-part="use-diagram"] a').click()
    expect(page.locator("#use pre").first).to_contain_text("kernel_size=9")


def test_copy_button_copies_the_snippet(visit):
    page, found = opened(visit)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    for language in LANGUAGES:
        page.get_by_role("button", name=f"copy {language}").click()
        expect(page.get_by_role("button", name=f"copy {language}")).to_have_attribute("data-state", "copied")
        assert page.evaluate("navigator.clipboard.readText()") == found[language]
    expect(page.locator("#announcer")).to_have_text("copied")


def test_keyboard_copies_the_snippet(visit):
    page = visit(f"/?{LAYER}")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator('[data-part="use-diagram"] a').focus()
    page.keyboard.press("Enter")
    expect(page.locator("#use")).to_be_visible()
    button = page.get_by_role("button", name="copy Markdown")
    for _ in range(60):
        if button.evaluate("(button) => button === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("data-state", "copied")
    assert page.evaluate("navigator.clipboard.readText()").startswith("[![")


def test_snippet_is_selected_where_the_clipboard_is_forbidden(visit):
    page, found = opened(visit)
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.get_by_role("button", name="copy Markdown").click()
    expect(page.locator("#announcer")).to_contain_text("selected")
    assert page.evaluate("getSelection().toString()").strip() == found["Markdown"]


def test_snippets_without_javascript_have_a_page(visit):
    page = visit(f"/?{LAYER}", java_script_enabled=False)
    page.locator('[data-part="use-diagram"] a').click()
    expect(page.locator("h1")).to_have_text("A depthwise separable convolution: to paste or download")
    expect(page.locator("pre")).to_have_count(len(LANGUAGES) + len(WITH_MAPS))
    expect(page.locator("[data-copy]").first).to_be_hidden()


def test_snippets_of_an_upload_say_that_it_expires(server):
    upload = f"input=upload-{'0' * 32}"
    _, _, body = get(f"{server}/use/feature-maps/input?{upload}")
    assert "30 minutes" in body.decode()
    assert "--image picture.jpg" in body.decode()
    assert "30 minutes" not in get(f"{server}/use/feature-maps/input")[2].decode()


@pytest.mark.parametrize("path", ["/use/diagrams/nothing", "/use/feature-maps/vertical"])
def test_snippets_of_an_unknown_figure_are_not_found(server, path):
    status, headers, _ = get(f"{server}{path}")
    assert status == 404
    assert headers["content-type"] == "application/problem+json"


@pytest.fixture
def outside(browser):
    """Pages of another site, with what is given inside."""
    inside = {}

    class Site(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(inside.get(self.path, "").encode())

        def log_message(self, *_):
            pass

    site = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    Thread(target=site.serve_forever, daemon=True).start()
    context = browser.new_context()

    def shown(html):
        path = f"/{len(inside)}"
        inside[path] = html
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{site.server_port}{path}")
        return page

    yield shown
    context.close()
    site.shutdown()
    site.server_close()


def test_other_sites_may_frame_the_embedded_page_alone(outside, server, visit):
    _, found = opened(visit)
    page = outside(found["iframe"])
    inside = page.frame_locator("iframe")
    expect(inside.locator("#strip button.map").first).to_be_visible()
    steps = page.evaluate("history.length")
    inside.locator("input[type=range][name=kernel_size]").fill("9")
    expect(inside.locator(".diagram svg")).to_contain_text("9 × 9")
    assert page.evaluate("history.length") == steps
    with_page = outside(found["iframe"].replace("/embed", "/"))
    expect(with_page.frame_locator("iframe").locator("#strip")).to_have_count(0)
    for path in ("/", "/gallery", "/use/diagrams/cost"):
        assert "frame-ancestors 'self'" in get(f"{server}{path}")[1]["content-security-policy"]


def test_locked_and_hidden_parameters_cannot_be_changed(visit, painted):
    page = visit(
        "/embed?kernel_size=5&lock=kernel_size,input,weights,bias&hide=in_channels,seed,stride,link&theme=dark"
    )
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    for control in page.locator("#controls [data-locked] :is(input:not([type=hidden]), select)").all():
        assert control.is_disabled()
    expect(page.locator("#kernel_size-number")).to_be_visible()
    expect(page.locator("#kernel_size-number")).to_be_disabled()
    expect(page.locator("input[type=range][name=kernel_size]")).to_be_hidden()
    expect(page.locator("#in_channels-number")).to_have_count(0)
    expect(page.locator("#seed")).to_have_count(0)
    expect(page.locator("#upload")).to_have_count(0)
    expect(page.get_by_role("link", name="Open in Sepviz")).to_be_hidden()
    page.locator("#out_channels-number").fill("12")
    painted(page, out_channels=12, kernel_size=5)
    kept = parse_qs(urlsplit(page.url).query)
    assert urlsplit(page.url).path == "/embed"
    assert kept["lock"] == ["kernel_size,input,weights,bias"]
    assert kept["hide"] == ["in_channels,seed,stride,link"]
    page.reload()
    painted(page, out_channels=12, kernel_size=5)
    expect(page.locator("#kernel_size-number")).to_be_disabled()


@pytest.mark.parametrize(
    ("part", "selector"),
    [
        ("controls", "#controls"),
        ("diagram", ".diagram"),
        ("maps", "#strip"),
        ("legend", "#legend"),
        ("link", ".home"),
        ("kind", "[data-part=kinds]"),
        ("input", ".thumbs"),
    ],
)
def test_hidden_part_is_not_visible(visit, part, selector):
    expect(visit("/embed").locator(selector)).to_be_visible()
    expect(visit(f"/embed?hide={part}").locator(selector)).to_be_hidden()


def test_form_without_javascript_submits_locked_parameters(visit):
    page = visit("/embed?kernel_size=5&in_channels=4&lock=kernel_size&hide=in_channels", java_script_enabled=False)
    page.locator("#out_channels-number").fill("3")
    page.get_by_role("button", name="Show this layer").click()
    expect(page.locator("#out_channels-number")).to_have_value("3")
    sent = parse_qs(urlsplit(page.url).query)
    assert [sent[name] for name in ("kernel_size", "in_channels", "lock", "hide")] == [
        ["5"],
        ["4"],
        ["kernel_size"],
        ["in_channels"],
    ]
    expect(page.locator("#kernel_size-number")).to_be_disabled()
    page.get_by_role("link", name="Standard", exact=True).click()
    address = urlsplit(page.url)
    sent = parse_qs(address.query)
    assert address.path == "/embed"
    assert [sent[name] for name in ("kind", "kernel_size", "lock", "hide")] == [
        ["standard"],
        ["5"],
        ["kernel_size"],
        ["in_channels"],
    ]


@pytest.mark.parametrize(("name", "known"), [("lock", LOCKABLE), ("hide", HIDEABLE)])
def test_unknown_lock_or_hide_is_named(server, name, known):
    status, headers, body = get(f"{server}/embed?{name}=kernel_size,nonsense")
    assert status == 422
    assert headers["content-type"].startswith("text/html")
    refusal = next(line for line in body.decode().splitlines() if f"{name}=" in line and "nonsense" in line)
    assert all(each in refusal for each in known)
    assert get(f"{server}/embed?{name}={','.join(known)}")[0] == 200


def oembed(server, address, **parameters):
    status, headers, body = get(f"{server}/oembed?{urlencode({'url': address, **parameters})}")
    return status, headers["content-type"], json.loads(body)


def test_page_links_its_oembed(visit, server):
    page = visit(f"/?{LAYER}")
    link = page.locator('link[type="application/json+oembed"]').get_attribute("href")
    status, headers, body = get(link)
    told = json.loads(body)
    assert status == 200
    assert headers["content-type"] == "application/json"
    assert (told["version"], told["type"], told["provider_url"]) == ("1.0", "rich", f"{server}/")
    frame = Tags(told["html"]).of("iframe")
    assert (int(frame["width"]), int(frame["height"])) == (told["width"], told["height"])
    shown = visit(frame["src"].removeprefix(server)).evaluate("document.documentElement.dataset.painted")
    assert {**parse_qs(shown), **parse_qs(LAYER)} == parse_qs(shown)


@pytest.mark.parametrize("path", ["/", f"/embed?{LAYER}&lock=stride&hide=controls", "/diagrams/cost.svg"])
def test_oembed_keeps_to_maxwidth_and_maxheight(server, path):
    for room in ({"maxwidth": 300}, {"maxheight": 200}, {"maxwidth": 4000, "maxheight": 4000}):
        status, _, told = oembed(server, f"{server}{path}", format="json", **room)
        assert status == 200
        assert told["width"] <= room.get("maxwidth", 10_000)
        assert told["height"] <= room.get("maxheight", 10_000)


def test_oembed_of_a_figure_is_a_photo(server):
    address = f"{server}/diagrams/separable.svg?in_channels=4&theme=dark&title=Mine"
    for room in ({}, {"maxwidth": 500}):
        status, _, told = oembed(server, address, **room)
        assert status == 200
        assert told["type"] == "photo"
        svg = ET.fromstring(get(told["url"])[2])  # noqa: S314  (ours)
        assert abs(float(svg.get("width")) - told["width"]) < 1
        assert abs(float(svg.get("height")) - told["height"]) < 1
        assert "Mine" in svg.find("{http://www.w3.org/2000/svg}title").text
    assert told["width"] == 500
    embedded = oembed(server, f"{server}/embed?{LAYER}&lock=stride")[2]["html"]
    assert parse_qs(urlsplit(Tags(embedded).of("iframe")["src"]).query) == parse_qs(f"{LAYER}&lock=stride")


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("https://example.org/", 404),
        ("http://127.0.0.1:1/", 404),
        ("{server}.example.org/", 404),
        ("{server}@example.org/", 404),
        ("{server}/nothing", 404),
        ("{server}/diagrams/nothing.svg", 404),
        ("//example.org", 404),
        ("http://[", 404),
        ("{server}/?kernel_size=99", 422),
        ("{server}/embed?lock=nothing", 422),
        ("{server}/diagrams/cost.svg?theme=pink", 422),
    ],
)
def test_oembed_refuses_other_addresses(server, address, status):
    found, kind, told = oembed(server, address.format(server=server))
    assert (found, kind) == (status, "application/problem+json")
    assert told["detail"]


def test_oembed_requires_an_address_and_writes_only_json(server):
    assert oembed(server, f"{server}/", format="xml")[0] == 501
    assert oembed(server, f"{server}/", maxwidth="wide")[0] == 422
    assert get(f"{server}/oembed")[0] == 422


def test_gallery_has_every_figure_of_the_layer(visit, server):
    page = visit("/gallery?in_channels=6&out_channels=12", wait=False)
    assert page.locator("article h2").all_text_contents() == list(NAMES)
    assert all(PURPOSES.get(name) for name in NAMES)
    for picture in page.locator("article img").all():
        picture.scroll_into_view_if_needed()
        expect(picture).to_have_js_property("complete", True)
        assert picture.evaluate("(picture) => picture.naturalWidth") > 200
        assert picture.get_attribute("alt")
    for name, address in zip(NAMES, page.locator("article pre").all_text_contents(), strict=True):
        assert address.startswith(f"{server}/diagrams/{name}.svg?in_channels=6&out_channels=12")
        assert get(address)[1]["content-type"] == "image/svg+xml"
    expect(page.locator(".examples [aria-current]")).to_have_text("your layer")
    page.get_by_role("link", name="Explore").click()
    expect(page.locator("#in_channels-number")).to_have_value("6")


def test_gallery_marks_animated_figures(server):
    page = get(f"{server}/gallery")[2].decode()
    for name in NAMES:
        status, _, moving = get(f"{server}/diagrams/{name}.svg?animate=true")
        article = page.split(f'<h2 id="{name}">')[1].split("</article>")[0]
        assert ("animate=true" in article) == (status == 200)
        assert status != 200 or b"@keyframes" in moving or b"<animate" in moving


@pytest.mark.parametrize("words", EXAMPLES)
def test_gallery_examples_load_their_layers(visit, words):
    page = visit("/gallery", wait=False)
    page.get_by_role("navigation", name="Example layers").get_by_role("link", name=words, exact=True).click()
    expect(page.locator(".examples [aria-current]")).to_have_text(words)
    address = page.locator("article pre").first.inner_text()
    assert parse_qs(urlsplit(address).query) == {name: [value] for name, value in EXAMPLES[words].items()}


def test_gallery_copies_addresses_and_opens_the_dialog(visit):
    page = visit("/gallery", wait=False)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="copy the address of cost").click()
    expect(page.locator("#announcer")).to_have_text("copied")
    assert page.evaluate("navigator.clipboard.readText()").endswith("/diagrams/cost.svg")
    page.get_by_role("link", name="copy or download cost").click()
    expect(page.locator("#use h1")).to_contain_text("What a layer costs")


def test_gallery_has_the_chosen_theme(visit):
    seen = []
    for scheme in ("light", "dark"):
        page = visit("/gallery", wait=False, color_scheme=scheme)
        picture = page.locator("article img").first
        expect(picture).to_have_js_property("complete", True)
        seen.append(np.array(Image.open(io.BytesIO(picture.screenshot())).convert("L")).mean())
    assert seen[0] > 200
    assert seen[1] < 80


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path", ["/gallery", "/use/diagrams/separable", "/embed", "/embed?lock=kernel_size,input,weights"]
)
def test_axe_finds_nothing(visit, path, scheme):
    page = visit(path, wait=path.startswith("/embed"), color_scheme=scheme)
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_dialog(visit, scheme):
    page, _ = opened(visit, color_scheme=scheme)
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("path", ["/gallery", "/use/feature-maps/input", "/embed"])
def test_small_screen_scrolls_only_vertically(visit, path):
    page = visit(path, wait=path == "/embed", viewport={"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
