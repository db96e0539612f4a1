"""Maps of a few cells with their values in them, and maps that are not square."""

import re
import urllib.request

import numpy as np
import pytest
import safetensors.numpy
from playwright.sync_api import expect


def tensors(server, query):
    with urllib.request.urlopen(f"{server}/api/tensors?{query}", timeout=60) as answer:  # noqa: S310  (the address is ours)
        return safetensors.numpy.load(answer.read())


def values_of(texts):
    return np.array([float(text.replace("−", "-")) for text in texts])


@pytest.mark.parametrize(
    "query", ["size=1", "size=2", "size=8&stride=4", "kind=standard&size=2x3", "size=3&weights=random"]
)
def test_values_in_the_cells_are_those_of_the_tensor(visit, server, query):
    page = visit(f"/?{query}")
    stage = "standard" if "standard" in query else "pointwise"
    for channel, plane in enumerate(tensors(server, query)[stage]):
        texts = page.locator("[data-column=output] .map").nth(channel).locator("text").all_text_contents()
        assert values_of(texts) == pytest.approx(plane.ravel(), abs=0.051 * float(np.abs(plane).max()))


def test_values_follow_a_change_and_leave_with_a_larger_map(visit, painted):
    page = visit("/?size=2")
    texts = page.locator("[data-column=depthwise] .map").nth(0).locator("text")
    expect(texts).to_have_count(4)
    before = texts.all_text_contents()
    page.locator("label", has=page.locator('input[value="coffee"]')).click()
    painted(page, input="coffee")
    assert texts.all_text_contents() != before
    page.locator("#controls details").last.evaluate("(details) => { details.open = true; }")
    page.locator("#size-number").fill("40")
    painted(page, size=40)
    expect(page.locator("#strip .map text")).to_have_count(0)


READABLE = """(texts) => texts.map((text) => {
  const { x, y, width, height } = text.getBoundingClientRect();
  const cell = text.closest(".map, .kernel, .weights, .picture").getBoundingClientRect();
  return [height, x - cell.x, y - cell.y, cell.right - x - width, cell.bottom - y - height];
})"""


@pytest.mark.parametrize("width", [390, 1024, 1280])
def test_values_are_readable_and_inside_their_map(visit, width):
    page = visit("/?size=3&weights=random", viewport={"width": width, "height": 800})
    found = page.locator("#strip text").evaluate_all(READABLE)
    for height, *margins in found:
        assert height >= 8
        assert min(margins) >= -0.5
    assert found or width == 1024


def test_larger_map_has_its_values_where_it_is_opened(visit, server):
    page = visit("/?size=7")
    expect(page.locator("[data-column=input] text")).to_have_count(0)
    page.locator("[data-column=output] .map").nth(2).dblclick()
    expect(page.locator("#inspect")).to_be_visible()
    plane = tensors(server, "size=7")["pointwise"][2]
    texts = page.locator("#inspect text").all_text_contents()
    assert values_of(texts) == pytest.approx(plane.ravel(), abs=0.006 * float(np.abs(plane).max()))
    assert all(min(margins) >= -0.5 for _, *margins in page.locator("#inspect text").evaluate_all(READABLE))


def test_map_that_is_opened_after_a_small_one_has_no_values(visit, painted):
    page = visit("/?size=7")
    page.locator("[data-column=output] .map").first.dblclick()
    expect(page.locator("#inspect text")).to_have_count(49)
    page.keyboard.press("Escape")
    page.locator("#controls details").last.evaluate("(details) => { details.open = true; }")
    page.locator("#size-number").fill("64")
    painted(page, size=64)
    page.locator("[data-column=output] .map").first.dblclick()
    expect(page.locator("#inspect p")).to_contain_text("64 × 64")
    expect(page.locator("#inspect text")).to_have_count(0)


@pytest.mark.parametrize(("kernel", "height", "width"), [("1x21", 40, 20), ("21x1", 20, 40)])
def test_map_keeps_its_proportions(visit, kernel, height, width):
    page = visit(f"/?size=40&padding=valid&kernel_size={kernel}")
    canvas = page.locator("[data-column=output] .map canvas").first
    assert canvas.evaluate("({ width, height }) => [height, width]") == [height, width]
    assert canvas.evaluate("(canvas) => getComputedStyle(canvas).objectFit") == "contain"
    page.locator("[data-column=output] .map").first.dblclick()
    expect(page.locator("#inspect p")).to_have_text(re.compile(f"^{height} × {width} cells"))
    box = page.locator("#inspect canvas").bounding_box()
    assert box["height"] <= 0.7 * 800 + 1


def test_size_of_two_sides_can_be_typed_and_shared(visit, painted):
    page = visit("/?size=32x64")
    expect(page.locator("#size-number")).to_have_value("32x64")
    page.locator("#controls details").last.evaluate("(details) => { details.open = true; }")
    page.locator("#size-number").fill("64x")
    page.locator("#kernel_size-number").fill("1x7")
    painted(page, size="32x64", kernel_size="1x7")
    page.locator("#size-number").fill("64x32")
    painted(page, size="64x32", kernel_size="1x7")
    slider = page.locator("input[type=range][name=size]")
    expect(slider).to_have_attribute("aria-valuetext", "64x32")
    slider.focus()
    page.keyboard.press("ArrowRight")
    painted(page, size=96)


def test_maps_are_those_after_the_operations_that_follow(visit, server):
    query = "between=norm,relu6&after=relu&size=2"
    page = visit(f"/?{query}")
    found = tensors(server, query)
    for column, stage in (("depthwise", "depthwise-relu6"), ("output", "pointwise-relu")):
        for channel, plane in enumerate(found[stage]):
            texts = page.locator(f"[data-column={column}] .map").nth(channel).locator("text").all_text_contents()
            assert values_of(texts) == pytest.approx(plane.ravel(), abs=0.051 * float(np.abs(plane).max()))
