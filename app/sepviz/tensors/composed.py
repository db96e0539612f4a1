"""`compose`: one output of a layer beside that of a single convolution, the layer's baseline.

The kernels of two stages of which one is pointwise, or that reach along different axes, multiply cell by cell:
W[n, c] = sum over r of P[n, c*m + r] * D[c*m + r] for a depthwise separable layer, column times row for a spatially
separable one. A bias of the first stage passes through the kernels of the second and is added to theirs.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import torch
from torch import Tensor

from sepviz.layer.operations import Convolution, Norm
from sepviz.layer.plan import Plan, plan
from sepviz.layer.selection import Selection
from sepviz.layer.spec import LayerSpec
from sepviz.tensors.convolution import convolve
from sepviz.tensors.following import follow
from sepviz.tensors.inputs import Inputs
from sepviz.tensors.trace import Trace, TracedOperation, run


@dataclass(frozen=True, slots=True)
class ComposedKernel:
    """The kernel and the bias of one output of the single convolution.

    `factors` are of each stage the kernels, (channels, kernels of each channel, rows, columns), whose products, summed
    over the second axis, are the slices.
    """

    channels: range  # of the input, that the output is made of
    slices: Tensor  # (channels, rows, columns)
    bias: float | None
    factors: tuple[Tensor, ...]


@dataclass(frozen=True, slots=True)
class ComposedOutput:
    """A map of a layer, (height, width), and the map that the single convolution makes in its place."""

    kernel: ComposedKernel
    layer: Tensor
    composed: Tensor


def is_one_convolution(planned: Plan) -> bool:
    """Whether a single convolution gives the same maps, whatever the input.

    None does where an operation stands between two stages, or where a stage pads maps that have a bias: the padding is
    zero, without the bias.
    """
    return not any(first.followed_by or _pads_bias(first, second) for first, second in pairwise(planned.convolutions))


def is_normalized_between(planned: Plan) -> bool:
    """Whether batch norm is all that stands between the stages."""
    last = planned.operations.index(planned.convolutions[-1])
    between = [each for each in planned.operations[:last] if not isinstance(each, Convolution)]
    return bool(between) and all(isinstance(each, Norm) for each in between)


def _pads_bias(first: Convolution, second: Convolution) -> bool:
    return first.bias and any(map(any, second.padding))


@torch.inference_mode()
def compose(spec: LayerSpec, channel: int, inputs: Inputs, picture: bytes | None = None) -> ComposedOutput:
    """The output `channel` of a layer beside that of a single convolution.

    Raises what `sepviz.tensors.trace.run` raises.
    """
    planned = plan(spec)
    last = planned.operations[-1].name
    trace = run(spec, inputs, Selection((last,), range(channel, channel + 1)), picture)
    kernel = composed_kernel(trace, channel)
    made = trace.selected_maps()[last].values[0, 0]
    return ComposedOutput(kernel, made, _baseline_map(trace, planned, channel, kernel))


def composed_kernel(trace: Trace, channel: int) -> ComposedKernel:
    """The kernel that the stages of a layer are together, for one output; summed in float64."""
    *before, last = (stage for stage in trace.stages if isinstance(stage.operation, Convolution))
    weight, bias = _part(last, range(channel, channel + 1))
    channels = last.operation.channels_feeding(range(channel, channel + 1))
    kernel = ComposedKernel(channels, weight[0].double(), None if bias is None else bias.item(), (weight[0][:, None],))
    for stage in reversed(before):
        kernel = _preceded(stage, kernel)
    return replace(kernel, slices=kernel.slices.float())


def _preceded(stage: TracedOperation, kernel: ComposedKernel) -> ComposedKernel:
    """The kernel of what follows the stage, with the stage before it; the stage keeps channels apart."""
    weight, bias = _part(stage, kernel.channels)
    channels = stage.operation.channels_feeding(kernel.channels)
    by_channel = (weight[:, 0], kernel.slices)
    first, second = (each.view(len(channels), -1, *each.shape[1:]) for each in by_channel)
    passed = 0.0 if bias is None else (kernel.slices.sum((1, 2)) * bias).sum().item()
    total = kernel.bias if kernel.bias is None else kernel.bias + passed
    return ComposedKernel(channels, (first * second).sum(1), total, (first, second.float()))


def _part(stage: TracedOperation, channels: range) -> tuple[Tensor, Tensor | None]:
    """The weight and the bias of a part of the computed channels."""
    assert stage.weight is not None  # noqa: S101 - it is a convolution
    start = stage.output.channels.start
    part = slice(channels.start - start, channels.stop - start)
    return stage.weight[part], None if stage.bias is None else stage.bias[part]


def _baseline_map(trace: Trace, planned: Plan, channel: int, kernel: ComposedKernel) -> Tensor:
    """The output of the layer's baseline with the composed kernel, which is zero for channels that do not feed it."""
    read = planned.replaced.channels_feeding(range(channel, channel + 1))
    weight = torch.zeros(1, len(read), *planned.replaced.kernel)
    start = kernel.channels.start - read.start
    weight[0, start : start + len(kernel.channels)] = kernel.slices
    bias = None if kernel.bias is None else torch.tensor([kernel.bias])
    maps = convolve(trace.input.part(read).values, weight, bias, planned.replaced)
    for operation in planned.baseline:
        if not isinstance(operation, Convolution):
            maps = follow(maps, operation)
    return maps[0, 0]
