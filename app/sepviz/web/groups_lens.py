"""The lens "Groups": the way from a standard to a depthwise separable convolution, in words and costs."""

from typing import NamedTuple

from sepviz.figures.group_drawing import draw_stages
from sepviz.layer.cost import factor
from sepviz.layer.group_stops import GroupStop, divisible_outputs, group_stops, nearest_stop
from sepviz.layer.kinds import DEPTHWISE, KINDS
from sepviz.layer.operations import Convolution
from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec
from sepviz.web.wording import counted

MAX_LONG_LABELS = 6  # stops


class Bar(NamedTuple):
    """A stage's MACs as a share of the most of any stop, and its colour."""

    share: float
    role: str


class Stop(NamedTuple):
    """A stop as the lens shows it: the layer that it leads to, its names, and its bar."""

    spec: LayerSpec
    label: str
    name: str
    bars: tuple[Bar, ...]


class GroupsDocument(NamedTuple):
    """What the lens shows: all stops, and the one that is chosen in a drawing, a sentence and numbers."""

    stops: tuple[Stop, ...]
    chosen: int
    is_page: bool  # whether the chosen stop is the very layer of the page
    title: str
    role: str
    sentence: str
    costs: tuple[str, ...]
    remark: str
    drawing: str


def describe_groups(spec: LayerSpec) -> GroupsDocument:
    """Return the document of the lens."""
    stops = group_stops(spec)
    chosen = nearest_stop(spec, stops)
    stop = stops[chosen]
    title, sentence = _title(stop), _sentence(stop)
    most = max(each.cost.macs for each in stops)
    drawing = draw_stages(stop.convolutions, stop.spec.query(), f"{title}: which channels are read", sentence)
    stages = stop.convolutions
    return GroupsDocument(
        stops=tuple(Stop(each.spec, _label(each, len(stops)), _name(each), _bars(each, most)) for each in stops),
        chosen=chosen,
        is_page=stop.spec == spec,
        title=title,
        role=_role(stages[0]) if len(stages) == 1 else "ink",
        sentence=sentence,
        costs=tuple(_costs(stop)),
        remark=_remark(spec, stop),
        drawing=drawing,
    )


def _is_last(stop: GroupStop) -> bool:
    return len(stop.convolutions) > 1


def _label(stop: GroupStop, number: int) -> str:
    """The label below a stop's bar, short where there are many."""
    groups = stop.convolutions[0].groups
    if number > MAX_LONG_LABELS:
        return "+ 1×1" if _is_last(stop) else f"{groups:,}"
    return "+ pointwise" if _is_last(stop) else counted(groups, "group")


def _name(stop: GroupStop) -> str:
    """What the stop is called, for its link and the slider."""
    return _title(stop) if _is_last(stop) else f"{_title(stop)}, {counted(stop.convolutions[0].groups, 'group')}"


def _title(stop: GroupStop) -> str:
    first = stop.convolutions[0]
    if _is_last(stop):
        return KINDS[stop.spec.kind].title
    if first.groups == 1:
        return "Standard"
    return "Grouped" if first.mixes_channels else "Depthwise"


def _sentence(stop: GroupStop) -> str:
    first, *others = stop.convolutions
    each, made = first.in_channels // first.groups, first.out_channels // first.groups
    if others:
        mixes = "Pointwise mixes again" if first.in_channels > 1 else "Pointwise"
        return f"Depthwise: {_channels(first)} has {_kernels(made)}. {mixes}: {_sum(others[-1])}."
    if first.in_channels == 1:
        return f"{_outputs(first, capital=True)} reads the one channel: with one channel standard is depthwise, too."
    if first.groups == 1:
        return f"{_outputs(first, capital=True)} reads {_all(each, 'channel')}: filtered and mixed in one step."
    if first.mixes_channels:
        return (
            f"The channels are split into {first.groups} groups of {each}: each output reads the {each} of its group "
            "and none of the others."
        )
    return f"Each output reads one channel, and each channel has {_kernels(made)}: nothing is mixed."


def _kernels(each: int) -> str:
    return "its own kernel" if each == 1 else f"its own {counted(each, 'kernel')}"


def _sum(pointwise: Convolution) -> str:
    """What the pointwise stage makes of the maps before it."""
    outputs, maps = _outputs(pointwise), pointwise.in_channels
    return f"{outputs} is " + ("the one map times a weight" if maps == 1 else f"a weighted sum of {_all(maps, 'map')}")


def _outputs(convolution: Convolution, *, capital: bool = False) -> str:
    many = convolution.out_channels > 1
    text = f"each of the {convolution.out_channels:,} outputs" if many else "the one output"
    return text[0].upper() + text[1:] if capital else text


def _channels(convolution: Convolution) -> str:
    return f"each of the {convolution.in_channels:,} channels" if convolution.in_channels > 1 else "the one channel"


def _all(count: int, noun: str) -> str:
    if count == 2:
        return f"both {noun}s"
    return f"all {counted(count, noun)}" if count > 2 else f"the one {noun}"


def _costs(stop: GroupStop) -> list[str]:
    """MACs and params, each with its ratio to one group; as one sentence where the ratios are equal."""
    macs, params = counted(stop.cost.macs, "MAC"), counted(stop.cost.params, "param")
    if stop.macs_ratio == stop.params_ratio:
        return [f"{macs} and {params}, {_compared(stop.macs_ratio)}"]
    return [f"{macs}, {_compared(stop.macs_ratio)}", f"{params}, {_compared(stop.params_ratio)}"]


def _compared(ratio: float) -> str:
    """`3× fewer than with 1 group`."""
    times = factor(ratio)
    if times == "1":
        return f"{'' if ratio == 1 else 'almost '}as many as with 1 group"
    return f"{times}× fewer than with 1 group" if ratio < 1 else f"{times}× as many as with 1 group"


def _bars(stop: GroupStop, most: int) -> tuple[Bar, ...]:
    return tuple(Bar(each.macs.value / most, _role(each.operation)) for each in stop.cost.stages)


def _role(convolution: Convolution) -> str:
    """The colour of a stage; a standard convolution with a group for each channel is depthwise."""
    return convolution.stage.role if convolution.mixes_channels else DEPTHWISE.role


def _remark(spec: LayerSpec, stop: GroupStop) -> str:
    """What differs between the layer of the page and the stops; empty where it is one of them."""
    if stop.spec == spec:
        return ""
    if not plan(spec).kind.mixes_channels:
        kind = KINDS[spec.kind].adjective
        return (
            f"The maps below are {kind}: channels are never mixed, each stage has {_groups(spec)}. "
            "Choose a stop to see its maps."
        )
    outputs = divisible_outputs(spec)
    if outputs == spec.out_channels:
        return "Choose a stop to see its maps."
    verb = "does" if spec.out_channels == 1 else "do"
    return (
        f"The {counted(spec.out_channels, 'output')} of this layer {verb} not split into {spec.in_channels:,} groups, "
        f"so each stop has {outputs:,}."
    )


def _groups(spec: LayerSpec) -> str:
    return f"{counted(spec.in_channels, 'group')}, one for each channel" if spec.in_channels > 1 else "1 group"
