"""The answer to an impulse looks like its kernel, at its own size and reduced."""

import base64

import numpy as np
import pytest

from app.encoders.colormaps import entries, table
from app.inputs import Inputs
from app.spec import LayerSpec
from app.trace import run

PIXELS = """(canvas) => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  let bytes = "";
  for (const byte of copy.getImageData(0, 0, canvas.width, canvas.height).data) bytes += String.fromCharCode(byte);
  return [canvas.height, canvas.width, btoa(bytes)];
}"""


def pixels(canvas):
    height, width, encoded = canvas.evaluate(PIXELS)
    return np.frombuffer(base64.b64decode(encoded), np.uint8).reshape(height, width, 4)[..., :3]


def background(theme):
    return table("diverging-dark" if theme == "dark" else "diverging")[127:129].astype(int)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kernel_size", [3, 5])
def test_answer_at_its_own_size_has_the_kernels_colours(visit, theme, kernel_size):
    query = f"input=impulse&size=24&in_channels=9&kernel_size={kernel_size}"
    page = visit(f"/?{query}", color_scheme=theme)
    spec = LayerSpec(input="impulse", size=24, in_channels=9, kernel_size=kernel_size)
    planes = run(spec, Inputs()).stages[0].output.values[0].numpy()
    colours = table("diverging-dark" if theme == "dark" else "diverging").astype(int)
    for channel, plane in enumerate(planes):
        drawn = pixels(page.locator('[data-maps="first"] button.map canvas').nth(channel)).astype(int)
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


@pytest.mark.parametrize("size", [128, 512])
def test_reduced_answer_has_the_end_colours_and_a_background(visit, size):
    page = visit(f"/?input=impulse&size={size}")
    ends = table("diverging")[[0, 255]].astype(int)
    drawn = pixels(page.locator('[data-maps="first"] button.map canvas').nth(1)).reshape(-1, 3).astype(int)
    for end in ends:
        assert (np.abs(drawn - end).max(1) <= 3).any()
    zero = (np.abs(drawn[:, None] - background("light")).max(2) <= 2).any(1)
    assert 0.95 < zero.mean() < 1
    light = pixels(page.locator('[data-maps="input"] button.map canvas').nth(0))
    assert light.max() == 255
    assert (light == 0).mean() > 0.99
