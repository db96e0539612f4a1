"""The lenses "As one standard kernel" and "What is given up" in the browser: their controls, sizes and words."""

import re
from urllib.parse import unquote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

STATES = (
    "lens=composed",
    "lens=composed&between=relu6&depth_multiplier=2",
    "lens=composed&kind=spatially-separable&in_channels=3&kernel_size=5&bias=true",
    "lens=composed&in_channels=512&out_channels=1024&size=8&kernel_size=7",
    "lens=composed&kind=standard&in_channels=4&out_channels=4&groups=2",
    "lens=approximation",
    "lens=approximation&kind=standard&weights=random&in_channels=4&out_channels=64&kernel_size=8",
    "lens=approximation&kind=spatially-separable&in_channels=9&cell=horizontal,5,0,0",
)
TOO_SMALL = """(links) => links
  .map((link) => link.getBoundingClientRect())
  .filter((box) => Math.min(box.width, box.height) < 23.9)
  .map((box) => [box.width, box.height])"""
BEYOND = """() => document.documentElement.scrollWidth > document.documentElement.clientWidth"""


def test_rank_on_the_curve_is_the_depth_multiplier_by_mouse_and_by_keyboard(visit, painted):
    page = visit("/?kind=standard&weights=random&size=32&lens=approximation&cell=standard,2,9,9")
    heading = page.locator(".curve h2")
    expect(heading).to_contain_text("At m = 1 the kernel is off by")
    page.get_by_role("link", name=re.compile("^m = 3:")).click()
    painted(page, depth_multiplier=3)
    expect(heading).to_contain_text("At m = 3 the kernel is off by")
    assert "depth_multiplier=3" in page.url
    assert "cell=standard,2,9,9" in unquote(page.url)
    expect(page.locator("#lens-rank-3")).to_be_focused()
    page.locator("#lens-rank-8").press("Enter")
    expect(heading).to_have_text("At m = 8 nothing is given up")
    page.go_back()
    expect(heading).to_contain_text("At m = 3 the kernel is off by")


def test_number_above_the_weights_chooses_the_output(visit):
    page = visit("/?size=32&lens=composed")
    expect(page.locator(".verdict-of-lens h2")).to_have_text("Output 3 as one kernel")
    page.get_by_role("link", name="output 6", exact=True).click()
    expect(page.locator(".verdict-of-lens h2")).to_have_text("Output 6 as one kernel")
    assert "cell=pointwise,6," in unquote(page.url)
    expect(page.locator("#lens-output-6")).to_be_focused()


def test_named_filter_leads_to_its_terms(visit):
    page = visit("/?kind=spatially-separable&in_channels=3&size=32&lens=approximation")
    page.get_by_role("link", name="emboss").click()
    expect(page.locator(".column-row-terms figure")).to_have_count(4)
    expect(page.locator(".column-row-terms")).to_contain_text("emboss: rank 3")
    assert "in_channels=6" in page.url


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (320, "dark")])
def test_lens_fits_its_page_and_its_controls_a_finger_and_is_accessible(visit, state, width, scheme):
    page = visit(f"/?{state}", viewport={"width": width, "height": 800}, color_scheme=scheme)
    expect(page.locator("#lens h2").first).to_be_visible()
    # A link in a sentence is as high as its line.
    assert page.locator("#lens a:not(p:not(.output-numbers) a)").evaluate_all(TOO_SMALL) == []
    assert not page.evaluate(BEYOND)
    overlapping = page.evaluate(
        """() => {
          const boxes = [...document.querySelectorAll("#lens .equation, #lens .shared-weights, #lens figure")].map(
            (each) => [each, [...each.querySelectorAll("*")].map((part) => part.getBoundingClientRect().right)],
          );
          return boxes
            .filter(([each, rights]) => Math.max(...rights) > each.parentElement.getBoundingClientRect().right + 1)
            .map(([each]) => each.className);
        }"""
    )
    assert overlapping == []
    found = Axe().run(page, context="#lens")
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("state", STATES[::5])
def test_lens_is_there_without_javascript(visit, state):
    page = visit(f"/?{state}", java_script_enabled=False)
    expect(page.locator("#lens h2").first).to_be_visible()
    expect(page.locator("#lens .map-picture img").first).to_be_visible()


def test_shared_weights_keep_their_colours_where_colours_are_forced(visit):
    colours = []
    for forced in ("none", "active"):
        page = visit("/?size=16&lens=composed", forced_colors=forced)
        cells = page.locator(".shared-weights span")
        colours.append(cells.evaluate_all("(all) => all.map((each) => getComputedStyle(each).backgroundColor)"))
    assert colours[0] == colours[1]
    assert len(set(colours[0])) > 3
