"""What of a layer is looked at, what has to be computed for it, and whether that is too much."""

from bisect import bisect_left
from dataclasses import dataclass
from math import prod

from sepviz.errors import BadParameter, InvalidParameters, OverBudget
from sepviz.layer.shapes import ConvShape, bounds, plan
from sepviz.layer.spec import LayerSpec

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


def stage_names(spec: LayerSpec) -> tuple[str, ...]:
    """`input` and the layer's stages, in order."""
    return ("input", *(shape.name for shape in plan(spec)))


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
    """Refuse, before anything is made, what would take more than 2 GMAC or 64 MiB of maps, or as much of weights."""
    macs, held = work(spec, selection)
    if not _too_much(spec, selection):
        return
    sizes = range(bounds(spec)["size"][0], spec.size)
    fitting = bisect_left(sizes, True, key=lambda size: _too_much(spec.replace(size=size), selection))
    fits = f"size up to {sizes[fitting - 1]} would fit" if fitting else "no size would fit with so many channels"
    if selection.channels is None and not _too_much(spec, Selection(selection.stages, range(16))):
        fits += ", or a part of the channels (channels=0-15)"
    over = []
    if macs > MAC_BUDGET:
        over.append(f"{macs / 1e9:,.2f} GMAC, above the {MAC_BUDGET / 1e9:g} GMAC of one request")
    if held > BYTE_BUDGET:
        over.append(f"{held / 2**20:,.1f} MiB, above the {BYTE_BUDGET / 2**20:g} MiB of one request")
    channels = "these channels" if selection.channels is not None else "this"
    why = f"{channels} would take {' and '.join(over)}"
    fitting_size = (("size", str(sizes[fitting - 1])),) if fitting else ()
    raise OverBudget([BadParameter("size", str(spec.size), fits, why, fitting_size)])


def _too_much(spec: LayerSpec, selection: Selection) -> bool:
    macs, held = work(spec, selection)
    return macs > MAC_BUDGET or held > BYTE_BUDGET


def work(spec: LayerSpec, selection: Selection) -> tuple[int, int]:
    """(MACs, bytes of the input and all maps that are computed, or of all weights if more) for what is asked."""
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
    return macs, FLOAT32_BYTES * max(maps + spec.in_channels * spec.size**2, weights)
