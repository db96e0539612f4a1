"""The lens "One pixel" in the browser: its channels, its height, its columns above those of the maps."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect


def top_of_maps(page):
    return page.evaluate("document.querySelector('.panes').getBoundingClientRect().top + scrollY")


def show(page, cell):
    """Shows a cell as a link of the page does."""
    page.evaluate(
        """(cell) => {
          const link = document.createElement("a");
          link.dataset.go = "";
          const search = new URLSearchParams(location.search);
          search.set("cell", cell);
          link.href = `?${search}`;
          document.body.append(link);
          link.click();
          link.remove();
        }""",
        cell,
    )
    _, _, row, column = cell.split(",")
    expect(page.locator(".pixel-value > .note")).to_have_text(f"value at row {row}, column {column}")


def test_channel_is_chosen_by_its_link_and_keeps_the_focus(visit):
    page = visit("/?size=24&lens=pixel")
    link = page.locator("#through-1")
    link.focus()
    page.keyboard.press("Enter")
    expect(page.locator('#through-1[aria-current="true"]')).to_be_focused()
    expect(page.locator(".pixel-column").first).to_contain_text("channel 1, green")
    assert "through=1" in page.url
    show(page, "pointwise,2,3,5")
    expect(page.locator(".pixel-column").first).to_contain_text("channel 1, green: rows 2 to 4, columns 4 to 6")
    page.go_back()
    page.go_back()
    expect(page.locator(".pixel-column").first).not_to_contain_text("rows 2 to 4")
    assert "through" not in page.url


def test_lens_that_is_left_before_it_is_there_is_fetched_again(visit):
    page = visit("/?size=24")
    page.route("**/lens?*", lambda _: None)  # is not answered
    open_lens = "(name) => document.querySelector(`a[data-lens='${name}']`).click()"
    with page.expect_request("**/lens?*"):
        page.evaluate(open_lens, "pixel")
    page.evaluate(open_lens, "diagram")
    page.unroute("**/lens?*")
    page.evaluate(open_lens, "pixel")
    expect(page.locator(".pixel-value h2")).to_have_text("Output 3")


def test_maps_stay_where_they_are_while_cells_are_chosen(visit):
    page = visit("/?size=24&lens=pixel&between=norm,relu&cell=pointwise,3,0,0")
    tallest = top_of_maps(page)
    for cell in ("depthwise,1,12,12", "pointwise,3,12,12", "depthwise-relu,0,23,23", "depthwise,2,5,5"):
        show(page, cell)
        assert top_of_maps(page) >= tallest - 0.5  # texts of other numbers are rounded to other parts of a pixel
        tallest = top_of_maps(page)
    page.get_by_role("link", name="Standard", exact=True).click()
    expect(page.locator(".pixel h2").nth(1)).to_have_text("Standard")
    assert top_of_maps(page) < tallest


@pytest.mark.parametrize("layer", ["", "kind=spatially-separable&kernel_size=5", "kind=standard", "in_channels=512"])
def test_columns_stand_above_those_of_the_maps(visit, layer):
    page = visit(f"/?size=24&lens=pixel&{layer}")
    lefts = "(name) => [...document.querySelectorAll(name)].map((each) => each.getBoundingClientRect().left)"
    columns, heads = (page.evaluate(lefts, name) for name in (".pixel-column", ".panes .head"))
    assert columns == pytest.approx(heads, abs=1)


@pytest.mark.parametrize("width", [1280, 820, 390, 320])
@pytest.mark.parametrize(
    "layer",
    [
        "",
        "in_channels=512&out_channels=512&size=14&kernel_size=7&bias=true&between=norm,relu6&after=norm",
        "kind=spatially-separable&kernel_size=5&between=norm",
        "kind=standard&groups=4&in_channels=16&kernel_size=5&dilation=2&weights=random",
    ],
)
def test_nothing_is_cut_off_or_overlaps(visit, layer, width):
    page = visit(f"/?lens=pixel&{layer}", viewport={"width": width, "height": 900})
    overflowing = page.evaluate(
        """() => [...document.querySelectorAll(".pixel-column")].flatMap((column) => {
          const right = column.getBoundingClientRect().right + 1;
          return [...column.querySelectorAll("table, p, .result, .sign")]
            .filter((each) => !each.matches(".unseen") && each.getBoundingClientRect().right > right)
            .map((each) => each.outerHTML.slice(0, 80));
        })"""
    )
    assert overflowing == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "layer", ["", "in_channels=64&size=14&kernel_size=7&between=norm,relu6&bias=true", "kind=standard&kernel_size=5"]
)
def test_axe_finds_nothing(visit, layer, scheme):
    page = visit(f"/?lens=pixel&{layer}", color_scheme=scheme)
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def test_values_are_read_without_javascript(visit):
    page = visit("/?size=24&lens=pixel&cell=pointwise,3,7,9", java_script_enabled=False)
    expect(page.get_by_role("heading", name="Output 3")).to_be_visible()
    expect(page.locator(".sums tr")).to_have_count(4)
    page.get_by_role("link", name="channel 1").click()
    expect(page.locator(".pixel-column").first).to_contain_text("channel 1, green: rows 6 to 8, columns 8 to 10")
