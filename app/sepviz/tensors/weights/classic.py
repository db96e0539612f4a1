"""`classic` weights: depthwise kernels cycle through the named filters, a cosine basis mixes the channels.

The standard kernel is the composed one, W[n, c] = sum over r of P[n, c*m + r] * D[c*m + r], so that it makes the
very maps of the separable layer and the kinds can be compared.
"""

import math

import torch
from torch import Tensor

from sepviz.layer.operations import Convolution
from sepviz.layer.spec import LayerSpec
from sepviz.tensors.weights.filters import NAMES, SEPARABLE_NAMES, named, separable
from sepviz.tensors.weights.kernel import Kernel

BIAS = 0.1


def kernel(spec: LayerSpec, shape: Convolution, outputs: range) -> Kernel:
    """The stage's kernel for a run of its output channels."""
    if shape.name == "pointwise":
        weight = mixing(shape.in_channels, outputs)[:, :, None, None]
    elif shape.name == "standard":
        weight = _composed(spec, outputs)
    elif shape.name == "depthwise":
        weight = _filters(spec.kernel_size.height, outputs)[:, None]
    else:
        weight = _profiles(max(shape.kernel), shape.name, outputs).view(len(outputs), *shape.weight_shape[1:])
    return Kernel(weight, _bias(outputs) if spec.bias else None)


def filter_name(stage: str, channel: int) -> str:
    """What the kernel of a channel is called in a stage that works per channel."""
    names = NAMES if stage == "depthwise" else SEPARABLE_NAMES
    return names[channel % len(names)]


def mixing(channels: int, outputs: range) -> Tensor:
    """Rows of a cosine basis over the channels, (len(outputs), channels), each of absolute sum 1.

    Row 0 is the mean, rows up to `channels` ever finer contrasts (the discrete cosine transform); past them come the
    frequencies between, so that no two rows of several channels are alike. A row does not depend on how many there are.
    """
    places = (torch.arange(channels, dtype=torch.float64) + 0.5) / channels
    frequencies = torch.tensor([_frequency(n, channels) for n in outputs], dtype=torch.float64)
    rows = torch.cos(math.pi * frequencies[:, None] * places)
    return (rows / rows.abs().sum(1, keepdim=True)).float()


def _frequency(row: int, channels: int) -> float:
    """0, 1, ..., channels - 1, then those plus 1/2, then plus 1/4, plus 3/4, ... (van der Corput's sequence)."""
    turn, fraction, half = row // channels, 0.0, 0.5
    while turn:
        fraction += half * (turn & 1)
        turn, half = turn >> 1, half / 2
    return row % channels + fraction


def _filters(size: int, channels: range) -> Tensor:
    return torch.stack([named(filter_name("depthwise", channel), size) for channel in channels])


def _profiles(size: int, stage: str, channels: range) -> Tensor:
    part = 0 if stage == "vertical" else 1
    return torch.stack([separable(filter_name(stage, channel), size)[part] for channel in channels])


def _composed(spec: LayerSpec, outputs: range) -> Tensor:
    multiplier, between = spec.depth_multiplier, spec.in_channels * spec.depth_multiplier
    mixed = mixing(between, outputs).view(len(outputs), spec.in_channels, multiplier)
    filters = _filters(spec.kernel_size.height, range(between))
    filters = filters.view(spec.in_channels, multiplier, *spec.kernel_size)
    return torch.einsum("ncm,cmyx->ncyx", mixed, filters)


def _bias(outputs: range) -> Tensor:
    """Small and of alternating sign, so that one sees it: +0.1, -0.1, ..."""
    return torch.tensor([BIAS if channel % 2 == 0 else -BIAS for channel in outputs])
