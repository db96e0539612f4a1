"""The budget of an approximation: how many weights are decomposed, and how many maps are made of their parts."""

from bisect import bisect_left
from math import prod

from sepviz.errors import BadParameter, OverBudget
from sepviz.layer.budget import MAC_BUDGET, SmallerSizes, check_budget, exceeds_budget
from sepviz.layer.operations import Convolution
from sepviz.layer.plan import plan
from sepviz.layer.selection import Selection
from sepviz.layer.size import Size
from sepviz.layer.spec import LayerSpec

MAX_WEIGHTS = 2**24  # 64 MiB
MAX_DECOMPOSITION = 7 * 10**8  # weights times rank: a second or two


def largest_rank(convolution: Convolution) -> int:
    """The largest rank of the kernels of one input channel: a matrix of its outputs and the cells of a kernel."""
    return min(convolution.out_channels // convolution.groups, prod(convolution.kernel))


def check_approximation(spec: LayerSpec, channel: int, ranks: int) -> None:
    """Raise `OverBudget` where so many approximations of the output `channel` of a layer would take too much.

    A standard layer is decomposed as a whole; of a spatially separable one a single small kernel is.
    """
    planned = plan(spec)
    if planned.replaced.stage.mixes_channels:
        _check_decomposition(spec)
    selection = Selection((planned.operations[-1].name,), range(channel, channel + 1))
    if _macs(spec, ranks) > MAC_BUDGET:
        _refuse_maps(spec, selection, ranks)
    check_budget(spec, selection)


def _refuse_maps(spec: LayerSpec, selection: Selection, ranks: int) -> None:
    """Raise `OverBudget` for the maps of the approximations, with a size that fits the other budgets, too."""

    def is_too_large(size: Size) -> bool:
        smaller = spec.replace(size=size)
        return _macs(smaller, ranks) > MAC_BUDGET or exceeds_budget(smaller, selection)

    sizes = SmallerSizes(spec)
    fitting = bisect_left(sizes, True, key=is_too_large)
    size = str(sizes[fitting - 1]) if fitting else ""
    taken = f"{_macs(spec, ranks) / 1e9:,.2f} GMAC, above the {MAC_BUDGET / 1e9:g} GMAC of one request"
    maps = f"maps of {ranks} approximations" if ranks > 1 else "map of the approximation"
    allowed = f"size up to {size} would fit" if size else "no size would fit with so large a kernel"
    why = f"the {maps} would take {taken}"
    raise OverBudget([BadParameter("size", str(spec.size), allowed, why, (("size", size),) if size else ())])


def _macs(spec: LayerSpec, ranks: int) -> int:
    """Of the chosen output, once for the whole kernel and once for each approximation of it."""
    replaced = plan(spec).replaced
    return (ranks + 1) * replaced.macs // replaced.out_channels


def _check_decomposition(spec: LayerSpec) -> None:
    if _is_decomposable(spec):
        return
    convolution = plan(spec).convolutions[0]
    why = f"{convolution.weights:,} weights of rank up to {largest_rank(convolution)} are too many to decompose"
    sides = range(1, max(spec.kernel_size) + 1)
    side = bisect_left(sides, True, key=lambda each: not _is_decomposable(_with_kernel(spec, each)))
    kernel = str(_with_kernel(spec, side).kernel_size)
    fits, allowed = [("kernel_size", kernel)], f"kernel_size up to {kernel} would fit"
    shares = range(1, spec.in_channels // spec.groups + 1)
    share = bisect_left(shares, True, key=lambda each: not _is_decomposable(_with_channels(spec, each)))
    if share:
        channels = str(share * spec.groups)
        fits.append(("in_channels", channels))
        allowed += f", or in_channels up to {channels}"
    raise OverBudget([BadParameter("kernel_size", str(spec.kernel_size), allowed, why, tuple(fits))])


def _is_decomposable(spec: LayerSpec) -> bool:
    convolution = plan(spec).convolutions[0]
    return convolution.weights <= MAX_WEIGHTS and convolution.weights * largest_rank(convolution) <= MAX_DECOMPOSITION


def _with_kernel(spec: LayerSpec, side: int) -> LayerSpec:
    """The layer with a kernel of at most so many cells a side."""
    return spec.model_copy(update={"kernel_size": Size(*(min(side, each) for each in spec.kernel_size))})


def _with_channels(spec: LayerSpec, share: int) -> LayerSpec:
    """The layer with so many channels in each group."""
    return spec.model_copy(update={"in_channels": share * spec.groups})
