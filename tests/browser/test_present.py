"""Presenting, the keys that work everywhere, and how the page grows with its screen."""

import pytest
from playwright.sync_api import expect

SIZES = """() => Object.fromEntries([".lens p, .head p, .formula-sum", "#strip h2", ".map"].map((selector) => {
  const each = [...document.querySelectorAll(selector)].find((found) => found.checkVisibility());
  const font = Number.parseFloat(getComputedStyle(each).fontSize) * each.currentCSSZoom;
  return [selector, { font, width: each.getBoundingClientRect().width }];
}))"""
RAIL = "#controls"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_present_fills_the_screen_and_keeps_the_address(visit, scheme):
    page = visit("/?kernel_size=5&lens=groups", viewport={"width": 1920, "height": 1080}, color_scheme=scheme)
    address = page.url
    page.keyboard.press("f")
    expect(page.locator(RAIL)).to_be_hidden()
    expect(page.locator("header")).to_be_hidden()
    for selector in ("#lens", "[data-column=input]", "[data-column=output]"):
        box = page.locator(selector).bounding_box()
        assert box["x"] >= 0
        assert box["y"] + box["height"] <= 1080
    assert page.locator("#strip h2").first.evaluate("(each) => each.currentCSSZoom * 13") >= 24
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.url == address
    page.keyboard.press("Escape")
    expect(page.locator(RAIL)).to_be_visible()
    assert page.url == address


def test_present_without_full_screen_hides_the_rail(visit):
    page = visit()
    page.evaluate("() => { Element.prototype.requestFullscreen = () => Promise.reject(new TypeError('denied')); }")
    button = page.get_by_role("button", name="Present")
    button.click()
    expect(page.locator(RAIL)).to_be_hidden()
    leave = page.get_by_role("button", name="Leave")
    expect(leave).to_be_focused()
    leave.click()
    expect(page.locator(RAIL)).to_be_visible()
    expect(button).to_be_focused()


def test_escape_closes_a_dialog_before_it_ends_presenting(visit):
    page = visit()
    page.keyboard.press("f")
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#shortcuts")).to_be_hidden()
    expect(page.locator(RAIL)).to_be_hidden()


@pytest.mark.parametrize("field", ["#padding", "#seed", "select[name=colormap]"])
def test_keys_do_nothing_while_typing(visit, field):
    page = visit("/?weights=random&padding=1")
    page.locator(field).focus()
    for key in ("f", "?"):
        page.keyboard.press(key)
    expect(page.locator(RAIL)).to_be_visible()
    expect(page.locator("#shortcuts")).to_be_hidden()


def test_keys_can_be_turned_off(visit, painted):
    page = visit()
    page.get_by_role("button", name="Keys").click()
    page.get_by_label("work wherever the focus is").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    painted(page)
    page.keyboard.press("f")
    page.keyboard.press("?")
    expect(page.locator(RAIL)).to_be_visible()
    expect(page.locator("#shortcuts")).to_be_hidden()


def test_text_and_maps_grow_with_the_screen(visit):
    page = visit()
    before = page.evaluate(SIZES)
    for width, height in ((1920, 1080), (2560, 1440)):
        page.set_viewport_size({"width": width, "height": height})
        larger = page.evaluate(SIZES)
        for selector, size in larger.items():
            assert size["font"] > 1.15 * before[selector]["font"], selector
        assert larger[".map"]["width"] > 1.15 * before[".map"]["width"]
        right = page.locator("#maps").evaluate("(main) => main.getBoundingClientRect().right")
        assert right > 0.97 * width
        bottom = page.locator(".verdict").bounding_box()
        assert bottom["y"] + bottom["height"] <= height
        before = larger
