"""The convolutions themselves: pure functions over `torch.nn.functional.conv2d`."""

import torch
import torch.nn.functional as F
from torch import Tensor

from sepviz.layer.operations import Convolution

# Measured with one thread, torch 2.13, AVX-512: depthwise is 3 to 25 times faster channels-last, from one channel to
# 256; a convolution that mixes few channels is up to 8 times faster in the default layout.
FEW_CHANNELS = 16
# A dilated kernel takes up to seventy times as long where conv2d is also to pad more cells than these.
MOST_PADDED = 4


def convolve(maps: Tensor, weight: Tensor, bias: Tensor | None, shape: Convolution) -> Tensor:
    """One stage, or a run of its output channels.

    `maps` is (1, channels, height, width) and holds just the input channels that feed these outputs; `weight` is
    (outputs, channels / groups, rows, columns). Returns (1, outputs, height', width').
    """
    if shape.stage.is_pointwise:
        return _pointwise(maps, weight, bias)
    groups = maps.shape[1] // weight.shape[1]
    few = groups == 1 and maps.shape[1] < FEW_CHANNELS
    maps = maps.contiguous(memory_format=torch.contiguous_format if few else torch.channels_last)
    (top, bottom), (left, right) = shape.padding
    slow = max(shape.dilation) > 1 and max(top, left) > MOST_PADDED
    if slow or (top, left) != (bottom, right):
        maps, top, left = F.pad(maps, (left, right, top, bottom)), 0, 0
    return F.conv2d(maps, weight, bias, shape.stride, (top, left), shape.dilation, groups)


def _pointwise(maps: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """A 1x1 convolution is one matrix product: outputs x channels by channels x cells.

    As fast as conv2d, whatever the layout of the maps, and its planes lie one after the other, as encoders read them;
    to turn conv2d's channels-last answer took as long as to compute it.
    """
    channels, height, width = maps.shape[1:]
    cells = maps.permute(0, 2, 3, 1).reshape(-1, channels).T
    matrix = weight.flatten(1)
    mixed = matrix @ cells if bias is None else torch.addmm(bias[:, None], matrix, cells)
    return mixed.view(1, len(weight), height, width)
