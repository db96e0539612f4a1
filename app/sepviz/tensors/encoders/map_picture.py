"""One map as a picture inside the HTML of a lens: a PNG for the light page and one for the dark."""

import base64
import io
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from sepviz.palette import ColorMap
from sepviz.tensors.encoders.colormaps import entries, table
from sepviz.tensors.encoders.grid import Limit, limit
from sepviz.tensors.encoders.planes import tiled

MAX_TILE = 128


@torch.inference_mode()
def common_domain(maps: Tensor, colormap: ColorMap) -> Limit:
    """The domain of the colours of maps, (channels, height, width), that are compared by their colours."""
    return limit(maps.numpy(), colormap)


@torch.inference_mode()
def picture_of(values: Tensor, domain: Limit, colormap: ColorMap) -> dict[str, Any]:
    """A map, (height, width), for JSON: its size, its least and largest value, and PNGs as data URIs."""
    tile = tiled(values[None, None], MAX_TILE)[0, 0].numpy()
    dark: ColorMap = "diverging-dark" if colormap == "diverging" else colormap
    light_png, dark_png = (
        _data_uri(entries(tile, domain, each).tobytes(), tile.shape, each) for each in (colormap, dark)
    )
    return {
        "height": values.shape[0],
        "width": values.shape[1],
        "low": values.min().item(),
        "high": values.max().item(),
        "light": light_png,
        "dark": dark_png,
    }


def _data_uri(pixels: bytes, shape: tuple[int, ...], colormap: ColorMap) -> str:
    picture = Image.frombytes("P", (shape[1], shape[0]), pixels)
    picture.putpalette(table(colormap).tobytes())
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=6)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
