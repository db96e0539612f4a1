"""What the lens "What is given up" shows, for JSON; without the pictures it is what `/api/approximation` answers."""

from typing import Any

import torch
from torch import Tensor

from sepviz.layer.approximation_budget import largest_rank
from sepviz.layer.cost import LayerCost, compare
from sepviz.layer.kinds import KINDS, SEPARABLE
from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec
from sepviz.tensors.approximation import Approximation, approximate, decompose, exact_rank, standard_layer
from sepviz.tensors.encoders.kernel_cells import kernel_cells, kernel_domain
from sepviz.tensors.encoders.map_picture import common_domain, picture_of
from sepviz.tensors.inputs import Inputs
from sepviz.tensors.weights import UNSHARED, kernels
from sepviz.tensors.weights.classic import filter_names

MAX_TERMS = 3  # of column and row, that are shown


def approximation_document(
    spec: LayerSpec, channel: int, inputs: Inputs, picture: bytes | None, *, has_pictures: bool
) -> dict[str, Any]:
    """The approximations of an output; raises what `approximate` raises."""
    standard = standard_layer(spec)
    if standard is None:
        found = approximate(spec, channel, inputs, range(1, MAX_TERMS + 1), picture)
        document = _numbers(spec, channel, found, _column_row_ranks(spec, found))
        document["standard"] = _cost(compare(spec).baseline)
        if has_pictures:
            document |= _column_row_pictures(spec, channel, found)
    else:
        rank = min(spec.depth_multiplier, largest_rank(plan(standard).convolutions[0]))
        found = approximate(spec, channel, inputs, (rank,), picture)
        document = _numbers(spec, channel, found, _separable_ranks(standard, found))
        document["depth_multiplier"] = spec.depth_multiplier
        document["has_other_kernels"] = spec.weights in UNSHARED
        document["standard"] = {"query": standard.query(), **_cost(compare(standard).layer)}
        if has_pictures:
            document |= _separable_pictures(found, rank)
    return document


def _numbers(spec: LayerSpec, channel: int, found: Approximation, ranks: list[dict[str, Any]]) -> dict[str, Any]:
    errors = zip(ranks, found.target.errors, found.errors, strict=True)
    return {
        "query": spec.query(),
        "output": channel,
        "exact_from": found.target.exact_rank,
        "ranks": [each | {"kernel_error": kernel, "output_error": output} for each, kernel, output in errors],
    }


def _cost(cost: LayerCost, times: int = 1) -> dict[str, int]:
    """MACs and params of the stages; of so many such layers, whose outputs are added."""
    return {
        "macs": times * sum(each.macs.value for each in cost.stages),
        "params": times * sum(each.params for each in cost.stages),
    }


def _separable_ranks(standard: LayerSpec, found: Approximation) -> list[dict[str, Any]]:
    """Of each rank the depth multiplier that it takes, and the cost of that separable layer."""
    layer = standard.as_kind(SEPARABLE)
    costs = ((rank, layer.model_copy(update={"depth_multiplier": rank})) for rank in found.target.ranks)
    return [{"depth_multiplier": rank, **_cost(compare(each).layer)} for rank, each in costs]


def _column_row_ranks(spec: LayerSpec, found: Approximation) -> list[dict[str, Any]]:
    """Of each number of terms the share that the last of them holds, and the cost of so many layers."""
    energy = found.target.singular[0].square()
    total, cost = float(energy.sum()), compare(spec).layer
    return [
        {"terms": rank, "share": float(energy[rank - 1]) / total if total else 0.0, **_cost(cost, rank)}
        for rank in found.target.ranks
    ]


def _separable_pictures(found: Approximation, rank: int) -> dict[str, Any]:
    """The output, its approximation of a rank, and their difference, on the same colours."""
    approximated = found.approximated[rank]
    domain = common_domain(torch.stack((found.output, approximated)), "diverging")
    pictures = {"standard_map": found.output, "separable_map": approximated, "difference": found.output - approximated}
    return {name: picture_of(each, domain, "diverging") for name, each in pictures.items()}


def _column_row_pictures(spec: LayerSpec, channel: int, found: Approximation) -> dict[str, Any]:
    """The kernel, its terms with the maps of their sums, and the named filters with their ranks."""
    target = found.target
    shown = range(min(MAX_TERMS, target.exact_rank))
    vectors = _columns_and_rows(target.kernel, shown)
    kernel_ends = kernel_domain(target.kernel)
    column_ends, row_ends = (kernel_domain(*each) for each in zip(*vectors, strict=True))
    maps = [found.approximated[place + 1] for place in shown]
    domain = common_domain(torch.stack((found.output, *maps)), "diverging")
    names = filter_names(spec.kernel_size)
    return {
        "filter": names[channel % len(names)] if spec.weights == "classic" else "",
        "filters": _filter_ranks(spec, names),
        "kernel": kernel_cells(target.kernel[0], kernel_ends),
        "map": picture_of(found.output, domain, "diverging"),
        "terms": [
            {
                "column": kernel_cells(column, column_ends),
                "row": kernel_cells(row, row_ends),
                "map": picture_of(made, domain, "diverging"),
                "difference": picture_of(found.output - made, domain, "diverging"),
            }
            for (column, row), made in zip(vectors, maps, strict=True)
        ],
    }


def _columns_and_rows(kernel: Tensor, shown: range) -> list[tuple[Tensor, Tensor]]:
    """Of each term the column, (rows, 1), and the row, (1, columns), whose largest value is 1."""
    left, singular, right = decompose(kernel)
    found = []
    for place in shown:
        row = right[0, place]
        largest = row[row.abs().argmax()]
        column = left[0, :, place] * singular[0, place] * largest
        found.append((column[:, None].float(), (row / largest)[None].float()))
    return found


def _filter_ranks(spec: LayerSpec, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """The named filters of this kernel size, each with its rank and the first channel that has it."""
    layer = spec.as_kind(SEPARABLE).model_copy(update={"in_channels": len(names), "weights": "classic"})
    stage = KINDS[spec.kind].baseline
    every = kernels(layer, {stage.name: range(len(names))})[stage.name].weight
    return [
        {"name": name, "channel": each, "rank": exact_rank(decompose(every[each])[1])}
        for each, name in enumerate(names)
    ]
