"""A layer that is refused, and how a person goes on from there."""

import pytest
from playwright.sync_api import expect

REFUSED = r"Failed to load resource.* status of 4\d\d"
FIGURES = ".figure, .verdict, #strip, #legend"


def expect_no_figures(page):
    for figure in page.locator(FIGURES).all():
        expect(figure).to_be_hidden()
    expect(page.locator(".refusal")).to_be_visible()


def expect_figures(page):
    expect(page.locator(".refusal")).to_be_hidden()
    expect(page.locator("#strip")).to_be_visible()
    expect(page.locator(".diagram svg")).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/embed"])
def test_refused_address_shows_its_refusal_until_it_is_fixed(visit, painted, path):
    page = visit(f"{path}?in_channels=9999&stride=2&size=0", allow=REFUSED, wait=False)
    expect_no_figures(page)
    expect(page.locator("#in_channels-number")).to_have_value("9999")
    expect(page.locator("#problem-in_channels")).to_contain_text("9999")
    page.locator("#in_channels-number").fill("4")
    expect(page.locator("#problem-in_channels")).to_be_empty()
    expect(page.locator("#problem-size")).to_contain_text("0")
    expect_no_figures(page)
    page.locator("#size-number").fill("24")
    painted(page, in_channels=4, stride=2, size=24)
    expect_figures(page)
    expect(page.locator("#problem-size")).to_be_empty()
    expect(page.locator('[data-column="input"] button.map')).to_have_count(4)


def test_refused_address_without_javascript_shows_its_refusal(visit):
    page = visit("/?in_channels=9999&kind=standard", allow=REFUSED, java_script_enabled=False)
    expect_no_figures(page)
    expect(page.locator("#in_channels-number")).to_have_value("9999")
    page.locator("#in_channels-number").fill("2")
    page.get_by_role("button", name="Show this layer").click()
    expect(page.locator(".refusal")).to_be_hidden()
    expect(page.locator(".diagram svg")).to_be_visible()
    assert "in_channels=2" in page.url
    assert "kind=standard" in page.url


def test_nearest_layer_is_linked_from_a_refusal(visit, painted):
    page = visit("/?kernel_size=31&padding=valid&size=8", allow=REFUSED, wait=False)
    page.get_by_role("link", name="show the nearest layer").click()
    painted(page, kernel_size=8, padding="valid", size=8)
    expect_figures(page)


def test_kind_can_be_chosen_from_a_refused_layer(visit, painted):
    page = visit("/?kind=spatially-separable&out_channels=5", allow=REFUSED, wait=False)
    expect(page.locator("#out_channels-number")).to_be_visible()
    page.get_by_role("link", name="Standard").click()
    painted(page, kind="standard", out_channels=5)
    expect_figures(page)


def test_refused_value_hides_the_figures_of_the_last_layer(visit, painted):
    page = visit(allow=REFUSED)
    page.locator("#kernel_size-number").fill("99")
    expect(page.locator("#problem-kernel_size")).to_contain_text("99")
    expect_no_figures(page)
    expect(page.locator(".refusal li")).to_have_count(1)
    page.locator("#kernel_size-number").fill("5")
    painted(page, kernel_size=5)
    expect_figures(page)


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_names_of_kinds_fit_their_segments(visit, width):
    page = visit(viewport={"width": width, "height": 800})
    links = page.locator(".rail nav a")
    expect(links).to_have_text(["Depthwise separable", "Spatially separable", "Standard"])
    sizes = links.evaluate_all("(all) => all.map((a) => [a.scrollWidth - a.clientWidth, a.offsetHeight])")
    assert [over for over, _ in sizes] == [0, 0, 0]
    assert len({height for _, height in sizes}) == 1


def test_remark_follows_weights_and_kind(visit, painted):
    page = visit("/?kind=standard")
    remark = page.locator('[data-part="remark"]')
    expect(remark).to_have_text("Composed of the depthwise separable kernels: the output maps are the same.")
    page.get_by_text("random", exact=True).click()
    painted(page, weights="random")
    expect(remark).to_be_empty()
    page.get_by_text("classic", exact=True).click()
    painted(page, weights="classic")
    expect(remark).not_to_be_empty()
    page.get_by_role("link", name="Spatially separable").click()
    painted(page, kind="spatially-separable")
    expect(remark).to_have_count(0)


@pytest.mark.parametrize(("path", "javascript"), [("/embed", True), ("/", False), ("/embed", False)])
def test_remark_stands_in_frames_and_without_javascript(visit, path, javascript):
    page = visit(f"{path}?kind=standard", java_script_enabled=javascript)
    expect(page.locator('[data-part="remark"]')).to_be_visible()
    expect(page.locator('[data-part="remark"]')).to_contain_text("the output maps are the same")
