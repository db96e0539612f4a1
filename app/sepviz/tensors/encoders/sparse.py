"""Sparse planes: nearly all cells have one value, as in an impulse response, and the few others must stay visible."""

import torch
import torch.nn.functional as F
from torch import Tensor

from sepviz.palette import MIN_SPARSE_SHARE

# A reduced plane with more cells of other values than this share shows them well enough as averages.
MAX_OTHER_SHARE = 1 / 16
# So many cells of a row, and so many rows, are enough to rule out most planes.
SAMPLE_SIDE = 8
# Equal sums may differ by this share of the largest difference: torch adds in another order at the edges.
MAX_ROUNDING = 1e-5
# The least and largest side, in cells, of the part of a map that is shown enlarged.
MIN_DETAIL, MAX_DETAIL = 12, 40


def find_candidates(maps: Tensor) -> tuple[Tensor, Tensor]:
    """The planes of (1, channels, height, width) that may be sparse, by a sample, and the common value of each."""
    height, width = (max(1, cells // SAMPLE_SIDE) for cells in maps.shape[2:])
    sample = maps[0, :, ::height, ::width]
    common = sample.flatten(1).median(1).values[:, None, None]
    planes = _differing(sample, common).float().mean((1, 2)).le(1 - MIN_SPARSE_SHARE).nonzero()[:, 0]
    return planes, common[planes]


def find_sparse(planes: Tensor, common: Tensor) -> Tensor:
    """The planes of (channels, height, width) with so few cells of other values that averages would hide them."""
    return _differing(planes, common).float().mean((1, 2)).le(MAX_OTHER_SHARE).nonzero()[:, 0]


def pool_farthest(planes: Tensor, common: Tensor, smaller: tuple[int, int]) -> Tensor:
    """Planes pooled to (height, width): each cell is the one of its window that is farthest from the common value."""
    apart = (planes - common).contiguous()
    above, below = F.adaptive_max_pool2d(apart, smaller), F.adaptive_max_pool2d(-apart, smaller)
    return torch.where(above >= below, above, -below) + common


def find_detail(maps: Tensor) -> tuple[range, range] | None:
    """The rows and columns around all cells that differ from the common value of their plane.

    None where a plane is not sparse, where these cells lie farther apart than `MAX_DETAIL`, or where the map is small.
    """
    height, width = maps.shape[2:]
    if max(height, width) <= MAX_DETAIL:
        return None
    planes, common = find_candidates(maps)
    if len(planes) < maps.shape[1]:
        return None
    others = _differing(maps[0], common, MAX_ROUNDING).any(0)
    rows, columns = (others.any(axis).nonzero()[:, 0] for axis in (1, 0))
    if not len(rows):
        return None
    side = max(MIN_DETAIL, int(rows[-1] - rows[0]) + 3, int(columns[-1] - columns[0]) + 3)
    if side > MAX_DETAIL:
        return None
    return _around(rows, side, height), _around(columns, side, width)


def _around(cells: Tensor, side: int, size: int) -> range:
    """`side` indices of an axis with these cells in the middle, or all indices of a shorter axis."""
    start = max(0, min((int(cells[0]) + int(cells[-1]) + 1 - side) // 2, size - side))
    return range(start, min(start + side, size))


def _differing(planes: Tensor, common: Tensor, share: float = 1 / 255) -> Tensor:
    """A mask of the cells that differ from the common value by more than this share of the largest difference."""
    apart = (planes - common).abs_()
    return apart > apart.amax((1, 2), keepdim=True) * share
