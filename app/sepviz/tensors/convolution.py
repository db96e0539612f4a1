"""`convolve`: one convolution of a layer, by `torch.nn.functional.conv2d` or as a matrix product."""

from dataclasses import replace
from math import prod

import torch
import torch.nn.functional as F
from torch import Tensor

from sepviz.layer.operations import Convolution

# Measured with one thread, torch 2.13, AVX-512: depthwise is 3 to 25 times faster channels-last, from one channel to
# 256; a convolution that mixes few channels is up to 8 times faster in the default layout.
FEW_CHANNELS = 16
# A dilated kernel takes up to seventy times as long where conv2d is also to pad more cells than these.
MAX_FAST_PADDING = 4
# A map of one cell may be padded to 1921 x 1921: what many channels take then, no budget counts.
MAX_CELLS_AT_ONCE = 2**24
WIDELY_PADDED = 4  # as many cells with the padding as without


def convolve(maps: Tensor, weight: Tensor, bias: Tensor | None, convolution: Convolution) -> Tensor:
    """Output maps of a convolution, or of a run of whole groups of it: (1, outputs, height', width').

    `maps` is (1, channels, height, width) and holds only the input channels that feed these outputs; `weight` is
    (outputs, channels / groups, rows, columns), `bias` (outputs,).
    """
    if maps.shape[1] == weight.shape[1] and _is_pointwise(convolution):
        return _mix(maps, weight, bias)
    rows, columns = (_reaching(convolution, axis) for axis in (0, 1))
    if not rows or not columns:
        value = maps.new_zeros(len(weight)) if bias is None else bias
        return value[None, :, None, None].repeat(1, 1, *convolution.output)
    reaching = weight[:, :, rows.start : rows.stop, columns.start : columns.stop]
    return _convolve_in_parts(maps, reaching, bias, _without(convolution, rows, columns))


def _reaching(convolution: Convolution, axis: int) -> range:
    """The kernel's rows, or columns, without those at its ends that meet padding alone, whatever the output."""
    before, dilation = convolution.padding[axis][0], convolution.dilation[axis]
    last_start = (convolution.output[axis] - 1) * convolution.stride[axis] - before
    kernel, size = convolution.kernel[axis], convolution.input[axis]
    return range(max(-(last_start // dilation), 0), min(-(-(size + before) // dilation), kernel))


def _without(convolution: Convolution, rows: range, columns: range) -> Convolution:
    """The convolution with the kernel cut to these rows and columns, and the padding that the others need cut off."""
    padding = []
    for axis, run in enumerate((rows, columns)):
        before, after = convolution.padding[axis]
        dilation = convolution.dilation[axis]
        cut_after = (convolution.kernel[axis] - run.stop) * dilation
        padding.append((before - run.start * dilation, after - cut_after))
    return replace(convolution, kernel=(len(rows), len(columns)), padding=(padding[0], padding[1]))


def _convolve_in_parts(maps: Tensor, weight: Tensor, bias: Tensor | None, convolution: Convolution) -> Tensor:
    """The convolution of as many channels at a time as fit into `MAX_CELLS_AT_ONCE` once they are padded."""
    channels, read = maps.shape[1], weight.shape[1]
    at_once = max(1, MAX_CELLS_AT_ONCE // _cells_of_a_channel(convolution))
    if channels <= at_once:
        return _conv2d(maps, weight, bias, convolution)
    if read < channels:
        groups = max(1, at_once // read)
        made = groups * len(weight) * read // channels
        kernels = torch.split(weight, made)
        biases = [None] * len(kernels) if bias is None else torch.split(bias, made)
        grouped = zip(torch.split(maps, groups * read, 1), kernels, biases, strict=True)
        return torch.cat([_convolve_in_parts(*group, convolution) for group in grouped], 1)
    parts = zip(torch.split(maps, at_once, 1), torch.split(weight, at_once, 1), strict=True)
    sums = (_conv2d(source, kernel, None, convolution) for source, kernel in parts)
    total = next(sums)
    for each in sums:
        total += each
    return total if bias is None else total.add_(bias[:, None, None])


def _cells_of_a_channel(convolution: Convolution) -> int:
    """The cells that one input channel becomes before it is convolved.

    Of a map much smaller than its padding conv2d may copy every window.
    """
    padded = prod(size + sum(around) for size, around in zip(convolution.input, convolution.padding, strict=True))
    if padded <= WIDELY_PADDED * prod(convolution.input):
        return padded
    return max(padded, prod(convolution.kernel) * prod(convolution.output))


def _conv2d(maps: Tensor, weight: Tensor, bias: Tensor | None, convolution: Convolution) -> Tensor:
    groups = maps.shape[1] // weight.shape[1]
    is_narrow = groups == 1 and maps.shape[1] < FEW_CHANNELS
    maps = maps.contiguous(memory_format=torch.contiguous_format if is_narrow else torch.channels_last)
    (top, bottom), (left, right) = convolution.padding
    is_dilated = max(convolution.dilation) > 1
    is_slow = is_dilated and max(top, left) > MAX_FAST_PADDING
    is_unsafe = is_dilated and any(_has_empty_windows(convolution, axis) for axis in (0, 1))
    if is_slow or is_unsafe or (top, left) != (bottom, right) or min(top, left) < 0:
        maps, top, left = F.pad(maps, (left, right, top, bottom)), 0, 0
    return F.conv2d(maps, weight, bias, convolution.stride, (top, left), convolution.dilation, groups)


def _has_empty_windows(convolution: Convolution, axis: int) -> bool:
    """Whether some output's window meets padding alone along the axis.

    With a dilated kernel, several groups, a bias and channels-last maps, conv2d of torch 2.13 may crash the process
    there, unless the maps were padded before.
    """
    start, step = -convolution.padding[axis][0], convolution.dilation[axis]
    size, kernel = convolution.input[axis], convolution.kernel[axis]
    return any(
        not any(0 <= cell < size for cell in range(first, first + kernel * step, step))
        for first in range(start, start + convolution.output[axis] * convolution.stride[axis], convolution.stride[axis])
    )


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
