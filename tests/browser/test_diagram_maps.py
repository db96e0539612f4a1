"""The maps of the layer on the planes of its diagram."""

import numpy as np
import pytest

from tests.support.canvas import pixels

BOXES = """(svg) => [...svg.querySelectorAll("[data-map]")].map((plane) =>
  [plane.dataset.map, plane.dataset.box.split(" ").map(Number), getComputedStyle(plane).visibility])"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["depthwise-separable", "standard"])
def test_planes_show_the_colours_of_the_maps_below(visit, kind, theme):
    page = visit(f"/?kind={kind}&size=6&weights=random&input=noise", color_scheme=theme)
    page.wait_for_function("() => document.querySelector('.diagram canvas').width !== 300")
    whole = pixels(page.locator(".diagram canvas"))
    svg = page.locator(".diagram svg")
    factor = whole.shape[1] / svg.evaluate("(svg) => svg.viewBox.baseVal.width")
    planes = svg.evaluate(BOXES)
    assert {visibility for _, _, visibility in planes} == {"hidden"}
    last = [box for key, box, _ in planes if key.startswith("input,")][-1]
    a, b, _, d, e, f = last
    shown = pixels(page.locator('[data-column="input"] .map canvas').last)
    for row in range(6):
        for column in range(1, 5):
            u, v = (column + 0.5) / 6, (row + 0.5) / 6
            found = whole[round((b * u + d * v + f) * factor), round((a * u + e) * factor)]
            assert np.abs(found[:3].astype(int) - shown[row, column, :3]).max() <= 8
