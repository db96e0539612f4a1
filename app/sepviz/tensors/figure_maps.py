"""`draw_with_maps`: a figure with the real maps on its planes and the real weights in its kernels."""

import base64
import io
import re
from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from sepviz.errors import BadParameter, InvalidParameters
from sepviz.figures import draw_pictured, find_requests
from sepviz.figures.map_images import COLORMAPS, MAX_BYTES, KernelKey, MapImage, MapImages, MapKey
from sepviz.figures.mapped import Layers, drawn_layers
from sepviz.figures.options import Options
from sepviz.layer.plan import plan
from sepviz.layer.selection import Selection
from sepviz.layer.spec import UPLOAD_PATTERN, LayerSpec
from sepviz.palette import ColorMap
from sepviz.tensors.encoders.colormaps import entries, table
from sepviz.tensors.encoders.grid import Limit, limit
from sepviz.tensors.encoders.planes import tiled
from sepviz.tensors.inputs import Inputs
from sepviz.tensors.trace import Trace, run
from sepviz.tensors.weights import kernels

INPUT = "input"
# The longer side of a map's picture, in cells: the first with which the figure is small enough.
TILES = (96, 72, 56, 40, 28, 20)
MIN_PIXELS = 48  # renderers smooth between pixels, so that the cells of a small map are repeated


def draw_with_maps(name: str, spec: LayerSpec, options: Options, inputs: Inputs, picture: bytes | None = None) -> str:
    """The SVG of a figure with maps; `picture` is the content of the upload that the spec names.

    Raises what `draw` and `sepviz.tensors.trace.run` raise.
    """
    if picture is None and re.fullmatch(UPLOAD_PATTERN, spec.input):
        where = "a sample or a generated tensor, or --image FILE of `sepviz diagram`"
        why = "an uploaded picture is on its server alone"
        raise InvalidParameters([BadParameter("input", spec.input, where, why)])
    requests = find_requests(name, spec, options)
    layers = drawn_layers(name, spec)
    maps = _compute_maps(layers, requests.maps, inputs, picture)
    weights = _read_kernels(layers, requests.kernels)
    limits = _kernel_limits(weights)
    for tile in TILES:
        images = {key: _encode_map(values, key.stage == INPUT, tile) for key, values in maps.items()}
        pictures = MapImages(images, {key: _rows(kernel) for key, kernel in weights.items()}, limits)
        svg = draw_pictured(name, spec, options, pictures)
        if len(svg.encode()) <= MAX_BYTES:
            break
    return svg


def _layer_with(layers: Layers, stage: str) -> LayerSpec:
    """The layer that computes the maps of this stage."""
    return next(each for each in layers if stage == INPUT or any(stage == one.name for one in plan(each).convolutions))


def _result(layer: LayerSpec, stage: str) -> str:
    """The name of the maps that a convolution's plane shows: those after all that follows it."""
    planned = plan(layer)
    return next((planned.result(each).name for each in planned.convolutions if each.name == stage), INPUT)


def _compute_maps(
    layers: Layers, keys: Iterable[MapKey], inputs: Inputs, picture: bytes | None
) -> dict[MapKey, Tensor]:
    """The maps as (height, width)."""
    found: dict[MapKey, Tensor] = {}
    for layer in layers:
        own = [key for key in keys if _layer_with(layers, key.stage) is layer]
        for selection in _selections({(_result(layer, key.stage), key.channel) for key in own}):
            trace = run(layer, inputs, selection, picture)
            found |= _maps_of(trace, layer, own)
    return found


def _selections(maps: Iterable[tuple[str, int]]) -> Iterable[Selection]:
    """Selections of these maps: the first channels of all stages at once, then each later one."""
    channels = {channel for _, channel in maps}
    first = next(count for count in range(len(channels) + 1) if count not in channels)
    stages = {name for name, channel in maps if channel < first}
    if stages:
        yield Selection(tuple(sorted(stages)), range(first))
    for name, channel in sorted(maps):
        if channel >= first:
            yield Selection((name,), range(channel, channel + 1))


def _maps_of(trace: Trace, layer: LayerSpec, keys: Iterable[MapKey]) -> dict[MapKey, Tensor]:
    """Those of the maps that the trace has."""
    computed = trace.selected_maps()
    found = {}
    for key in keys:
        maps = computed.get(_result(layer, key.stage))
        if maps is not None and key.channel in maps.channels:
            found[key] = maps.values[0, key.channel - maps.channels.start]
    return found


def _read_kernels(layers: Layers, keys: Iterable[KernelKey]) -> dict[KernelKey, Tensor]:
    """The kernels as (rows, columns)."""
    found: dict[KernelKey, Tensor] = {}
    for stage, output in sorted({(key.stage, key.output) for key in keys}):
        weight = kernels(_layer_with(layers, stage), {stage: range(output, output + 1)})[stage][0]
        found |= {key: weight[0, key.channel] for key in keys if (key.stage, key.output) == (stage, output)}
    return found


def _kernel_limits(weights: dict[KernelKey, Tensor]) -> dict[str, float]:
    """The largest magnitude by stage: kernels of several cells share one, and so do those of one cell."""
    limits: dict[bool, float] = {}
    for kernel in weights.values():
        is_point = kernel.numel() == 1
        limits[is_point] = max(limits.get(is_point, 0.0), kernel.abs().max().item())
    return {key.stage: limits[kernel.numel() == 1] for key, kernel in weights.items()}


def _rows(kernel: Tensor) -> tuple[tuple[float, ...], ...]:
    return tuple(map(tuple, kernel.tolist()))


@torch.inference_mode()
def _encode_map(values: Tensor, is_input: bool, tile: int) -> MapImage:
    """The map over its own range, as the page shows it: a picture's own channels are grey, all others red and blue."""
    cells = tiled(values[None, None], tile)[0, 0].numpy()
    if is_input and cells.min() >= 0:
        grey = _data_uri(cells, (0, max(1.0, float(cells.max()))), "grey")
        return MapImage(grey, grey)
    domain = limit(cells, COLORMAPS["light"])
    return MapImage(*(_data_uri(cells, domain, COLORMAPS[mode]) for mode in ("light", "dark")))


def _data_uri(cells: NDArray[np.float32], domain: Limit, colormap: ColorMap) -> str:
    """Cells as a PNG whose palette has no more colours than it needs."""
    used, pixels = np.unique(entries(cells, domain, colormap), return_inverse=True)
    times = -(-MIN_PIXELS // max(cells.shape))
    picture = Image.fromarray(pixels.reshape(cells.shape).astype(np.uint8).repeat(times, 0).repeat(times, 1))
    picture.putpalette(table(colormap)[used].tobytes())
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=6)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
