"""The sentences of the page about a layer: headings, labels, the verdict and the remark beside the maps."""

from collections.abc import Sequence
from typing import NamedTuple

from sepviz.layer.cost import Comparison, LayerCost, factor
from sepviz.layer.kinds import KINDS, SEPARABLE
from sepviz.layer.operations import FOLLOWERS, Convolution, Operation
from sepviz.layer.plan import Plan
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
            f"{KINDS[spec.kind].title} convolution",
            f"{spec.in_channels} → {counted(spec.out_channels, 'channel')}",
            f"kernel size {spec.kernel_size.text}",
            *(f"{name.replace('_', ' ')} {values[name]}" for name in unusual),
            *(["bias"] if spec.bias else []),
            *([f"groups {spec.groups}"] if spec.groups > 1 else []),
            *([f"{operation_names(spec.between)} between the stages"] if spec.between else []),
            *([f"{operation_names(spec.after)} after the last stage"] if spec.after else []),
            f"input {picture} of {spec.size.text}",
            f"{spec.weights} weights",
            *([f"seed {spec.seed}"] if spec.is_random else []),
        ]
    )


def input_heading(first: Operation) -> Heading:
    """The heading of the maps that the layer's first operation reads."""
    return Heading(_plural("Input map", first.in_channels), _maps(first.in_channels, first.input))


def output_heading(convolution: Convolution) -> Heading:
    """The heading of the last maps of the layer."""
    count = convolution.out_channels
    return Heading(_plural("Output map", count), _maps(count, convolution.output) + _after(convolution))


def kernels_and_maps_heading(convolution: Convolution, *, is_mixed_later: bool) -> Heading:
    """The heading of a convolution's maps with their kernels beside them."""
    read, made = convolution.in_channels, convolution.out_channels
    title = f"{_plural('Kernel', made)} and {convolution.name} {_plural('map', made)}"
    is_short = made < 1000  # more would take another line
    mixed = f"; nothing is mixed{' yet' if is_mixed_later else ''}" if read > 1 and is_short else ""
    return Heading(title, f"{counted(read, 'channel')}, {counted(made, 'kernel')}{_after(convolution)}{mixed}")


def kernels_heading(convolution: Convolution, *, is_repeated: bool) -> Heading:
    """The heading of a convolution's kernels alone; `is_repeated` where another convolution is before it."""
    title = _plural(f"{convolution.stage.title} kernel", convolution.out_channels)
    if not convolution.mixes_channels:
        return Heading(title, _own_kernels(convolution, is_repeated=is_repeated))
    if convolution.stage.is_pointwise:
        return Heading(f"{convolution.stage.title} matrix", _weighted_sums(convolution))
    return Heading(title, _mixing_kernels(convolution))


def column_labels(planned: Plan) -> dict[str, Labels]:
    """The labels of the input and of each convolution; the maps of the last one are called outputs."""
    *before, last = planned.convolutions
    found = {"input": Labels("input", "", "")}
    for each in before:
        kernels = f"{each.name} {_plural('kernel', each.out_channels)}"
        found[each.name] = Labels(each.name, f"kernel of {each.name}", kernels)
    kernel = "weights of output" if last.mixes_channels else f"{last.name} kernel of output"
    found[last.name] = Labels("output", kernel, kernels_heading(last, is_repeated=bool(before)).title.lower())
    return found


def operation_names(followers: Sequence[str]) -> str:
    """The operations between or after stages in words: `batch norm and ReLU6`."""
    return " and ".join(FOLLOWERS[each].title for each in followers)


def _after(convolution: Convolution) -> str:
    """What has been done with the maps that are shown, besides the convolution."""
    names = operation_names(convolution.followed_by)
    return f", after {names}" if names else ""


def compared_costs(spec: LayerSpec, costs: Comparison) -> tuple[tuple[str, LayerCost], tuple[str, LayerCost]]:
    """The name and cost of the convolution that is replaced, then those of the separable layer."""
    kind = KINDS[spec.kind]
    baseline = kind.baseline
    kernel = _plural(f"{_whole_kernel(spec)} kernel", spec.in_channels)
    replaced = baseline.title.lower() if baseline.mixes_channels else kernel
    separable = kind.adjective if kind.is_separable else KINDS[SEPARABLE].adjective
    return (replaced, costs.baseline), (separable, costs.layer)


def verdict(spec: LayerSpec, costs: Comparison) -> Verdict:
    """The layer's MACs beside those of what it replaces; of a layer that is not separable, beside the separable one."""
    ratio = costs.macs_ratio
    kind = KINDS[spec.kind]
    if kind.is_separable:
        shown, other = ratio, kind.replaced.format(kernel=_whole_kernel(spec))
    else:
        shown, other = 1 / ratio, f"the {KINDS[SEPARABLE].adjective} layer of the same shape"
    if spec.in_channels == 1:
        other = other.removesuffix(" per channel")
    times = factor(shown)
    if times == "1":
        return Verdict("1×", f"{'' if ratio == 1 else 'almost '}as many MACs as {other}")
    text = f"fewer MACs than {other}" if shown < 1 else f"the MACs of {other}"
    return Verdict(f"{times}×", text, "here separating costs more" if ratio > 1 else "")


def _whole_kernel(spec: LayerSpec) -> str:
    """The kernel that a column and a row stand for: `square`, or its sides."""
    return "square" if spec.kernel_size.is_square else spec.kernel_size.text


def remark(spec: LayerSpec) -> str | None:
    """The remark on a layer whose output maps equal those of the separable layer that it is compared with.

    Empty where they differ; None where the layer is separable itself.
    """
    if KINDS[spec.kind].is_separable:
        return None
    return _REMARK.format(separable=KINDS[SEPARABLE].adjective) if _equals_separable(spec) else ""


def _equals_separable(spec: LayerSpec) -> bool:
    """Whether a layer that is not separable has the same output maps as the separable layer.

    Its classic kernels are composed of those of the separable layer. The composition leaves out the depthwise bias,
    which changes the maps unless it cancels: +0.1 and -0.1 in turn have mean 0 over an even number of channels, and
    output 0 is the mean.
    """
    cancels = spec.out_channels == 1 and spec.in_channels * spec.depth_multiplier % 2 == 0
    return spec.weights == "classic" and spec.groups == 1 and (not spec.bias or cancels)


def _own_kernels(convolution: Convolution, *, is_repeated: bool) -> str:
    """The kernels of a stage that keeps channels apart; a repeated one has a narrow column, for the number alone."""
    read, made = convolution.in_channels, convolution.out_channels
    if read == 1:
        return _of_one_channel(made)
    each = f", {made // read if made > read else 'one'} for each channel"
    return f"{counted(made, 'kernel')}{'' if is_repeated else each}; nothing is mixed"


def _mixing_kernels(convolution: Convolution) -> str:
    """The kernels of a stage that filters and mixes: each has a sheet for every channel that it reads."""
    read, made = convolution.weight_shape[1], convolution.out_channels
    if read == 1:
        return _of_one_channel(made)
    channels = "both channels" if read == 2 else f"all {counted(read, 'channel')}"
    if convolution.groups > 1:
        channels = f"the {counted(read, 'channel')} of its group"
    kernels = f"{counted(made, 'kernel')}, each" if made > 1 else "one kernel"
    return f"{kernels} through {channels}: filters and mixes at once"


def _of_one_channel(kernels: int) -> str:
    return f"{counted(kernels, 'kernel') if kernels > 1 else 'one kernel'} for the one channel"


def _weighted_sums(convolution: Convolution) -> str:
    """What a matrix makes of the maps: `8 weighted sums of the 3 maps`."""
    read, made = convolution.in_channels, convolution.out_channels
    if read == 1:
        return f"the one map times {counted(made, 'weight')}"
    of_maps = f" of the {counted(read, 'map')}" if read < 1000 else ""
    return f"{counted(made, 'weighted sum')}{of_maps}"


def _maps(count: int, cells: tuple[int, int]) -> str:
    return f"{counted(count, 'map')} of {cells[0]} × {cells[1]}"


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"
