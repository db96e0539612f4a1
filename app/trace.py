"""A layer carried out: every intermediate tensor, and which cells made which.

`run` is the only place where input, kernels and convolutions come together.
"""

from bisect import bisect_left
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor

from app.convolution import convolve
from app.errors import BadParameter, InvalidParameters, OverBudget
from app.inputs import Inputs
from app.shapes import ConvShape, bounds, plan
from app.spec import LayerSpec
from app.weights import kernels

MAC_BUDGET = 2 * 10**9
BYTE_BUDGET = 64 * 2**20
FLOAT32_BYTES = 4


@dataclass(frozen=True, slots=True)
class Selection:
    """What is looked at: some stages (none named: all), and of each stage those of its channels in a run."""

    stages: tuple[str, ...] = ()
    channels: range | None = None

    def wanted(self, name: str, channels: int) -> range:
        """The run of that stage's channels that was asked for; empty if none was."""
        if self.stages and name not in self.stages:
            return range(0)
        return range(channels) if self.channels is None else range(channels)[self.channels.start : self.channels.stop]


EVERYTHING = Selection()


@dataclass(frozen=True, slots=True)
class Cells:
    """A box of input cells; rows and columns outside the map stand for its padding."""

    channels: range
    rows: range
    columns: range


@dataclass(frozen=True, slots=True)
class Maps:
    """A run of a stage's channels: values of shape (1, len(channels), height, width)."""

    name: str
    channels: range
    values: Tensor

    def part(self, run: range) -> "Maps":
        """Some of these channels."""
        start = self.channels.start
        return Maps(self.name, run, self.values[:, run.start - start : run.stop - start])


@dataclass(frozen=True, slots=True)
class Stage:
    """One convolution that was carried out; it remembers its operation, its kernel and what it was made from."""

    shape: ConvShape
    source: Maps
    weight: Tensor
    bias: Tensor | None
    output: Maps

    @property
    def name(self) -> str:
        """The stage's name."""
        return self.shape.name

    def cells_feeding(self, channel: int, y: int, x: int) -> Cells:
        """The cells of the source that were multiplied with the kernel for one output value."""
        rows, columns = self.shape.window(y, x)
        return Cells(self.shape.channels_feeding(range(channel, channel + 1)), rows, columns)


@dataclass(frozen=True, slots=True)
class Trace:
    """The input and every stage that was needed for what was asked."""

    spec: LayerSpec
    selection: Selection
    input: Maps
    stages: tuple[Stage, ...]

    def asked(self) -> dict[str, Maps]:
        """The maps that were asked for, by stage name, in order."""
        sizes = {"input": self.spec.in_channels} | {s.name: s.shape.out_channels for s in self.stages}
        maps = {"input": self.input} | {stage.name: stage.output for stage in self.stages}
        runs = {name: self.selection.wanted(name, channels) for name, channels in sizes.items()}
        return {name: maps[name].part(run) for name, run in runs.items() if run}

    def stage(self, name: str) -> Stage:
        """The stage of that name."""
        return next(stage for stage in self.stages if stage.name == name)


def stage_names(spec: LayerSpec) -> tuple[str, ...]:
    """`input` and the layer's stages, in order."""
    return ("input", *(shape.name for shape in plan(spec)))


def run(spec: LayerSpec, inputs: Inputs, selection: Selection = EVERYTHING) -> Trace:
    """Carry out what the selection needs, and no more.

    Raises `InvalidParameters` where a selected stage or channel does not exist, `OverBudget` where it would take too
    much, `ImageGone` where the input is an upload that is not kept.
    """
    runs = needed(spec, selection)
    check_budget(spec, selection)
    with torch.inference_mode():
        tensor = inputs.tensor(spec)
        made = kernels(spec, {name: outputs for name, outputs in runs.items() if outputs})
        source = first = Maps("input", range(spec.in_channels), tensor)
        stages = []
        for shape in plan(spec):
            if not (outputs := runs[shape.name]):
                break
            weight, bias = made[shape.name]
            source = source.part(shape.channels_feeding(outputs))
            output = Maps(shape.name, outputs, convolve(source.values, weight, bias, shape))
            stages.append(Stage(shape, source, weight, bias, output))
            source = output
    return Trace(spec, selection, first, tuple(stages))


def needed(spec: LayerSpec, selection: Selection) -> dict[str, range]:
    """The run of each stage's output channels that the selection needs: those asked for, and what feeds them."""
    _check_selection(spec, selection)
    runs: dict[str, range] = {}
    feeding = range(0)
    for shape in reversed(plan(spec)):
        runs[shape.name] = _whole_groups(shape, _hull(selection.wanted(shape.name, shape.out_channels), feeding))
        feeding = shape.channels_feeding(runs[shape.name]) if runs[shape.name] else range(0)
    return runs


def _hull(one: range, other: range) -> range:
    if not one or not other:
        return one or other
    return range(min(one.start, other.start), max(one.stop, other.stop))


def _whole_groups(shape: ConvShape, run: range) -> range:
    """The run widened to all outputs of the channels that it reads: a grouped convolution cannot make some of them."""
    each = shape.out_channels // shape.groups if shape.groups > 1 else 1
    return range(run.start // each * each, -(-run.stop // each) * each) if run else run


def _check_selection(spec: LayerSpec, selection: Selection) -> None:
    names = stage_names(spec)
    if unknown := [name for name in selection.stages if name not in names]:
        allowed = f"this layer has {', '.join(names)}"
        raise InvalidParameters([BadParameter("stages", ",".join(unknown), allowed, "no such stage")])
    sizes = [spec.in_channels, *(shape.out_channels for shape in plan(spec))]
    if not any(selection.wanted(name, size) for name, size in zip(names, sizes, strict=True)):
        most = max(size for name, size in zip(names, sizes, strict=True) if name in (selection.stages or names))
        channels = selection.channels or range(0)
        asked = f"{channels.start}-{channels.stop - 1}"
        raise InvalidParameters([BadParameter("channels", asked, f"the last is {most - 1}", "no such channels")])


def check_budget(spec: LayerSpec, selection: Selection = EVERYTHING) -> None:
    """Refuse, before anything is made, what would take more than 2 GMAC or 64 MiB of maps or of weights."""
    macs, held = work(spec, selection)
    if not _too_much(spec, selection):
        return
    sizes = range(bounds(spec)["size"][0], spec.size)
    fitting = bisect_left(sizes, True, key=lambda size: _too_much(spec.replace(size=size), selection))
    fits = f"size up to {sizes[fitting - 1]} would fit" if fitting else "no size would fit with so many channels"
    if selection.channels is None and not _too_much(spec, Selection(selection.stages, range(16))):
        fits += ", or a part of the channels (channels=0-15)"
    why = (
        f"this would take {macs / 1e9:,.2f} GMAC and {held / 2**20:,.0f} MiB, above the 2 GMAC or 64 MiB of one request"
    )
    raise OverBudget([BadParameter("size", str(spec.size), fits, why)])


def _too_much(spec: LayerSpec, selection: Selection) -> bool:
    macs, held = work(spec, selection)
    return macs > MAC_BUDGET or held > BYTE_BUDGET


def work(spec: LayerSpec, selection: Selection) -> tuple[int, int]:
    """(MACs, bytes of the largest of: the input, all maps that are computed, all weights) for what is asked."""
    macs = maps = weights = 0
    runs = needed(spec, selection)
    for shape in plan(spec):
        outputs = len(runs[shape.name])
        cells = outputs * prod(shape.output)
        macs += cells * prod(shape.weight_shape[1:])
        maps += cells
        # The random generator has to run through the whole weight, whatever part of it is used.
        made = shape.out_channels if spec.weights == "random" else outputs
        weights += made * prod(shape.weight_shape[1:])
    return macs, FLOAT32_BYTES * max(maps, weights, spec.in_channels * spec.size**2)
