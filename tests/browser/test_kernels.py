"""One value of a kernel has one colour, whichever kernel of the page it is in, and the legend tells the range."""

import re
import urllib.request

import numpy as np
import pytest
import safetensors.numpy
from playwright.sync_api import expect
from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec
from sepviz.tensors.encoders.colormaps import table
from sepviz.tensors.inputs import Inputs
from sepviz.tensors.trace import run
from sepviz.tensors.weights import kernel_names

from tests.support.canvas import pixels

REFUSED = r"Failed to load resource.* status of 4\d\d"
LAYERS = {
    "kind=depthwise-separable&in_channels=6": ["depthwise kernels ±2.00", "pointwise matrix ±0.305"],
    "kind=spatially-separable&in_channels=6": ["vertical kernels and horizontal kernels ±2.00"],
    "kind=depthwise-separable&kernel_size=1": ["depthwise kernels and pointwise matrix ±1.00"],
    "kind=standard&weights=random": ["standard kernels ±"],
}


def cells_of(page, spec):
    """(value, colour, whether the kernel is one cell) of every kernel's cells on the page."""
    stages = run(spec, Inputs()).stages
    classes = [".kernel", ".weights"] if len(stages) > 1 else [".weights"]
    for stage, name in zip(stages, classes, strict=True):
        for output, weight in enumerate(stage.weight.double().numpy()):
            drawn = pixels(page.locator(f"{name} canvas").nth(output))[..., :3].astype(int)
            rows, columns = weight.shape[1:]
            across = drawn.shape[1] // columns
            for channel, kernel in enumerate(weight):
                top, left = channel // across * rows, channel % across * columns
                for (y, x), value in np.ndenumerate(kernel):
                    yield value, drawn[top + y, left + x], rows * columns == 1


@pytest.mark.parametrize("query", LAYERS)
def test_equal_values_of_kernels_have_equal_colours(visit, query):
    page = visit(f"/?{query}&size=16")
    spec = LayerSpec.parse([*(pair.split("=") for pair in query.split("&")), ("size", "16")])
    cells = list(cells_of(page, spec))
    colours = table("diverging").astype(int)
    for point in {each[2] for each in cells}:
        shown = [(value, colour) for value, colour, one in cells if one == point]
        largest = max(abs(value) for value, _ in shown)
        for value, colour in shown:
            entry = (value / largest + 1) / 2 * 255
            # The plane's own bytes are rounded first, each at most half an entry.
            near = colours[max(0, int(np.floor(entry - 1))) : int(np.ceil(entry + 1)) + 1]
            assert (np.abs(near - colour).max(1) <= 3).any(), (value, colour)


@pytest.mark.parametrize(("query", "ranges"), LAYERS.items(), ids=list(LAYERS))
def test_legend_shows_the_domains_of_kernels(visit, query, ranges):
    page = visit(f"/?{query}&size=16")
    words = page.locator('[data-legend="kernels"]').text_content().replace("\u202f", "")
    assert [words.startswith(ranges[0]), *(each in words for each in ranges)] == [True] * (1 + len(ranges))


def test_legend_is_hidden_for_a_layer_over_budget(visit, painted):
    page = visit("/?kind=standard", allow=REFUSED)
    expect(page.locator("#legend")).to_be_visible()
    for name, value in (("in_channels", 512), ("out_channels", 1024), ("size", 512), ("kernel_size", 31)):
        page.locator("#controls details").evaluate_all("(all) => all.forEach((each) => { each.open = true; })")
        page.locator(f"#{name}-number").fill(str(value))
    painted(page, in_channels=512, out_channels=1024, size=512, kernel_size=31)
    expect(page.locator("#strip")).to_be_hidden()
    expect(page.locator("#legend")).to_be_hidden()
    page.emulate_media(color_scheme="dark")
    expect(page.locator("#legend")).to_be_hidden()
    page.locator("#size-number").fill("8")
    page.locator("#out_channels-number").fill("4")
    painted(page, size=8, out_channels=4)
    expect(page.locator("#legend")).to_be_visible()


def test_legend_names_the_map_and_its_range(visit):
    page = visit("/?in_channels=1&out_channels=1&input=impulse&size=16")
    expect(page.locator("[data-legend=map]")).to_have_text("output 0")
    expect(page.locator("[data-legend=range]")).to_have_text("values −1.00 to 1.00")
    expect(page.locator('[data-column="output"] button').first).to_have_attribute(
        "aria-label", "output 0, values −1.00 to 1.00"
    )
    expect(page.locator(".weights").first).to_have_attribute("aria-label", "weights of output 0: 1")
    page.get_by_label("range").select_option("stage")
    expect(page.locator("[data-legend=map]")).to_have_text("all output maps")


MATRICES = (
    "",
    "in_channels=1&out_channels=2&weights=random",
    "in_channels=4&depth_multiplier=2&out_channels=11&weights=random",
    "in_channels=13&out_channels=3&between=relu&weights=random",
    "in_channels=40&out_channels=17",
)


@pytest.fixture
def matrix(visit, server):
    """Opens a layer; returns its page and its pointwise weights, as the API has them."""

    def opened(query, **context):
        page = visit(f"/?{query}&size=16", **context)
        shown = page.evaluate("document.documentElement.dataset.painted")
        with urllib.request.urlopen(f"{server}/api/tensors?{shown}", timeout=60) as answer:  # noqa: S310  (our address)
            return page, safetensors.numpy.load(answer.read())["pointwise.weight"][:, :, 0, 0]

    return opened


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("query", MATRICES)
def test_columns_of_the_matrix_are_headed_by_the_colours_of_their_channels(matrix, query, theme):
    page, weight = matrix(query, color_scheme=theme)
    heads = page.locator(".matrix-head .swatch")
    if weight.shape[1] > 32:
        expect(heads).to_have_count(0)
        return
    colour = "(each) => getComputedStyle(each).borderLeftColor"
    channels = [each.evaluate(colour) for each in page.locator('[data-column="input"] .map').all()]
    shown = [each.evaluate("(each) => getComputedStyle(each).backgroundColor") for each in heads.all()]
    assert shown == np.repeat(channels, weight.shape[1] // len(channels)).tolist()
    swatches = heads.evaluate_all(COLUMNS)
    row = page.locator(".weights").first.evaluate_all(COLUMNS)[0]
    for at, (left, right) in enumerate(swatches):
        assert left == pytest.approx(row[0] + at / len(swatches) * (row[1] - row[0]), abs=1)
        assert right == pytest.approx(row[0] + (at + 1) / len(swatches) * (row[1] - row[0]), abs=1)


COLUMNS = "(all) => all.map((each) => { const { left, right } = each.getBoundingClientRect(); return [left, right]; })"
TEXTS = """(rows) => rows.map((row) => [...row.querySelectorAll(".values text")].map((text) => {
  const own = text.getBoundingClientRect(), all = row.getBoundingClientRect();
  return [text.textContent, text.getAttribute("fill"), (own.left + own.right) / 2 - all.left, own.width, all.width];
}))"""


@pytest.mark.parametrize("query", MATRICES)
def test_cells_of_the_matrix_have_the_values_of_the_weights(matrix, query):
    page, weight = matrix(query)
    rows = page.locator(".weights")
    written = rows.evaluate_all(TEXTS)
    weight = weight[:16]  # as many outputs are shown at first
    assert len(written) == len(weight)
    labels = [row.get_attribute("aria-label") for row in rows.all()]
    across = weight.shape[1]
    if across > 8:
        assert not any(written)
        assert all(re.fullmatch(r"weights of output \d+, from .+ to .+", label) for label in labels)
        return
    for output, (texts, label) in enumerate(zip(written, labels, strict=True)):
        name, values = label.split(": ")
        assert name == f"weights of output {output}"
        assert as_numbers(values.split(", ")) == pytest.approx(weight[output], abs=0.006)
        decimals = max(len(text[0].partition(".")[2]) for text in texts)
        assert as_numbers(text[0] for text in texts) == pytest.approx(weight[output], abs=0.5 * 10**-decimals + 1e-6)
        drawn = pixels(rows.nth(output).locator("canvas"))[0, :, :3]
        for at, (_, fill, centre, width, whole) in enumerate(texts):
            assert centre == pytest.approx((at + 0.5) / across * whole, abs=2)
            assert width <= whole / across
            assert contrast(drawn[at], 0 if fill == "#000" else 255) >= 4.5


def as_numbers(texts):
    return [float(text.replace("\u2212", "-")) for text in texts]


def contrast(colour, grey):
    """The contrast of two colours as WCAG defines it."""

    def luminance(parts):
        parts = np.asarray(parts) / 255
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    low, high = sorted((luminance(colour), luminance([grey] * 3)))
    return (high + 0.05) / (low + 0.05)


def test_values_of_the_matrix_follow_its_width_and_weights(matrix, painted):
    page, _ = matrix("in_channels=8")
    texts = page.locator(".weights .values text")
    expect(texts).to_have_count(64)
    page.set_viewport_size({"width": 390, "height": 800})
    expect(texts).to_have_count(0)
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(texts).to_have_count(64)
    page.locator("#in_channels-number").fill("9")
    painted(page, in_channels=9)
    expect(texts).to_have_count(0)
    page.locator("#in_channels-number").fill("2")
    painted(page, in_channels=2)
    expect(texts).to_have_count(16)
    expect(page.locator(".matrix-head .swatch")).to_have_count(2)


def test_head_of_the_matrix_stays_above_the_rows_that_scroll(visit):
    page = visit("/?in_channels=6&out_channels=30&size=16")
    pane = page.locator(".pane .scroll").last
    before = page.locator(".matrix-head").bounding_box()
    pane.evaluate("(pane) => { pane.scrollTop = 160; }")
    after = page.locator(".matrix-head").bounding_box()
    assert abs(after["y"] - before["y"]) <= 2
    assert page.locator(".weights").first.bounding_box()["y"] < after["y"] - 100


@pytest.mark.parametrize(
    "query",
    [
        "in_channels=4&depth_multiplier=2",
        "kind=spatially-separable&in_channels=5",
        "kernel_size=1x2&in_channels=4",
        "kernel_size=4&in_channels=2",
        "weights=random",
    ],
)
def test_kernels_have_their_names_and_values_where_they_can_be_read(visit, query):
    page = visit(f"/?{query}&size=16")
    spec = LayerSpec.parse([*(pair.split("=") for pair in query.split("&")), ("size", "16")])
    trace = run(spec, Inputs())
    apart = [each for each in plan(spec).convolutions if not each.mixes_channels]
    for convolution, picture in zip(apart, (".kernel", "[data-column=weights] .weights"), strict=False):
        stage = trace.stage(convolution.name)
        names = kernel_names(spec, convolution, range(len(stage.weight)))
        cells = page.locator(picture)
        expect(cells).to_have_count(len(stage.weight))
        assert cells.locator(".label").all_text_contents() == list(names)
        for number, (weight, cell) in enumerate(zip(stage.weight.double().numpy(), cells.all(), strict=True)):
            said = cell.get_attribute("aria-label")
            assert f" {number}, {names[number]}, from " in said if names else f" {number}, from " in said
            texts = cell.locator("text").all_text_contents()
            values = [float(text.replace("−", "-")) for text in texts]
            if max(weight.shape) <= 3 and spec.weights == "classic":
                assert values == pytest.approx(weight.ravel(), abs=0.06 * np.abs(weight).max())
            elif max(weight.shape) > 3:
                assert not values


def test_values_of_kernels_leave_with_a_larger_kernel(visit, painted):
    page = visit()
    texts = page.locator(".kernel text")
    expect(texts).to_have_count(27)
    page.locator("input[type=range][name=kernel_size]").fill("7")
    painted(page, kernel_size=7)
    expect(texts).to_have_count(0)


OUTSIDE = """(labels) => labels.map((label) => {
  const picture = label.parentElement.querySelector("canvas").getBoundingClientRect();
  const { top, bottom, left, right } = label.getBoundingClientRect();
  const boxes = [...label.closest(".scroll").querySelectorAll("canvas")].map((each) => each.getBoundingClientRect());
  const hidden = boxes.some((box) =>
    box.top < bottom - 1 && top < box.bottom - 1 && box.left < right && left < box.right);
  return { hidden, above: top < picture.bottom - 1, size: Number.parseFloat(getComputedStyle(label).fontSize) };
})"""


@pytest.mark.parametrize("width", [320, 1280, 1920])
@pytest.mark.parametrize(
    "query", ["in_channels=6&depth_multiplier=2", "kind=spatially-separable&in_channels=7", "in_channels=40&size=12x40"]
)
def test_labels_hide_no_map_or_kernel(visit, query, width):
    page = visit(f"/?{query}", viewport={"width": width, "height": 800})
    labels = page.locator("#strip .label").evaluate_all(OUTSIDE)
    assert len(labels) > 12
    for label in labels:
        assert label == {"hidden": False, "above": False, "size": 11}


def test_maps_are_labelled_with_their_number_and_name(visit):
    page = visit("/?in_channels=4&out_channels=5")
    labels = {
        slot: page.locator(f"[data-column={slot}] .map .label").all_text_contents()
        for slot in ("input", "depthwise", "output")
    }
    assert labels["input"][:3] == ["0 red", "1 green", "2 blue"]
    assert labels["input"][3].startswith("3 edges 0°")
    assert labels["depthwise"] == ["0", "1", "2", "3"]
    assert labels["output"] == ["0", "1", "2", "3", "4"]
