"""What of a layer is looked at, what has to be computed for it, and whether that is too much."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from sepviz.errors import BadParameter, InvalidParameters, OverBudget
from sepviz.layer.bounds import smallest_size
from sepviz.layer.operations import FLOAT32_BYTES, Convolution, Operation
from sepviz.layer.plan import plan
from sepviz.layer.size import Size
from sepviz.layer.spec import RANDOM, LayerSpec

MAC_BUDGET = 2 * 10**9
BYTE_BUDGET = 64 * 2**20
MAX_MAPS_IN_PICTURE = 4096


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


def stage_names(spec: LayerSpec) -> tuple[str, ...]:
    """`input` and the layer's stages, in order."""
    return tuple(channels_of(spec))


def channels_of(spec: LayerSpec) -> dict[str, int]:
    """The number of channels of the input and of each stage."""
    return {"input": spec.in_channels} | {each.name: each.out_channels for each in plan(spec).operations}


def needed(spec: LayerSpec, selection: Selection) -> dict[str, range]:
    """The run of each stage's output channels that the selection needs: those asked for, and what feeds them."""
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
        asked = f"{channels.start}-{channels.stop - 1}"
        raise InvalidParameters([BadParameter("channels", asked, f"the last is {most - 1}", "no such channels")])


def check_budget(spec: LayerSpec, selection: Selection = EVERYTHING) -> None:
    """Refuse, before anything is made, what would take more than 2 GMAC or 64 MiB of maps, or as much of weights."""
    macs, held = work(spec, selection)
    if not _too_much(spec, selection):
        return
    smaller = _SmallerSizes(spec)
    fitting = bisect_left(smaller, True, key=lambda size: _too_much(spec.replace(size=size), selection))
    size = str(smaller[fitting - 1]) if fitting else ""
    fits = f"size up to {size} would fit" if fitting else "no size would fit with so many channels"
    if selection.channels is None and not _too_much(spec, Selection(selection.stages, range(16))):
        fits += ", or a part of the channels (channels=0-15)"
    over = []
    if macs > MAC_BUDGET:
        over.append(f"{macs / 1e9:,.2f} GMAC, above the {MAC_BUDGET / 1e9:g} GMAC of one request")
    if held > BYTE_BUDGET:
        over.append(f"{held / 2**20:,.1f} MiB, above the {BYTE_BUDGET / 2**20:g} MiB of one request")
    channels = "these channels" if selection.channels is not None else "this"
    why = f"{channels} would take {' and '.join(over)}"
    fitting_size = (("size", size),) if fitting else ()
    raise OverBudget([BadParameter("size", str(spec.size), fits, why, fitting_size)])


def check_picture(spec: LayerSpec, stage: str, channels: int) -> None:
    """Refuse a picture of more maps than it has room for; only a depth multiplier makes so many."""
    if channels <= MAX_MAPS_IN_PICTURE:
        return
    why = f"a picture has room for {MAX_MAPS_IN_PICTURE:,} maps, and {stage} has {channels:,}"
    most = str(MAX_MAPS_IN_PICTURE // spec.in_channels)
    given, fits = str(spec.depth_multiplier), (("depth_multiplier", most),)
    raise OverBudget([BadParameter("depth_multiplier", given, f"up to {most} would fit", why, fits)])


def _too_much(spec: LayerSpec, selection: Selection) -> bool:
    macs, held = work(spec, selection)
    return macs > MAC_BUDGET or held > BYTE_BUDGET


class _SmallerSizes(Sequence[Size]):
    """The smaller sizes of a layer's input that its kernel fits into, in its proportions as far as it does."""

    def __init__(self, spec: LayerSpec) -> None:
        self._size, self._smallest = spec.size, smallest_size(spec)
        longer = 0 if spec.size.height >= spec.size.width else 1
        self._longest = range(self._smallest[longer], spec.size[longer])

    def __len__(self) -> int:
        return len(self._longest)

    def __getitem__(self, index: int) -> Size:  # type: ignore[override]
        longest, sides = self._longest[index], zip(self._size, self._smallest, strict=True)
        return Size(*(max(smallest, side * longest // max(self._size)) for side, smallest in sides))


def work(spec: LayerSpec, selection: Selection) -> tuple[int, int]:
    """(MACs, bytes of the input and all maps that are computed, or of all weights if more) for what is asked."""
    macs = maps = weights = 0
    runs = needed(spec, selection)
    for each in plan(spec).operations:
        outputs = len(runs[each.name])
        macs += each.macs * outputs // each.out_channels
        maps += outputs * prod(each.output)
        weights += _values_of_weights(spec, each, outputs)
    return macs, FLOAT32_BYTES * max(maps + spec.in_channels * spec.size.area, weights)


def _values_of_weights(spec: LayerSpec, operation: Operation, outputs: int) -> int:
    """Values that are computed for the weights of so many outputs."""
    # The random generator has to run through the whole weight, whatever part of it is used.
    if spec.weights in RANDOM["weights"]:
        return operation.weights
    weights = operation.weights * outputs // operation.out_channels
    if not outputs or not isinstance(operation, Convolution) or not operation.stage.mixes_channels:
        return weights
    # Composed of a depthwise and a pointwise kernel, which are larger where the depth multiplier is.
    _, read, *cells = operation.weight_shape
    return max(weights, *(read * spec.depth_multiplier * each for each in (outputs, prod(cells))))
