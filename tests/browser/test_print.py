"""The page on paper: one light page of the layer in words, its address and its figures, without controls."""

import io
import re

import pytest
from PIL import Image
from pypdf import PdfReader
from sepviz.layer.spec import LayerSpec
from sepviz.web.wording import description

LAYERS = {
    "default": "",
    "many-channels": "in_channels=64&out_channels=128",
    "mobilenet": "in_channels=512&out_channels=1024&size=14",
    "multiplier": "in_channels=4&depth_multiplier=2&out_channels=6&bias=true",
    "standard": "kind=standard",
    "standard-many-channels": "kind=standard&in_channels=24&out_channels=40",
    "spatial": "kind=spatially-separable&in_channels=20",
    "long-formulas": "in_channels=512&out_channels=1024&kernel_size=15&size=16&stride=2&dilation=2&depth_multiplier=8",
}
PAPERS = [(name, landscape) for name in ("A4", "Letter") for landscape in (False, True)]
CONTROLS = (
    "Upload",
    "Explore",
    "Gallery",
    "copy or download",
    "show more",
    "kernel size D",
    "All figures",
    "Show this layer",
)


def layer(query):
    return LayerSpec.parse(pair.split("=") for pair in query.split("&") if pair)


def pages(page, paper="A4", landscape=False):
    return PdfReader(io.BytesIO(page.pdf(format=paper, landscape=landscape, print_background=False))).pages


def squeezed(text):
    """Without spaces and line breaks, which a PDF has as its lines fall."""
    return re.sub(r"\s", "", text)


def check_one_page(page, server, query):
    for paper, landscape in PAPERS:
        (sheet,) = pages(page, paper, landscape)
        text = squeezed(sheet.extract_text())
        assert squeezed(f"{server}/?{layer(query).query()}") in text, (paper, landscape)
        assert squeezed(description(layer(query))) in text
        assert squeezed("One MAC is one multiply and one add") in text
        assert not [word for word in CONTROLS if squeezed(word) in text]


@pytest.mark.parametrize("query", LAYERS.values(), ids=LAYERS)
def test_layer_is_printed_on_one_page(visit, server, query):
    check_one_page(visit(f"/?{query}", allow="Failed to load resource.* 422"), server, query)


@pytest.mark.parametrize("query", LAYERS.values(), ids=LAYERS)
def test_layer_is_printed_on_one_page_without_javascript(visit, server, query):
    check_one_page(visit(f"/?{query}", java_script_enabled=False), server, query)


def test_print_shows_the_newest_layer(visit, server, painted):
    page = visit("/?kind=standard")
    page.locator("#out_channels-number").fill("5")
    painted(page, out_channels=5)
    check_one_page(page, server, "kind=standard&out_channels=5")


@pytest.mark.parametrize("query", [LAYERS["default"], LAYERS["standard"]], ids=["default", "standard"])
def test_dark_theme_prints_as_the_light_one(visit, query):
    """Whether it was chosen by hand or by the system, and pixel by pixel."""
    (light,), (dark,) = ([*pages(visit(f"/?{query}", color_scheme=scheme))] for scheme in ("light", "dark"))
    assert dark.get_contents().get_data() == light.get_contents().get_data()
    assert [each.data for each in dark.images] == [each.data for each in light.images]
    assert len(light.images) > 10


def test_dark_theme_prints_the_gallery_as_the_light_one(visit):
    light, dark = (pages(visit("/gallery", wait=False, color_scheme=scheme)) for scheme in ("light", "dark"))
    assert [each.get_contents().get_data() for each in dark] == [each.get_contents().get_data() for each in light]


CANVASES = "() => [...document.querySelectorAll('#strip canvas')].map((each) => each.toDataURL())"
SCROLLED = "() => [...document.querySelectorAll('#strip .scroll')].map((each) => each.scrollTop)"


def test_screen_is_as_before_after_printing(visit):
    page = visit(f"/?{LAYERS['many-channels']}", color_scheme="dark")
    page.locator("#strip .scroll").last.evaluate("(box) => { box.scrollTop = 150 }")
    before = page.evaluate(CANVASES), page.evaluate(SCROLLED)
    pages(page)
    assert (page.evaluate(CANVASES), page.evaluate(SCROLLED)) == before


@pytest.mark.parametrize("query", [LAYERS["default"], LAYERS["standard"]], ids=["default", "standard"])
def test_print_preview_has_white_paper_and_coloured_matrix(visit, query):
    page = visit(f"/?{query}", color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    paper = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(255, 255, 255)"
    shot = page.locator("[data-column=weights] .weights").first.screenshot()
    pixels = Image.open(io.BytesIO(shot)).convert("RGB")
    assert len(pixels.getcolors(1 << 20)) > 2


@pytest.mark.parametrize("path", ["/gallery", "/use/diagrams/separable", "/use/feature-maps/pointwise"])
def test_other_pages_are_printed_without_buttons(visit, path):
    text = squeezed(" ".join(sheet.extract_text() for sheet in pages(visit(path, wait=False, color_scheme="dark"))))
    assert squeezed("Address of") not in text
    assert not [word for word in ("copy", "Explore", "usethis") if word in text]
