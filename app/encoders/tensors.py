"""A trace as a safetensors file."""

import json
from typing import Literal

import torch
from safetensors.torch import save
from torch import Tensor

from app.encoders import Encoded
from app.encoders.planes import tiled, to_bytes
from app.trace import Trace

DType = Literal["float32", "float16", "uint8"]
MEDIA_TYPE = "application/octet-stream"


def encode(trace: Trace, dtype: DType = "float32", tile: int | None = None) -> Encoded:
    """The maps that were asked for under their stage's name, (channels, height, width), and their kernels.

    Kernels (`depthwise.weight`, `.bias`) are those of the channels asked for and stay float32 with uint8, as they are
    what numbers are read from. With uint8, `<name>.range` holds each plane's low and high. The metadata has, as
    JSON under `sepviz` (one key: the library writes several in no fixed order), the layer's canonical query and which
    channels each stage holds.
    """
    with torch.inference_mode():
        tensors: dict[str, Tensor] = {}
        held = {"query": trace.spec.query()}
        for name, maps in trace.asked().items():
            held[f"{name}.channels"] = f"{maps.channels.start}-{maps.channels.stop - 1}"
            values = maps.values if tile is None else tiled(maps.values, tile)
            if dtype == "uint8":
                tensors[name], tensors[f"{name}.range"] = to_bytes(values)
            else:
                tensors[name] = values[0].to(getattr(torch, dtype)).contiguous()
            if name != "input":
                tensors.update(_kernel(trace, name, maps.channels, dtype))
        return Encoded(save(tensors, {"sepviz": json.dumps(held)}), MEDIA_TYPE)


def _kernel(trace: Trace, name: str, channels: range, dtype: DType) -> dict[str, Tensor]:
    stage = trace.stage(name)
    start = stage.output.channels.start
    run = slice(channels.start - start, channels.stop - start)
    kind = torch.float16 if dtype == "float16" else torch.float32
    parts = {f"{name}.weight": stage.weight, f"{name}.bias": stage.bias}
    return {key: tensor[run].to(kind).contiguous() for key, tensor in parts.items() if tensor is not None}
