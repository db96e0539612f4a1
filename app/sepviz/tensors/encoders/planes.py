"""Planes made smaller: reduced to thumbnails, and scaled to bytes."""

from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from sepviz.tensors.encoders.sparse import find_candidates, find_sparse, pool_farthest

# From here on torch turns a matrix of cells and channels, in blocks, four times as fast as maps of four dimensions.
FEW_CHANNELS = 32
# Below this, two products with a matrix of averages are faster than pooling: of three channels more than twice.
FEW_POOLED = 8
# As many planes at once as stay near the processor while each is read five times.
CELLS_AT_ONCE = 2**17


def tiled(maps: Tensor, most: int) -> Tensor:
    """Averages down to at most `most` x `most` cells, the proportions kept; smaller maps are left as they are.

    A sparse plane is not averaged, which would hide its few cells of other values: each cell of the result is the one
    of its window that is farthest from the common value. `maps` and the result are (1, channels, height, width).
    """
    height, width = maps.shape[2:]
    longest = max(height, width)
    if longest <= most:
        return maps
    smaller = (max(1, round(height * most / longest)), max(1, round(width * most / longest)))
    planes, common = find_candidates(maps)
    if not len(planes):
        return _averaged(maps, smaller)
    # An average of equal numbers may be another in its last digit: of zeros it is zero.
    first = maps[..., :1, :1]
    reduced = _averaged(maps - first, smaller).add_(first)
    sparse = find_sparse(reduced[0, planes], common)
    if len(planes := planes[sparse]):
        reduced[0, planes] = pool_farthest(maps[0, planes], common[sparse], smaller)
    return reduced


def _averaged(maps: Tensor, smaller: tuple[int, int]) -> Tensor:
    height, width = maps.shape[2:]
    if maps.shape[1] < FEW_POOLED:
        rows, columns = (_averages(*each) for each in zip((height, width), smaller, strict=True))
        return rows @ maps.contiguous() @ columns.T
    # Pooling is up to 12 times faster channels-last.
    return F.adaptive_avg_pool2d(maps.contiguous(memory_format=torch.channels_last), smaller)


@lru_cache(maxsize=16)
def _averages(cells: int, fewer: int) -> Tensor:
    """The matrix, (fewer, cells), that averages a line as adaptive pooling does: bins share a cell that they split."""
    averages = torch.zeros(fewer, cells)
    for at in range(fewer):
        run = slice(at * cells // fewer, -(-(at + 1) * cells // fewer))
        averages[at, run] = 1 / (run.stop - run.start)
    return averages


def planar(maps: Tensor) -> Tensor:
    """The maps, (1, channels, height, width), plane after plane in memory."""
    _, channels, height, width = maps.shape
    if maps.is_contiguous() or channels < FEW_CHANNELS:
        return maps.contiguous()
    planes = torch.empty(channels, height * width)
    return planes.copy_(maps[0].permute(1, 2, 0).reshape(-1, channels).T).view(1, channels, height, width)


def extremes(maps: Tensor) -> Tensor:
    """The least and the largest value of each plane, (channels, 2), of maps of (1, channels, height, width)."""
    # Of channels-last maps directly it took five times as long.
    planes = planar(maps)[0].flatten(1)
    return torch.stack((planes.amin(1), planes.amax(1)), dim=1)


def to_bytes(maps: Tensor) -> tuple[Tensor, Tensor]:
    """Each plane scaled to its own range: (uint8 (channels, height, width), float32 (channels, 2) of low and high).

    A byte b stands for low + b / 255 * (high - low), to the nearest; a constant plane is all 0.
    """
    planes = planar(maps)[0]
    channels, height, width = planes.shape
    scaled = np.empty((channels, height, width), np.uint8)
    ranges = torch.empty((channels, 2))
    step = max(1, CELLS_AT_ONCE // (height * width))
    scratch = torch.empty((min(step, channels), height, width))
    for start in range(0, channels, step):
        part = planes[start : start + step]
        # Two reductions: torch's own aminmax took ten times as long.
        low, high = part.amin((1, 2)), part.amax((1, 2))
        ranges[start : start + step, 0], ranges[start : start + step, 1] = low, high
        slope = torch.where(high > low, 255 / (high - low), 0)
        # Low is subtracted first: of a plane that is almost constant, nothing else would be left exact. Three plain
        # passes over what is in the cache are faster than one addcmul, and numpy casts seven times as fast as torch;
        # the cast cuts off what is under a whole number.
        cells = torch.sub(part, low[:, None, None], out=scratch[: len(part)])
        cells.mul_(slope[:, None, None]).add_(0.5)
        np.copyto(scaled[start : start + step], cells.numpy(), casting="unsafe")
    return torch.from_numpy(scaled), ranges
