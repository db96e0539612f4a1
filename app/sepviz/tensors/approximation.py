"""`approximate`: the best approximations of a kernel by fewer filters, by truncated singular value decomposition.

For each input channel the kernels of a standard layer are a matrix, outputs x cells. A depthwise separable layer with
depth multiplier m has matrices of rank m there, so that the best one has the m largest singular values. One kernel of
a spatially separable layer is a matrix of rows x columns, and a column times a row has rank 1.
"""

from collections.abc import Collection
from dataclasses import dataclass

import torch
from torch import Tensor

from sepviz.layer.approximation_budget import check_approximation, largest_rank
from sepviz.layer.kinds import KINDS, SEPARABLE
from sepviz.layer.operations import Convolution
from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec, properties
from sepviz.tensors.convolution import convolve
from sepviz.tensors.following import follow
from sepviz.tensors.inputs import Inputs
from sepviz.tensors.weights import kernels, unshared_kernels

MAX_RANKS: int = properties(LayerSpec)["depth_multiplier"]["maximum"]
MAPS_AT_ONCE = 8
VALUES_AT_ONCE = 2**20
ROUNDING = 1e-6  # of float32 weights: a smaller relative error is none


@dataclass(frozen=True, slots=True)
class Target:
    """The kernel of one output, (channels, rows, columns), and its approximations by rising rank."""

    channels: range  # of the input, that the output is made of
    kernel: Tensor
    bias: Tensor | None  # (1,)
    ranks: tuple[int, ...]
    approximations: Tensor  # (ranks, channels, rows, columns)
    errors: tuple[float, ...]  # of all kernels of the layer together, relative in the Frobenius norm, of each rank
    singular: Tensor  # (matrices, rank), the largest values first

    @property
    def exact_rank(self) -> int:
        """The rank from which on nothing but rounding is left out."""
        return exact_rank(self.singular)


@dataclass(frozen=True, slots=True)
class Approximation:
    """The map of one output, (height, width), and those of the approximations of its kernel."""

    target: Target
    output: Tensor
    errors: tuple[float | None, ...]  # of the map; None where it is zero and its approximation is not
    approximated: dict[int, Tensor]  # the maps of the wanted ranks


def standard_layer(spec: LayerSpec) -> LayerSpec | None:
    """The layer of the same shape that is one standard convolution; None where channels stay apart."""
    baseline = (KINDS[spec.kind].baseline,)
    return next((spec.as_kind(row.name) for row in KINDS.values() if row.stages == baseline), None)


def approximate(
    spec: LayerSpec, channel: int, inputs: Inputs, wanted: Collection[int], picture: bytes | None = None
) -> Approximation:
    """The approximations of the output `channel` of the standard layer, or of the one kernel of a channel.

    The standard layer has the kernels of `unshared_kernels`: of classic weights, which are composed, nothing would be
    given up.

    Raises `OverBudget` where they would take too much computing or memory.
    """
    standard = standard_layer(spec)
    with torch.inference_mode():
        if standard is None:
            check_approximation(spec, channel, min(spec.kernel_size))
            return _compute_outputs(spec, _kernel_of_channel(spec, channel), inputs, wanted, picture)
        full = largest_rank(plan(standard).convolutions[0])
        ranks = (*range(1, min(full, MAX_RANKS) + 1), *([full] if full > MAX_RANKS else []))
        check_approximation(standard, channel, len(ranks))
        return _compute_outputs(standard, _standard_kernel(standard, channel, ranks), inputs, wanted, picture)


def decompose(matrices: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The singular value decomposition of (matrices, rows, columns), in float64: U, the values, and V transposed."""
    left, singular, right = torch.linalg.svd(matrices.double(), full_matrices=False)
    return left, singular, right


def truncation_errors(singular: Tensor) -> list[float]:
    """The relative error, in the Frobenius norm, of all matrices together with 1, 2, ... of their terms."""
    energy = singular.square().sum(0)
    rest = energy.flip(0).cumsum(0).flip(0)[1:].tolist()
    total = float(energy.sum())
    return [(each / total) ** 0.5 if total else 0.0 for each in (*rest, 0.0)]


def exact_rank(singular: Tensor) -> int:
    """The number of terms from which on nothing but rounding is left out."""
    return next(number for number, error in enumerate(truncation_errors(singular), 1) if error < ROUNDING)


def _standard_kernel(standard: LayerSpec, channel: int, ranks: tuple[int, ...]) -> Target:
    convolution = plan(standard).convolutions[0]
    weight, bias = unshared_kernels(standard, convolution)
    made, read = convolution.out_channels // convolution.groups, weight.shape[1]
    # Of each group and each of its input channels a matrix, outputs x cells; some at a time.
    groups = weight.view(convolution.groups, made, read, -1).transpose(1, 2)
    at_once = max(1, VALUES_AT_ONCE // (made * groups.shape[-1]))
    singular, sums = [], []
    for number, group in enumerate(groups):
        for matrices in group.split(at_once):
            _, values, right = decompose(matrices)
            singular.append(values)
            if number == channel // made:
                # A row of U times the singular values is that row of the matrix times V.
                row = matrices[:, channel % made].double()
                sums.append(_partial_sums((right @ row[:, :, None]) * right, ranks))
    channels = convolution.channels_feeding(range(channel, channel + 1))
    return _target(channels, weight[channel], bias, channel, ranks, torch.cat(sums, 1), torch.cat(singular))


def _kernel_of_channel(spec: LayerSpec, channel: int) -> Target:
    """The whole kernel of a channel of a layer that has columns and rows: that of a depthwise stage."""
    layer, stage = spec.as_kind(SEPARABLE), KINDS[spec.kind].baseline
    weight, bias = kernels(layer, {stage.name: range(channel, channel + 1)})[stage.name]
    left, singular, right = decompose(weight[0])
    ranks = tuple(range(1, singular.shape[1] + 1))
    terms = left[0].T[:, :, None] * singular[0, :, None, None] * right[0, :, None]
    sums = _partial_sums(terms.flatten(1)[None], ranks)
    return _target(range(channel, channel + 1), weight[0], bias, 0, ranks, sums, singular)


def _partial_sums(terms: Tensor, ranks: tuple[int, ...]) -> Tensor:
    """The sums of so many first terms, (ranks, channels, cells), of (channels, terms, cells)."""
    return terms.cumsum(1)[:, [rank - 1 for rank in ranks]].transpose(0, 1).float()


def _target(
    channels: range,
    kernel: Tensor,
    biases: Tensor | None,
    number: int,
    ranks: tuple[int, ...],
    sums: Tensor,
    singular: Tensor,
) -> Target:
    errors = truncation_errors(singular)
    bias = None if biases is None else biases[number : number + 1]
    approximations = sums.view(len(ranks), *kernel.shape)
    return Target(channels, kernel, bias, ranks, approximations, tuple(errors[rank - 1] for rank in ranks), singular)


def _compute_outputs(
    spec: LayerSpec, target: Target, inputs: Inputs, wanted: Collection[int], picture: bytes | None
) -> Approximation:
    """The output and its approximations, some at a time; `spec` has the target's kernels in its baseline."""
    maps = inputs.tensor(spec, picture)[:, target.channels.start : target.channels.stop]
    output = _outputs(spec, maps, target.kernel[None], target.bias)[0]
    size = float(output.double().norm())
    errors: list[float | None] = []
    found = {}
    for start in range(0, len(target.ranks), MAPS_AT_ONCE):
        part = slice(start, start + MAPS_AT_ONCE)
        outputs = _outputs(spec, maps, target.approximations[part], target.bias)
        for rank, made in zip(target.ranks[part], outputs, strict=True):
            off = float((made - output).double().norm())
            errors.append(off / size if size else None if off else 0.0)
            if rank in wanted:
                found[rank] = made.clone()
    return Approximation(target, output, tuple(errors), found)


def _outputs(spec: LayerSpec, maps: Tensor, kernel: Tensor, bias: Tensor | None) -> Tensor:
    """The maps of several kernels of one output, (kernels, height, width)."""
    planned = plan(spec)
    made = convolve(maps, kernel, None if bias is None else bias.expand(len(kernel)), planned.replaced)
    for operation in planned.baseline:
        if not isinstance(operation, Convolution):
            made = follow(made, operation)
    return made[0]
