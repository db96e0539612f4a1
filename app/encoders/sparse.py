"""Planes of one value nearly everywhere, such as the answer to an impulse: the few other cells are to be seen."""

import torch
import torch.nn.functional as F
from torch import Tensor

# A plane that has one value in more than this share of its cells shows the others, however few they are.
SAME = 0.75
# With more cells of other values than this share, their averages are to be seen as well.
FEW_OTHERS = 1 / 16
# A sample of every so many cells, each way, tells whether a plane may be of one value.
SAMPLED = 7
# Equal sums may differ by this share, as torch adds in another order at the edges.
ROUNDING = 1e-5
# The other cells are shown enlarged, with at least so many cells a side, where they lie within the larger number.
MIN_DETAIL, MAX_DETAIL = 12, 40


def sparse(maps: Tensor) -> tuple[Tensor, Tensor]:
    """Which planes of (1, channels, height, width) may be of one value, by a sample, and that value of each."""
    sample = maps[0, :, ::SAMPLED, ::SAMPLED]
    common = sample.flatten(1).median(1).values[:, None, None]
    planes = _differing(sample, common).float().mean((1, 2)).le(1 - SAME).nonzero()[:, 0]
    return planes, common[planes]


def few_others(planes: Tensor, common: Tensor) -> Tensor:
    """Which planes, (channels, height, width), have so few other cells that averages would only hide them."""
    return _differing(planes, common).float().mean((1, 2)).le(FEW_OTHERS).nonzero()[:, 0]


def farthest(planes: Tensor, common: Tensor, smaller: tuple[int, int]) -> Tensor:
    """Planes reduced to (height, width): of the cells that each stands for, the one farthest from the common value."""
    apart = (planes - common).contiguous()
    above, below = F.adaptive_max_pool2d(apart, smaller), F.adaptive_max_pool2d(-apart, smaller)
    return torch.where(above >= below, above, -below) + common


def detail(maps: Tensor) -> tuple[range, range] | None:
    """The rows and columns around all cells that differ from their plane's one value.

    None where a plane has no such value, where they lie farther apart than `MAX_DETAIL`, or in a small map.
    """
    height, width = maps.shape[2:]
    if max(height, width) <= MAX_DETAIL:
        return None
    planes, common = sparse(maps)
    if len(planes) < maps.shape[1]:
        return None
    others = _differing(maps[0], common, ROUNDING).any(0)
    rows, columns = (others.any(axis).nonzero()[:, 0] for axis in (1, 0))
    if not len(rows):
        return None
    side = max(MIN_DETAIL, int(rows[-1] - rows[0]) + 3, int(columns[-1] - columns[0]) + 3)
    if side > MAX_DETAIL:
        return None
    return _around(rows, side, height), _around(columns, side, width)


def _around(cells: Tensor, side: int, size: int) -> range:
    """As many as `side` cells of an axis with these in the middle, or all of a shorter axis."""
    start = max(0, min((int(cells[0]) + int(cells[-1]) + 1 - side) // 2, size - side))
    return range(start, min(start + side, size))


def _differing(planes: Tensor, common: Tensor, least: float = 1 / 255) -> Tensor:
    """Which cells differ from their plane's common value by more than this share of the largest difference."""
    apart = (planes - common).abs_()
    return apart > apart.amax((1, 2), keepdim=True) * least
