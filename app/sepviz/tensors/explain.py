"""`explain` takes one value of a map apart: the arithmetic of every operation that it is made by, back to the input.

Sums are computed in float64 from the float32 operands; beside each stands the value that torch computed.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sepviz.layer.cell import Cell, Cells, feeding_cells
from sepviz.layer.operations import Activation, Convolution, Norm
from sepviz.layer.plan import plan
from sepviz.layer.selection import Selection
from sepviz.layer.spec import LayerSpec
from sepviz.tensors.encoders.grid import limit
from sepviz.tensors.explanation import (
    ActivationStep,
    ConvolutionStep,
    Explanation,
    NormStep,
    Part,
    Patch,
    Rest,
    Rows,
    Step,
)
from sepviz.tensors.following import EPSILON, activation, statistics
from sepviz.tensors.inputs import Inputs
from sepviz.tensors.trace import Maps, TracedOperation, run

MAX_PARTS = 8  # channels whose products are listed; the others are summed up
AROUND = 4  # cells on each side of the explained one

Doubles = NDArray[np.float64]
Place = tuple[int, int]


def explain(
    spec: LayerSpec, inputs: Inputs, cell: Cell, picture: bytes | None = None, through: int | None = None
) -> Explanation:
    """The value of the cell, taken apart.

    Where several channels make the value, the steps before are those of channel `through`, or of the one that adds
    most, if `through` is None or none of them. Raises `InvalidParameters` for a cell outside the layer and what else
    `sepviz.tensors.trace.run` raises.
    """
    regions = feeding_cells(plan(spec), cell)
    trace = run(spec, inputs, Selection((cell.stage,), range(cell.channel, cell.channel + 1)), picture)
    steps: list[Step] = []
    channel, place = cell.channel, (cell.row, cell.column)
    for stage, region in zip(reversed(trace.stages), pairwise(regions), strict=True):
        step = _step(stage, channel, place, region, through)
        steps.append(step)
        found = _largest_factor(step, place)
        if found is None:
            break
        channel, place = step.source.channel, found
    last = trace.stages[-1].output
    return Explanation(
        *cell,
        value=steps[0].value,
        steps=tuple(reversed(steps)),
        around=_patch(
            last, cell.channel, *(_around(at, size) for at, size in zip(cell[2:], last.values.shape[2:], strict=True))
        ),
        input_names=inputs.names(spec, picture),
    )


def _step(
    stage: TracedOperation, channel: int, place: Place, regions: tuple[Cells, Cells], through: int | None
) -> Step:
    output, source = regions
    found = _patch(stage.output, channel, output.rows, output.columns)
    value = _plane(stage.output, channel)[place].item()
    own = (stage.name, channel, *place, value, found)
    if isinstance(stage.operation, Convolution):
        return _convolution_step(stage, stage.operation, own, source, through)
    before = _patch(stage.source, channel, source.rows, source.columns)
    operand = _plane(stage.source, channel)[place].item()
    if isinstance(stage.operation, Norm):
        variance, mean = (each.item() for each in statistics(stage.source.part(range(channel, channel + 1)).values))
        result = (operand - mean) / (variance + EPSILON) ** 0.5
        return NormStep(*own, before, operand, mean, variance, EPSILON, result)
    return ActivationStep(*own, before, operand, _activated(stage.operation, operand))


@torch.inference_mode()
def _activated(operation: Activation, operand: float) -> float:
    result: Tensor = activation(operation.module)(torch.tensor(operand, dtype=torch.float64))
    return result.item()


def _convolution_step(
    stage: TracedOperation,
    convolution: Convolution,
    own: tuple[str, int, int, int, float, Patch],
    source: Cells,
    through: int | None,
) -> ConvolutionStep:
    _, channel, row, column, *_ = own
    channels = convolution.channels_feeding(range(channel, channel + 1))
    rows, columns = convolution.window(row, column)
    assert stage.weight is not None  # noqa: S101 - every convolution has one
    kernels = stage.weight[channel - stage.output.channels.start].numpy().astype(np.float64)
    windows = _windows(stage.source.part(channels), rows, columns)
    products = np.where(np.isnan(windows), 0, windows) * kernels
    sums = products.sum((1, 2))
    chosen = through if through is not None and through in channels else channels[int(np.abs(sums).argmax())]
    listed = _listed(sums, channels.index(chosen))
    bias = None if stage.bias is None else stage.bias[channel - stage.output.channels.start].item()
    parts = (
        Part(channels[each], _rows(windows[each]), _rows(kernels[each]), _rows(products[each]), float(sums[each]))
        for each in listed
    )
    return ConvolutionStep(
        *own,
        source=_patch(stage.source, chosen, source.rows, source.columns),
        rows=tuple(rows),
        columns=tuple(columns),
        parts=tuple(parts),
        rest=Rest(len(sums) - len(listed), float(np.delete(sums, listed).sum())),
        bias=bias,
        sum=float(sums.sum()) + (bias or 0),
        through=chosen,
        kernel_limit=stage.weight.abs().max().item(),
    )


def _listed(sums: Doubles, chosen: int) -> list[int]:
    """The channels to list: all in order, or the largest first and the chosen one among them."""
    if len(sums) <= MAX_PARTS:
        return list(range(len(sums)))
    largest = np.argsort(-np.abs(sums), kind="stable")[:MAX_PARTS].tolist()
    return largest if chosen in largest else [*largest[:-1], chosen]


def _largest_factor(step: Step, place: Place) -> Place | None:
    """The cell of the source whose product is the largest; None where all of the window is padding."""
    if not isinstance(step, ConvolutionStep):
        return place
    chosen = next(each for each in step.parts if each.channel == step.through)
    inside = [
        (abs(product or 0), row, column)
        for row, window, products in zip(step.rows, chosen.window, chosen.products, strict=True)
        for column, value, product in zip(step.columns, window, products, strict=True)
        if value is not None
    ]
    return max(inside, key=lambda each: each[0])[1:] if inside else None


def _plane(maps: Maps, channel: int) -> NDArray[np.float32]:
    plane: NDArray[np.float32] = maps.values[0, channel - maps.channels.start].numpy()
    return plane


def _patch(maps: Maps, channel: int, rows: Sequence[int], columns: Sequence[int]) -> Patch:
    plane = _plane(maps, channel)
    values = _rows(_windows(maps.part(range(channel, channel + 1)), rows, columns)[0])
    is_unsigned = maps.name == "input" and float(plane.min()) >= 0
    domain = limit(plane, "grey" if is_unsigned else "diverging")
    return Patch(maps.name, channel, tuple(rows), tuple(columns), values, domain, is_unsigned)


def _windows(maps: Maps, rows: Sequence[int], columns: Sequence[int]) -> Doubles:
    """The values of (channels, rows, columns); not a number where these are outside the maps."""
    height, width = maps.values.shape[2:]
    found = np.full((len(maps.channels), len(rows), len(columns)), np.nan)
    down, across = (
        [at for at, each in enumerate(run) if 0 <= each < size] for run, size in ((rows, height), (columns, width))
    )
    if down and across:
        values = maps.values[0][:, [rows[at] for at in down]][:, :, [columns[at] for at in across]]
        found[np.ix_(range(len(found)), down, across)] = values.numpy()
    return found


def _rows(values: Doubles) -> Rows:
    return tuple(tuple(None if each != each else each for each in row) for row in values.tolist())  # noqa: PLR0124


def _around(at: int, size: int) -> range:
    return range(max(at - AROUND, 0), min(at + AROUND + 1, size))
