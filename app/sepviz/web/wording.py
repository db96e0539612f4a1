"""The sentences of the page about a layer: headings, labels, the verdict and the remark beside the maps."""

from collections.abc import Sequence
from typing import NamedTuple

from sepviz.layer.cost import Comparison, LayerCost, factor
from sepviz.layer.kinds import KIND_NAMES, adjective
from sepviz.layer.operations import Convolution
from sepviz.layer.spec import GENERATED, SAMPLES, LayerSpec

_REMARK = "Composed of the {separable} kernels: the output maps are the same."


class Heading(NamedTuple):
    """The heading of a column of maps or kernels, and the line below it."""

    title: str
    note: str


class Labels(NamedTuple):
    """What the maps and kernels of a stage are called; a single one is `map NUMBER` or `kernel NUMBER`."""

    map: str
    kernel: str
    kernels: str


class Verdict(NamedTuple):
    """A factor, what it is a factor of, and a warning where separating costs more."""

    times: str
    text: str
    warning: str = ""


def counted(number: int, noun: str) -> str:
    """`1 map`, `8 maps`."""
    return f"{number:,} {_plural(noun, number)}"


def description(spec: LayerSpec) -> str:
    """The layer in words: its kind, what it convolves, and what else is not as usual."""
    values = spec.parameters()
    unusual = [name for name in ("stride", "padding", "dilation", "depth_multiplier") if name in spec.non_default()]
    picture = spec.input if spec.input in (*SAMPLES, *GENERATED) else "an uploaded picture"
    return ", ".join(
        [
            f"{KIND_NAMES[spec.kind]} convolution",
            f"{spec.in_channels} → {counted(spec.out_channels, 'channel')}",
            f"kernel size {spec.kernel_size.text}",
            *(f"{name.replace('_', ' ')} {values[name]}" for name in unusual),
            *(["bias"] if spec.bias else []),
            f"input {picture} of {spec.size.text}",
            f"{spec.weights} weights",
            *([f"seed {spec.seed}"] if spec.is_random else []),
        ]
    )


def headings(stages: Sequence[Convolution]) -> dict[str, Heading]:
    """The heading of each column of the layer: `input`, `first` (only of two stages), `matrix`, `output`."""
    first, last = stages[0], stages[-1]
    found = {
        "input": Heading(_plural("Input map", first.in_channels), _maps(first.in_channels, first.input)),
        "matrix": _matrix(last),
        "output": Heading(_plural("Output map", last.out_channels), _maps(last.out_channels, last.output)),
    }
    if len(stages) > 1:
        several = first.out_channels
        title = f"{_plural('Kernel', several)} and {first.name} {_plural('map', several)}"
        found["first"] = Heading(title, _own_kernels(first, "each channel has its own kernel"))
    return found


def labels(stages: Sequence[Convolution]) -> dict[str, Labels]:
    """The labels of each stage; the maps of the last one are called outputs."""
    *before, last = stages
    found = {
        stage.name: Labels(
            stage.name, f"kernel of {stage.name}", f"{stage.name} {_plural('kernel', stage.out_channels)}"
        )
        for stage in before
    }
    kernel = "horizontal kernel of output" if last.name == "horizontal" else "weights of output"
    return (
        {"input": Labels("input", "", "")} | found | {last.name: Labels("output", kernel, _matrix(last).title.lower())}
    )


def compared_costs(spec: LayerSpec, costs: Comparison) -> tuple[tuple[str, LayerCost], tuple[str, LayerCost]]:
    """The name and cost of the convolution that is replaced, then those of the separable layer."""
    spatial = spec.kind == "spatially-separable"
    separable = adjective(spec.kind if spatial else "depthwise-separable")
    square = _plural("square kernel", spec.in_channels)
    return (square if spatial else adjective("standard"), costs.baseline), (separable, costs.layer)


def verdict(spec: LayerSpec, costs: Comparison) -> Verdict:
    """The layer's MACs beside those of what it replaces; of a standard layer, beside the separable one."""
    ratio = costs.macs_ratio
    if spec.kind == "standard":
        shown, other = 1 / ratio, f"the {adjective('depthwise-separable')} layer of the same shape"
    elif spec.kind == "spatially-separable":
        shown, other = ratio, "one square kernel" + (" per channel" if spec.in_channels > 1 else "")
    else:
        shown, other = ratio, f"a {adjective('standard')} convolution of the same shape"
    times = factor(shown)
    if times == "1":
        return Verdict("1×", f"{'' if ratio == 1 else 'almost '}as many MACs as {other}")
    text = f"fewer MACs than {other}" if shown < 1 else f"the MACs of {other}"
    return Verdict(f"{times}×", text, "here separating costs more" if ratio > 1 else "")


def remark(spec: LayerSpec) -> str:
    """The remark on a standard layer whose output maps equal those of the depthwise separable layer; else empty."""
    return _REMARK.format(separable=adjective("depthwise-separable")) if _equals_separable(spec) else ""


def _equals_separable(spec: LayerSpec) -> bool:
    """Whether a standard layer has the same output maps as the depthwise separable layer.

    Its classic kernels are composed of those of the separable layer. The composition leaves out the depthwise bias,
    which changes the maps unless it cancels: +0.1 and -0.1 in turn have mean 0 over an even number of channels, and
    output 0 is the mean.
    """
    cancels = spec.out_channels == 1 and spec.in_channels * spec.depth_multiplier % 2 == 0
    return spec.kind == "standard" and spec.weights == "classic" and (not spec.bias or cancels)


def _matrix(last: Convolution) -> Heading:
    inputs, outputs = last.in_channels, last.out_channels
    if last.name == "pointwise":
        return Heading("Pointwise matrix", "one row for each output" if outputs > 1 else "one row, for the one output")
    if last.name == "horizontal":
        return Heading(_plural("Horizontal kernel", outputs), _own_kernels(last, "again each channel has its own"))
    title = _plural("Standard kernel", inputs * outputs)
    whose = "for each output" if outputs > 1 else "for the one output"
    return Heading(title, f"one {whose}" if inputs == 1 else f"{inputs} {whose}, one for each channel")


def _own_kernels(stage: Convolution, single: str) -> str:
    """The number of kernels of each channel of a depthwise stage; `single` where it is one."""
    each = stage.out_channels // stage.in_channels
    if stage.in_channels == 1:
        return f"{counted(each, 'kernel') if each > 1 else 'one kernel'} for the one channel"
    return f"{counted(each, 'kernel')} for each channel" if each > 1 else single


def _maps(count: int, cells: tuple[int, int]) -> str:
    return f"{counted(count, 'map')} of {cells[0]} × {cells[1]}"


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"
