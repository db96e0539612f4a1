"""`convolve`: one convolution of a layer, by `torch.nn.functional.conv2d` or as a matrix product."""

import torch
import torch.nn.functional as F
from torch import Tensor

from sepviz.layer.operations import Convolution

# Measured with one thread, torch 2.13, AVX-512: depthwise is 3 to 25 times faster channels-last, from one channel to
# 256; a convolution that mixes few channels is up to 8 times faster in the default layout.
FEW_CHANNELS = 16
# A dilated kernel takes up to seventy times as long where conv2d is also to pad more cells than these.
MAX_FAST_PADDING = 4


def convolve(maps: Tensor, weight: Tensor, bias: Tensor | None, convolution: Convolution) -> Tensor:
    """Output maps of a convolution, or of a run of whole groups of it: (1, outputs, height', width').

    `maps` is (1, channels, height, width) and holds only the input channels that feed these outputs; `weight` is
    (outputs, channels / groups, rows, columns), `bias` (outputs,).
    """
    groups = maps.shape[1] // weight.shape[1]
    if groups == 1 and _is_pointwise(convolution):
        return _mix(maps, weight, bias)
    is_narrow = groups == 1 and maps.shape[1] < FEW_CHANNELS
    maps = maps.contiguous(memory_format=torch.contiguous_format if is_narrow else torch.channels_last)
    (top, bottom), (left, right) = convolution.padding
    is_slow = max(convolution.dilation) > 1 and max(top, left) > MAX_FAST_PADDING
    if is_slow or (top, left) != (bottom, right):
        maps, top, left = F.pad(maps, (left, right, top, bottom)), 0, 0
    return F.conv2d(maps, weight, bias, convolution.stride, (top, left), convolution.dilation, groups)


def _is_pointwise(convolution: Convolution) -> bool:
    """Whether each output cell is made of the input cell at its own place alone."""
    ones, no_padding = (1, 1), ((0, 0), (0, 0))
    return (convolution.kernel, convolution.stride, convolution.padding) == (ones, ones, no_padding)


def _mix(maps: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """A 1x1 convolution as one matrix product: outputs x channels by channels x cells.

    As fast as conv2d in any memory format of the maps. The result is contiguous, as encoders read it: to convert
    conv2d's channels-last result took as long as to compute it.
    """
    channels, height, width = maps.shape[1:]
    cells = maps.permute(0, 2, 3, 1).reshape(-1, channels).T
    matrix = weight.flatten(1)
    mixed = matrix @ cells if bias is None else torch.addmm(bias[:, None], matrix, cells)
    return mixed.view(1, len(weight), height, width)
