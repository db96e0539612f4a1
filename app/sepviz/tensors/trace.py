"""`run` computes a layer; its `Trace` has every intermediate tensor, and says which cells feed which.

This is the only place where input, kernels and operations come together.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from sepviz.layer.budget import check_budget
from sepviz.layer.operations import Convolution, Operation
from sepviz.layer.plan import plan
from sepviz.layer.selection import EVERYTHING, Selection, channels_of, needed
from sepviz.layer.spec import LayerSpec
from sepviz.tensors.convolution import convolve
from sepviz.tensors.following import follow
from sepviz.tensors.inputs import Inputs
from sepviz.tensors.weights import kernels


@dataclass(frozen=True, slots=True)
class Maps:
    """Maps of a run of a stage's channels: values of shape (1, len(channels), height, width)."""

    name: str
    channels: range
    values: Tensor

    def part(self, run: range) -> "Maps":
        """The maps of a part of these channels."""
        start = self.channels.start
        return Maps(self.name, run, self.values[:, run.start - start : run.stop - start])


@dataclass(frozen=True, slots=True)
class TracedOperation:
    """One computed operation: its source, its output, and the kernel of a convolution."""

    operation: Operation
    source: Maps
    weight: Tensor | None
    bias: Tensor | None
    output: Maps

    @property
    def name(self) -> str:
        """The operation's name."""
        return self.operation.name


@dataclass(frozen=True, slots=True)
class Trace:
    """The input and every stage that the selection needs."""

    spec: LayerSpec
    selection: Selection
    input: Maps
    stages: tuple[TracedOperation, ...]

    def selected_maps(self) -> dict[str, Maps]:
        """The selected maps by stage name, in order."""
        sizes = channels_of(self.spec)
        maps = {"input": self.input} | {stage.name: stage.output for stage in self.stages}
        runs = {name: self.selection.wanted(name, channels) for name, channels in sizes.items()}
        return {name: maps[name].part(run) for name, run in runs.items() if run}

    def stage(self, name: str) -> TracedOperation:
        """The stage of that name."""
        return next(stage for stage in self.stages if stage.name == name)


def run(spec: LayerSpec, inputs: Inputs, selection: Selection = EVERYTHING, picture: bytes | None = None) -> Trace:
    """The trace of what the selection needs, and no more; `picture` is the content of the upload that a spec names.

    Raises `InvalidParameters` where a selected stage or channel does not exist, `OverBudget` where it would take too
    much computing or memory.
    """
    runs = needed(spec, selection)
    check_budget(spec, selection)
    with torch.inference_mode():
        tensor = inputs.tensor(spec, picture)
        weights = kernels(spec, {name: outputs for name, outputs in runs.items() if outputs})
        source = first = Maps("input", range(spec.in_channels), tensor)
        stages = []
        for operation in plan(spec).operations:
            if not (outputs := runs[operation.name]):
                break
            source = source.part(operation.channels_feeding(outputs))
            weight = bias = None
            if isinstance(operation, Convolution):
                weight, bias = weights[operation.name]
                values = convolve(source.values, weight, bias, operation)
            else:
                values = follow(source.values, operation)
            output = Maps(operation.name, outputs, values)
            stages.append(TracedOperation(operation, source, weight, bias, output))
            source = output
    return Trace(spec, selection, first, tuple(stages))
