"""The answer to an impulse looks like its kernel, at its own size and reduced."""

import numpy as np
import pytest
from playwright.sync_api import expect
from sepviz.layer.spec import LayerSpec
from sepviz.tensors.encoders.colormaps import entries, table
from sepviz.tensors.inputs import Inputs
from sepviz.tensors.trace import run

from tests.support.canvas import pixels


def background(theme):
    return table("diverging-dark" if theme == "dark" else "diverging")[127:129].astype(int)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("kernel_size", "size", "side"), [(3, 24, 24), (5, 24, 24), (3, 128, 12), (5, 512, 12)])
def test_impulse_response_has_the_colours_of_the_kernel(visit, theme, kernel_size, size, side):
    query = f"input=impulse&size={size}&in_channels=9&kernel_size={kernel_size}"
    page = visit(f"/?{query}", color_scheme=theme)
    spec = LayerSpec(input="impulse", size=size, in_channels=9, kernel_size=kernel_size)
    start = size // 2 - side // 2
    shown = slice(start, start + side)
    planes = run(spec, Inputs()).stages[0].output.values[0, :, shown, shown].numpy()
    colours = table("diverging-dark" if theme == "dark" else "diverging").astype(int)
    for channel, plane in enumerate(planes):
        drawn = pixels(page.locator('[data-column="depthwise"] button.map canvas').nth(channel))[..., :3].astype(int)
        largest = float(np.abs(plane).max())
        expected = colours[entries(plane, (-largest, largest), "diverging")]
        # A byte of the plane and an entry of the table are each rounded.
        low, high = (
            np.abs(drawn - np.roll(colours, shift, 0)[entries(plane, (-largest, largest), "diverging")])
            for shift in (1, -1)
        )
        assert (np.minimum(np.minimum(low, high), np.abs(drawn - expected)) <= 1).all()
        values = np.unique(plane)
        seen = {tuple(drawn[plane == value][0]) for value in values}
        assert len(seen) == len(values)


def test_legend_says_which_cells_of_a_map_are_shown(visit):
    page = visit("/?input=impulse&size=128")
    legend = page.locator("#legend")
    expect(legend).to_contain_text("only rows 58 to 69 and columns 58 to 69 are shown, all other cells are equal")
    page.locator('[data-column="input"] button.map').first.hover()
    expect(legend).to_contain_text("only rows 58 to 69 and columns 58 to 69 are shown")
    page.locator("input[value=chelsea]").check()
    expect(legend).not_to_contain_text("only rows")


@pytest.mark.parametrize("size", [128, 512])
def test_distant_responses_in_one_map_have_the_end_colours(visit, size):
    """A kernel dilated beyond what is shown enlarged is reduced, and its few cells are not averaged away."""
    page = visit(f"/?input=impulse&size={size}&dilation=16&kernel_size=5")
    ends = table("diverging")[[0, 255]].astype(int)
    drawn = (
        pixels(page.locator('[data-column="depthwise"] button.map canvas').nth(1))[..., :3].reshape(-1, 3).astype(int)
    )
    for end in ends:
        assert (np.abs(drawn - end).max(1) <= 3).any()
    zero = (np.abs(drawn[:, None] - background("light")).max(2) <= 2).any(1)
    assert 0.95 < zero.mean() < 1
