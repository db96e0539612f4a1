"""The default view of Sepviz as a plain Gradio app: `python gradio_app.py PORT PICTURE`.

It shows a picture, its depthwise maps, its pointwise maps, and the cost.
"""

import sys

import gradio as gr
import numpy as np
import torch
import torch.nn.functional as F
from matplotlib import colormaps

SIZE = 128
VIRIDIS = (np.asarray(colormaps["viridis"].colors) * 255).astype("uint8")


def apply_viridis(plane):
    low, high = plane.min(), plane.max()
    return VIRIDIS[((plane - low) / (high - low + 1e-12) * 255).to(torch.uint8).numpy()]


def compute(image, kernel_size, in_channels, out_channels):
    maps = torch.from_numpy(np.array(image.convert("RGB").resize((SIZE, SIZE)))).permute(2, 0, 1).float()[None] / 255
    generator = torch.Generator().manual_seed(0)
    k, m, n = int(kernel_size), int(in_channels), int(out_channels)
    if m != 3:
        maps = F.conv2d(maps, torch.randn(m, 3, 1, 1, generator=generator))
    depthwise = F.conv2d(maps, torch.randn(m, 1, k, k, generator=generator), padding=k // 2, groups=m)
    pointwise = F.conv2d(depthwise, torch.randn(n, m, 1, 1, generator=generator))
    standard, separable = k * k * m * n * SIZE**2, (k * k * m + m * n) * SIZE**2
    cost = f"standard {standard:,} MACs, separable {separable:,}, {standard / separable:.2f}x"
    return [apply_viridis(plane) for plane in depthwise[0]], [apply_viridis(plane) for plane in pointwise[0]], cost


def create_blocks(picture):
    with gr.Blocks() as blocks:
        inputs = [
            gr.Image(type="pil", value=picture),
            gr.Slider(1, 15, 3, step=2, label="kernel", elem_id="kernel"),
            gr.Slider(1, 256, 3, step=1, label="in", elem_id="inch"),
            gr.Slider(1, 512, 16, step=1, label="out", elem_id="outch"),
        ]
        cost = gr.Markdown(elem_id="cost")
        depthwise = gr.Gallery(columns=8, label="depthwise", elem_id="dw")
        pointwise = gr.Gallery(columns=8, label="pointwise", elem_id="pw")
        for each in inputs:
            each.change(compute, inputs, [depthwise, pointwise, cost], trigger_mode="always_last")
        blocks.load(compute, inputs, [depthwise, pointwise, cost])
    return blocks


if __name__ == "__main__":
    create_blocks(sys.argv[2]).launch(server_name="127.0.0.1", server_port=int(sys.argv[1]), quiet=True)
