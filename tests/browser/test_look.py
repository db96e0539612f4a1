"""The colours and ranges of maps: in the address, kept, handed on, and refused where there are none such."""

import io
import re
import urllib.error
import urllib.request
from html.parser import HTMLParser
from itertools import product
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from sepviz.layer.spec import properties
from sepviz.tensors.encoders.colormaps import table
from sepviz.web.queries import PageQuery
from sepviz.web.rendering import COLORMAP_NAMES, SCALE_NAMES

REFUSED = r"Failed to load resource.* status of 4\d\d"
DEFAULT = {"colormap": "diverging", "scale": "channel"}
LOOKS = [dict(zip(DEFAULT, values, strict=True)) for values in product(COLORMAP_NAMES, SCALE_NAMES)]
LAYER = "in_channels=4&out_channels=6&size=32"


def in_address(look):
    """What an address has of it: the default is left out."""
    return {name: value for name, value in look.items() if value != DEFAULT[name]}


def look_of(address):
    """The part of an address that says how maps look."""
    parameters = parse_qs(urlsplit(address).query)
    return {name: parameters[name][0] for name in DEFAULT if name in parameters}


def query(look):
    return "".join(f"&{name}={value}" for name, value in in_address(look).items())


def chosen(page):
    return {name: page.locator(f"select[name={name}]").input_value() for name in DEFAULT}


def choose(page, look):
    for name, value in look.items():
        page.locator(f"select[name={name}]").select_option(value)


def canvas(page, at=0):
    return page.locator('[data-column="output"] canvas').nth(at).evaluate("(canvas) => canvas.toDataURL()")


def get(address):
    """(status, text), whatever the status."""
    try:
        with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310  (the address is ours)
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


class Links(HTMLParser):
    """The addresses that an HTML page leads to."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "a":
            self.found.append(dict(attrs)["href"])


def test_options_of_the_look_are_those_of_the_query():
    schema = properties(PageQuery)
    for name, names in (("colormap", COLORMAP_NAMES), ("scale", SCALE_NAMES)):
        assert list(names) == schema[name]["enum"]
        assert next(iter(names)) == schema[name]["default"] == DEFAULT[name]


def test_look_is_in_the_address_and_survives_reload_and_back(visit, painted):
    page = visit(f"/?{LAYER}")
    seen = {}
    for look in LOOKS[1:]:
        choose(page, look)
        assert look_of(page.url) == in_address(look)
        seen[page.url] = canvas(page, 1)
    page.reload()
    painted(page, in_channels=4)
    assert chosen(page) == LOOKS[-1]
    assert canvas(page, 1) == seen[page.url]
    requests = []
    page.on("request", lambda request: request.url.endswith("/favicon.svg") or requests.append(request.url))
    page.go_back()
    assert chosen(page) == DEFAULT | look_of(page.url) != LOOKS[-1]
    page.go_forward()
    assert chosen(page) == LOOKS[-1]
    assert canvas(page, 1) == seen[page.url]
    assert requests == []


def test_back_restores_layers_and_looks(visit, painted):
    page = visit()
    choose(page, {"colormap": "viridis"})
    page.locator("#kernel_size-number").fill("5")
    painted(page, kernel_size=5)
    choose(page, {"scale": "stage"})
    for look, size in (({"colormap": "viridis"}, 5), ({"colormap": "viridis"}, 3), ({}, 3)):
        page.go_back()
        painted(page, kernel_size=size)
        assert chosen(page) == DEFAULT | look == DEFAULT | look_of(page.url)
    for look, size in (({"colormap": "viridis"}, 3), ({"colormap": "viridis"}, 5)):
        page.go_forward()
        painted(page, kernel_size=size)
        assert chosen(page) == DEFAULT | look


def test_back_after_a_reload_shows_the_first_layer(visit, painted):
    page = visit()
    page.locator("#kernel_size-number").fill("5")
    painted(page, kernel_size=5)
    page.reload()
    painted(page, kernel_size=5)
    page.go_back()
    painted(page, kernel_size=3)


@pytest.mark.parametrize("look", LOOKS[::3], ids=query)
def test_look_of_the_address_is_shown_and_in_all_links(visit, server, look):
    page = visit(f"/?{LAYER}{query(look)}")
    assert chosen(page) == look
    other = visit(f"/?{LAYER}")
    choose(other, look)
    assert canvas(page) == canvas(other)
    for shown in (page, other):
        links = shown.locator("a[href*='size=32']").evaluate_all("(links) => links.map((link) => link.href)")
        assert len(links) > 5
        for link in links:
            assert look_of(link) == ({} if "/api/" in link else in_address(look)), link
            status, body = get(link)
            assert status == 200, link
            if any(path in link for path in ("/gallery", "/use/")):
                page_links = [each for each in Links(body.decode()).found if each.startswith("/?")]
                assert page_links
                assert all(look_of(each) == in_address(look) for each in page_links)


@pytest.mark.parametrize("look", LOOKS[::3], ids=query)
def test_snippets_of_maps_have_the_look_that_is_shown(visit, look):
    page = visit(f"/?{LAYER}")
    choose(page, look)
    page.locator('[data-part="use-maps"] a').click()
    expect(page.locator("#use")).to_be_visible()
    languages = page.locator("#use .snippet h2").all_text_contents()
    found = dict(zip(languages, page.locator("#use pre").all_text_contents(), strict=True))
    assert look_of(found["Address"]) == in_address(look)
    status, body = get(found["Address"])
    assert status == 200
    ends = np.array(Image.open(io.BytesIO(body)).convert("RGB")).reshape(-1, 3)
    for colour in table(look["colormap"])[[0, -1]]:
        assert (ends == colour).all(1).any()
    for language, text in found.items():
        for name, value in in_address(look).items():
            assert f"{name}={value}" in text or f"--{name} {value}" in text, language
    sources = re.findall(r'srcset="([^"]*)"', found["HTML"])
    assert len(sources) == (look["colormap"] == "diverging")
    frame = re.search(r'src="([^"]*)"', found["iframe"])[1].replace("&amp;", "&")
    assert look_of(frame) == in_address(look)
    assert chosen(visit(frame)) == look


def test_embedded_page_keeps_look_and_locks_in_its_addresses(visit, painted):
    page = visit("/embed?colormap=viridis&lock=stride")
    assert chosen(page) == DEFAULT | {"colormap": "viridis"}
    choose(page, {"scale": "stage"})
    page.locator("#kernel_size-number").fill("5")
    painted(page, kernel_size=5)
    parameters = parse_qs(urlsplit(page.url).query)
    assert [parameters[name] for name in ("colormap", "scale", "lock")] == [["viridis"], ["stage"], ["stride"]]
    home = page.get_by_role("link", name="Open in Sepviz").get_attribute("href")
    assert look_of(home) == {"colormap": "viridis", "scale": "stage"}
    assert "lock" not in home
    kinds = page.locator("[data-part=kinds] a").evaluate_all("(links) => links.map((link) => link.href)")
    for address in kinds:
        assert parse_qs(urlsplit(address).query)["lock"] == ["stride"]
        assert look_of(address) == {"colormap": "viridis", "scale": "stage"}


def test_form_keeps_the_look_without_javascript(visit):
    page = visit(f"/?{LAYER}&colormap=viridis", java_script_enabled=False)
    for picture in page.locator("[data-column] img").all():
        assert look_of(picture.get_attribute("src")) == {"colormap": "viridis"}
    page.locator("#kernel_size-number").fill("5")
    page.get_by_role("button", name="Show this layer").click()
    expect(page.locator("#kernel_size-number")).to_have_value("5")
    assert look_of(page.url)["colormap"] == "viridis"
    assert chosen(page)["colormap"] == "viridis"


@pytest.mark.parametrize("bad", ["colormap=pink", "colormap=diverging-dark", "scale=", "scale=map"])
@pytest.mark.parametrize("path", ["/", "/embed", "/gallery", "/use/feature-maps/input"])
def test_unknown_look_is_refused(server, path, bad):
    name, _, value = bad.partition("=")
    status, body = get(f"{server}{path}?{bad}")
    assert status == 422
    assert f"{name}={value}: not one of the choices" in body.decode()


def test_page_with_a_refused_look_has_the_default_look(visit):
    page = visit("/?colormap=pink&kernel_size=5", allow=REFUSED)
    assert chosen(page) == DEFAULT
    expect(page.locator('[data-problem="page"]')).to_contain_text("colormap=pink")
    assert "kernel_size=5" in page.locator("html").get_attribute("data-painted")


@pytest.mark.parametrize("path", ["/fragment", "/view", "/api/layer", "/api/tensors"])
def test_routes_of_a_layer_refuse_a_look(server, path):
    assert get(f"{server}{path}?scale=stage")[0] == 422
