"""What the page is for a keyboard, for a finger and for a screen reader."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

# A change of the layer while something else than its control has the focus, as by a step of the history.
CHANGE = """(value) => {
  const input = document.getElementById("in_channels-number");
  input.value = value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
}"""
FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def scrolled(page):
    page.evaluate(FRAMES)
    return page.evaluate("[scrollY, ...[...document.querySelectorAll('.pane .scroll')].map((pane) => pane.scrollTop)]")


@pytest.mark.parametrize("kind", ["depthwise-separable", "spatially-separable"])
@pytest.mark.parametrize("slot", ["input", "output"])
def test_change_keeps_scroll_positions_and_focus(visit, painted, kind, slot):
    page = visit(f"/?in_channels=16&kind={kind}")
    maps = page.locator(f"[data-column={slot}] button.map")
    maps.nth(2).evaluate("(map) => map.focus({ preventScroll: true })")
    page.locator(".pane .scroll").first.evaluate("(pane) => { pane.scrollTop = 178; }")
    page.evaluate(CHANGE, "3")
    painted(page, in_channels=3)
    before = scrolled(page)
    for value in ("40", "16", "12"):
        page.evaluate(CHANGE, value)
        painted(page, in_channels=value)
        assert scrolled(page) == before
        expect(maps.nth(2)).to_be_focused()


def test_focus_of_a_removed_map_moves_to_the_last_map(visit, painted):
    page = visit("/?in_channels=16")
    page.locator("[data-column=input] button.map").nth(9).evaluate("(map) => map.focus({ preventScroll: true })")
    page.evaluate(CHANGE, "4")
    painted(page, in_channels=4)
    expect(page.locator("[data-column=input] button.map").last).to_be_focused()


def test_legend_is_not_announced_at_every_focus(visit):
    page = visit()
    live = page.locator("#legend :is(output, [aria-live], [role=status], [role=alert])")
    expect(live).to_have_count(0)


def test_accessible_name_of_a_picture_has_its_text(visit):
    page = visit()
    expect(page.get_by_role("img", name=re.compile("^MACs:"))).not_to_contain_text("params")
    expect(page.get_by_role("region", name="Cost")).to_match_aria_snapshot("- paragraph: params 216 → 27 + 24")


@pytest.mark.parametrize("query", ["", "depth_multiplier=2", "kind=spatially-separable"])
def test_kernel_precedes_its_map_in_reading_order(visit, painted, query):
    page = visit(f"/?in_channels=5&{query}")
    for count in (5, 2, 7):
        page.evaluate(CHANGE, str(count))
        painted(page, in_channels=count)
        cells = page.locator(".maps[data-shows='kernels maps'] > *").evaluate_all(
            "(cells) => cells.map((each) => each.classList[0])"
        )
        assert cells == ["kernel", "map"] * (len(cells) // 2)
        assert len(cells) >= 2 * count
    tops = (
        "(cells) => cells.map((each) => { const box = each.getBoundingClientRect(); return box.y + box.height / 2; })"
    )
    kernels, maps = (
        page.locator(f".maps[data-shows='kernels maps'] .{each}").evaluate_all(tops) for each in ("kernel", "map")
    )
    assert maps == pytest.approx(kernels, abs=1)


@pytest.mark.parametrize(
    ("path", "open_it", "dialog"),
    [
        ("/", lambda page: page.locator("#legend [data-open]").click(), "#inspect"),
        ("/", lambda page: page.locator("[data-part=use-maps] a").click(), "#use"),
        ("/gallery", lambda page: page.get_by_role("link", name="copy or download cost").click(), "#use"),
    ],
    ids=["map", "use", "gallery"],
)
def test_click_on_the_backdrop_closes_the_dialog(visit, path, open_it, dialog):
    page = visit(path, wait=path == "/")
    open_it(page)
    shown = page.locator(dialog)
    expect(shown).to_be_visible()
    box = shown.bounding_box()
    inside, beside = (box["x"] + 5, box["y"] + 5), (box["x"] - 20, box["y"] + 20)
    page.mouse.click(*inside)
    expect(shown).to_be_visible()
    # Text that is selected from inside to outside stays there to be copied.
    page.mouse.move(*inside)
    page.mouse.down()
    page.mouse.move(*beside)
    page.mouse.up()
    expect(shown).to_be_visible()
    page.mouse.click(*beside)
    expect(shown).to_be_hidden()


@pytest.mark.parametrize(("system", "other"), [("light", "dark"), ("dark", "light")])
def test_theme_button_cycles_back_to_automatic(visit, painted, system, other):
    page = visit(color_scheme=system)
    root, button = page.locator("html"), page.locator("#theme")
    background = "getComputedStyle(document.body).backgroundColor"
    automatic, places = page.evaluate(background), []
    expect(button).to_have_accessible_name("Theme: automatic")
    for theme in (other, system):
        places.append(button.bounding_box())
        button.click()
        expect(root).to_have_attribute("data-theme", theme)
        expect(button).to_have_accessible_name(f"Theme: {theme}")
        assert (page.evaluate(background) == automatic) == (theme == system)
        page.reload()
        painted(page)
        expect(button).to_have_accessible_name(f"Theme: {theme}")
    button.click()
    places.append(button.bounding_box())
    expect(root).not_to_have_attribute("data-theme", re.compile(""))
    expect(button).to_have_accessible_name("Theme: automatic")
    page.emulate_media(color_scheme=other)
    assert page.evaluate(background) != automatic
    page.reload()
    painted(page)
    expect(root).not_to_have_attribute("data-theme", re.compile(""))
    assert places[1:] == places[:-1]


@pytest.mark.parametrize(("touch", "least"), [(False, 24), (True, 44)])
@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
def test_use_link_has_the_least_size_for_touch(visit, touch, least, size):
    viewport = dict(zip(("width", "height"), size, strict=True))
    page = visit(viewport=viewport, has_touch=touch, is_mobile=touch)
    assert page.evaluate("matchMedia('(pointer: coarse)').matches") == touch
    for link in page.locator("a.use").all():
        link.scroll_into_view_if_needed()
        box = link.bounding_box()
        assert box["height"] >= least
        assert box["width"] >= least
        # What looks like it is hit, up to its edges.
        for y in (box["y"] + 1, box["y"] + box["height"] - 1):
            hit = "([x, y]) => document.elementFromPoint(x, y)?.closest('a.use') !== null"
            assert page.evaluate(hit, [box["x"] + box["width"] / 2, y])


@pytest.mark.parametrize("path", ["/?stride=2&seed=3", "/?colormap=viridis&weights=random", "/nothing"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(visit, path, scheme):
    page = visit(path, wait=path != "/nothing", allow="404", color_scheme=scheme)
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
