"""`Selection`: which stages and channels of a layer a request asks for, and which others these need."""

from dataclasses import dataclass

from sepviz.errors import BadParameter, InvalidParameters
from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec


@dataclass(frozen=True, slots=True)
class Selection:
    """Some stages (all, if none is named), and of each stage a run of its channels (all, if None)."""

    stages: tuple[str, ...] = ()
    channels: range | None = None

    def wanted(self, name: str, channels: int) -> range:
        """The selected channels of a stage that has so many; empty if none is selected."""
        if self.stages and name not in self.stages:
            return range(0)
        return range(channels) if self.channels is None else range(channels)[self.channels.start : self.channels.stop]


EVERYTHING = Selection()


def stage_names(spec: LayerSpec) -> tuple[str, ...]:
    """`input` and the layer's stages, in order."""
    return tuple(channels_of(spec))


def channels_of(spec: LayerSpec) -> dict[str, int]:
    """The number of channels of the input and of each stage."""
    return {"input": spec.in_channels} | {each.name: each.out_channels for each in plan(spec).operations}


def needed(spec: LayerSpec, selection: Selection) -> dict[str, range]:
    """The channels of each stage that have to be computed: the selected ones, and those that they are made of."""
    _check_selection(spec, selection)
    runs: dict[str, range] = {}
    feeding = range(0)
    for each in reversed(plan(spec).operations):
        runs[each.name] = each.whole_groups(_hull(selection.wanted(each.name, each.out_channels), feeding))
        feeding = each.channels_feeding(runs[each.name]) if runs[each.name] else range(0)
    return runs


def _hull(one: range, other: range) -> range:
    if not one or not other:
        return one or other
    return range(min(one.start, other.start), max(one.stop, other.stop))


def _check_selection(spec: LayerSpec, selection: Selection) -> None:
    sizes = channels_of(spec)
    if unknown := [name for name in selection.stages if name not in sizes]:
        allowed = f"this layer has {', '.join(sizes)}"
        raise InvalidParameters([BadParameter("stages", ",".join(unknown), allowed, "no such stage")])
    if not any(selection.wanted(name, size) for name, size in sizes.items()):
        most = max(sizes[name] for name in selection.stages or sizes)
        channels = selection.channels or range(0)
        value = f"{channels.start}-{channels.stop - 1}"
        raise InvalidParameters([BadParameter("channels", value, f"the last is {most - 1}", "no such channels")])
