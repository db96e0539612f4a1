"""One value of a kernel has one colour, whichever kernel of the page it is in, and the legend tells the range."""

import numpy as np
import pytest
from playwright.sync_api import expect
from sepviz.layer.spec import LayerSpec
from sepviz.tensors.encoders.colormaps import table
from sepviz.tensors.inputs import Inputs
from sepviz.tensors.trace import run

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
    expect(page.locator(".weights").first).to_have_attribute("aria-label", "weights of output 0, from 1.00 to 1.00")
    page.get_by_label("range").select_option("stage")
    expect(page.locator("[data-legend=map]")).to_have_text("all output maps")
