"""`classic` weights: depthwise kernels cycle through the named filters, `mixing` has the pointwise rows.

The standard kernel is the composed one, W[n, c] = sum over r of P[n, c*m + r] * D[c*m + r], so that its maps equal
those of the separable layer and the kinds can be compared. With groups each group is composed by itself: with as
many as channels its kernels are those of the depthwise stage.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from sepviz.layer.operations import Convolution, Pair
from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec
from sepviz.tensors.weights.filters import NAMES, SEPARABLE_NAMES, name_at, named, separable
from sepviz.tensors.weights.kernel import Kernel
from sepviz.tensors.weights.mixing import mixing

BIAS = 0.1


def kernels(spec: LayerSpec, outputs: Mapping[str, range]) -> dict[str, Kernel]:
    """The kernels of the convolutions named in `outputs`; nothing else is computed."""
    convolutions = [each for each in plan(spec).convolutions if each.name in outputs]
    return {each.name: _kernel(spec, each, outputs[each.name]) for each in convolutions}


def _kernel(spec: LayerSpec, convolution: Convolution, outputs: range) -> Kernel:
    """The kernel of a convolution for a run of its output channels."""
    stage = convolution.stage
    if stage.is_pointwise:
        weight = mixing(convolution.in_channels, outputs)[:, :, None, None]
    elif stage.mixes_channels:
        weight = _composed(spec, convolution, outputs)
    else:
        weight = _own_filters(convolution, outputs)[:, None]
    return Kernel(weight, _bias(outputs) if spec.bias else None)


def unshared_kernels(convolution: Convolution) -> Tensor:
    """Standard kernels, (outputs, channels / groups, rows, columns), whose outputs do not share their filters.

    Output n has the named filter n + c for channel c, weighed as the pointwise stage weighs it. The composed kernels
    of `kernels` have rank m for each channel; these have as many as there are independent filters.
    """
    outputs, read = convolution.weight_shape[:2]
    filters = _filters(convolution.kernel, torch.arange(outputs)[:, None] + torch.arange(read))
    return filters.mul_(mixing(read, range(outputs))[:, :, None, None])


def filter_names(kernel: Pair) -> tuple[str, ...]:
    """The filters of kernels of that size, in turn: of those that are not square, and of columns and rows, rank 1."""
    return NAMES if kernel[0] == kernel[1] else SEPARABLE_NAMES


def kernel_names(spec: LayerSpec, convolution: Convolution, outputs: range) -> tuple[str, ...]:
    """The filter of each kernel of a run of outputs, or the one whose column or row it is; none of a mixing stage."""
    stage = convolution.stage
    if stage.mixes_channels:
        return ()
    size = spec.kernel_size
    names = SEPARABLE_NAMES if stage.is_one_sided else filter_names(size)
    return tuple(name_at(names[channel % len(names)], size) for channel in outputs)


def _own_filters(convolution: Convolution, channels: range) -> Tensor:
    """The kernels of a stage that works per channel, (len(channels), rows, columns)."""
    stage = convolution.stage
    if stage.is_one_sided:
        size = convolution.kernel[stage.axis]
        profiles = [separable(SEPARABLE_NAMES[each % len(SEPARABLE_NAMES)], size)[stage.axis] for each in channels]
        return torch.stack(profiles).view(len(channels), *convolution.kernel)
    return _filters(convolution.kernel, channels)


def _filters(kernel: Pair, channels: Sequence[int] | Tensor) -> Tensor:
    """The filters of these numbers, (*shape of channels, rows, columns)."""
    every = torch.stack([_filter(name, kernel) for name in filter_names(kernel)])
    return every[torch.as_tensor(channels) % len(every)]


def _filter(name: str, kernel: Pair) -> Tensor:
    rows, columns = kernel
    if rows == columns:
        return named(name, rows)
    return torch.outer(separable(name, rows)[0], separable(name, columns)[1])


def _composed(spec: LayerSpec, convolution: Convolution, outputs: range) -> Tensor:
    """The kernels that a separable layer of each group stands for; the run is of whole groups."""
    groups, multiplier = convolution.groups, spec.depth_multiplier
    made, read = convolution.out_channels // groups, convolution.in_channels // groups
    parts = []
    for group in range(outputs.start // made, -(-outputs.stop // made)):
        start = group * made
        run = range(max(outputs.start - start, 0), min(outputs.stop - start, made))
        mixed = mixing(read * multiplier, run).view(len(run), read, multiplier)
        first = group * read * multiplier
        filters = _filters(convolution.kernel, range(first, first + read * multiplier))
        filters = filters.view(read, multiplier, *convolution.kernel)
        parts.append(torch.einsum("ncm,cmyx->ncyx", mixed, filters))
    return torch.cat(parts)


def _bias(outputs: range) -> Tensor:
    """Small and of alternating sign, so that it is visible: +0.1, -0.1, ..."""
    return torch.tensor([BIAS if channel % 2 == 0 else -BIAS for channel in outputs])
