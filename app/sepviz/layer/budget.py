"""The budget of one request: how much computing and memory a selection of a layer may take."""

from bisect import bisect_left
from collections.abc import Sequence
from math import prod

from sepviz.errors import BadParameter, OverBudget
from sepviz.layer.bounds import smallest_size
from sepviz.layer.operations import FLOAT32_BYTES, Convolution, Operation
from sepviz.layer.plan import plan
from sepviz.layer.selection import EVERYTHING, Selection, needed
from sepviz.layer.size import Size
from sepviz.layer.spec import RANDOM, LayerSpec

MAC_BUDGET = 2 * 10**9
BYTE_BUDGET = 64 * 2**20
MAX_MAPS_IN_PICTURE = 4096


def check_budget(spec: LayerSpec, selection: Selection = EVERYTHING) -> None:
    """Raise `OverBudget` where the selection takes more than 2 GMAC, or 64 MiB of maps or of weights."""
    macs, held = work(spec, selection)
    if not exceeds_budget(spec, selection):
        return
    smaller = SmallerSizes(spec)
    fitting = bisect_left(smaller, True, key=lambda size: exceeds_budget(spec.replace(size=size), selection))
    size = str(smaller[fitting - 1]) if fitting else ""
    fits = f"size up to {size} would fit" if fitting else "no size would fit with so many channels"
    if selection.channels is None and not exceeds_budget(spec, Selection(selection.stages, range(16))):
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
    """Raise `OverBudget` for more maps than a picture has room for; only a depth multiplier makes so many."""
    if channels <= MAX_MAPS_IN_PICTURE:
        return
    why = f"a picture has room for {MAX_MAPS_IN_PICTURE:,} maps, and {stage} has {channels:,}"
    most = str(MAX_MAPS_IN_PICTURE // spec.in_channels)
    given, fits = str(spec.depth_multiplier), (("depth_multiplier", most),)
    raise OverBudget([BadParameter("depth_multiplier", given, f"up to {most} would fit", why, fits)])


def exceeds_budget(spec: LayerSpec, selection: Selection) -> bool:
    """Whether the selection takes more computing or memory than one request may have."""
    macs, held = work(spec, selection)
    return macs > MAC_BUDGET or held > BYTE_BUDGET


class SmallerSizes(Sequence[Size]):
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
    """MACs of a selection, and bytes of the input and all maps that it computes, or of all weights if more."""
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
