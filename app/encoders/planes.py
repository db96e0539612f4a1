"""Planes made smaller: averaged to thumbnails, and scaled to bytes."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

# As many planes at once as stay near the processor while each is read four times, and enough of them to make use of
# whole lines of memory where channels lie side by side.
CELLS_AT_ONCE = 2**19


def tiled(maps: Tensor, most: int) -> Tensor:
    """Averages down to at most `most` x `most` cells, the proportions kept; smaller maps are left as they are.

    `maps` and the result are (1, channels, height, width).
    """
    height, width = maps.shape[2:]
    longest = max(height, width)
    if longest <= most:
        return maps
    smaller = (max(1, round(height * most / longest)), max(1, round(width * most / longest)))
    # Pooling is up to 12 times faster channels-last.
    return F.adaptive_avg_pool2d(maps.contiguous(memory_format=torch.channels_last), smaller)


def to_bytes(maps: Tensor) -> tuple[Tensor, Tensor]:
    """Each plane scaled to its own range: (uint8 (channels, height, width), float32 (channels, 2) of low and high).

    A byte b stands for low + b / 255 * (high - low), to the nearest; a constant plane is all 0.
    """
    planes = maps[0]
    channels, height, width = planes.shape
    scaled = np.empty((channels, height, width), np.uint8)
    ranges = torch.empty((channels, 2))
    step = max(1, CELLS_AT_ONCE // (height * width))
    scratch = torch.empty((min(step, channels), height, width))
    for start in range(0, channels, step):
        part = planes[start : start + step]
        cells = scratch[: len(part)].copy_(part)
        # Two reductions: torch's own aminmax took ten times as long.
        low, high = cells.amin((1, 2)), cells.amax((1, 2))
        ranges[start : start + step, 0], ranges[start : start + step, 1] = low, high
        slope = torch.where(high > low, 255 / (high - low), 0)
        # Low is subtracted first: of a plane that is almost constant, nothing else would be left exact. Three plain
        # passes over what is in the cache are faster than one addcmul, and numpy casts seven times as fast as torch;
        # the cast cuts off what is under a whole number.
        cells.sub_(low[:, None, None]).mul_(slope[:, None, None]).add_(0.5)
        np.copyto(scaled[start : start + step], cells.numpy(), casting="unsafe")
    return torch.from_numpy(scaled), ranges
