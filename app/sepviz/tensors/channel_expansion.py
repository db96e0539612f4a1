"""The channel expansion: a picture as any number of visibly different channels, by a fixed rule.

Channels of a colour picture are red, green, blue, and then band-pass responses (`sepviz.tensors.bands`); those of a
grey one are luminance, and then band-pass responses of it. The only channel of a colour picture is its luminance; all
others are the same for every number of channels. Band-pass channels are signed; stripes of amplitude a in the picture
come out with 6 a (15 a for an opponent colour).
"""

import math
from collections import defaultdict
from collections.abc import Iterator
from functools import cache

import torch
from torch.nn.functional import conv2d

from sepviz.tensors.bands import KERNEL_SIZE, SMOOTHING, SOURCES, bands, kernels

# Bands are always computed this many at once, always the same ones: one alone could differ in its last digit.
_BANDS_AT_ONCE = 16
# Larger pictures are convolved in strips of rows, so that the responses take at most 16 MiB at a time (and conv2d as
# much, which computes in blocks of 16 channels).
_MAX_CELLS_AT_ONCE = 512 * 512

# A source and a dilation, and positions in `bands(colour)`.
Batch = tuple[tuple[int, int], tuple[int, ...]]


def channel_names(colour: bool, count: int) -> tuple[str, ...]:
    """Short words for each of `count` channels."""
    if count == 1 or not colour:
        own: tuple[str, ...] = ("luminance",)
    else:
        own = ("red", "green", "blue")
    return (*own, *(band.name for band in bands(colour)[: max(0, count - len(own))]))[:count]


def luminance(picture: torch.Tensor) -> torch.Tensor:
    """One plane, (1, height, width), of a picture (3 or 1, height, width), weighted as in Rec. 601."""
    return _source(picture, 0)[None] if len(picture) == 3 else picture


@torch.inference_mode()
def expand(picture: torch.Tensor, start: int, stop: int) -> torch.Tensor:
    """Channels `start` to `stop` of a picture (3 or 1, height, width) in [0, 1]: (stop - start, height, width)."""
    own, (height, width) = len(picture), picture.shape[1:]
    channels = torch.empty(stop - start, height, width)
    channels[: max(0, own - start)] = picture[start:stop]
    group, plane = None, torch.empty(0)
    for (source, dilation), members in _batches(own == 3):
        if stop <= own + members[0] or own + members[-1] < start:
            continue
        wanted = [(n, own + each - start) for n, each in enumerate(members) if start <= own + each < stop]
        if group != (source, dilation):
            group, plane = (source, dilation), _padded(_smoothed(_source(picture, source), dilation), dilation)
        weight = _kernels(own == 3, members)
        for rows in _strips(height, width):
            read = plane[:, :, rows.start : rows.stop + dilation * (KERNEL_SIZE - 1)]
            responses = conv2d(read, weight, dilation=dilation)[0]
            for n, channel in wanted:  # one by one: indexing with a list is several times slower
                channels[channel, rows.start : rows.stop] = responses[n]
    return channels


@cache
def _batches(colour: bool) -> tuple[Batch, ...]:
    """Bands that are computed together: of one source and dilation, 16 at once; all batches of a group in a row."""
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    for position, band in enumerate(bands(colour)):
        groups[band.group].append(position)
    return tuple(_split(groups))


def _split(groups: dict[tuple[int, int], list[int]]) -> Iterator[Batch]:
    for group, members in groups.items():
        for first in range(0, len(members), _BANDS_AT_ONCE):
            yield group, tuple(members[first : first + _BANDS_AT_ONCE])


@cache
def _kernels(colour: bool, members: tuple[int, ...]) -> torch.Tensor:
    every = bands(colour)
    return kernels([every[position] for position in members])


def _strips(height: int, width: int) -> Iterator[range]:
    """Runs of rows of at most 2^18 cells; a picture of up to 512 x 512 is one."""
    rows = max(1, _MAX_CELLS_AT_ONCE // width)
    for top in range(0, height, rows):
        yield range(top, min(top + rows, height))


def _source(picture: torch.Tensor, source: int) -> torch.Tensor:
    if len(picture) == 1:
        return picture[0]
    red, green, blue = SOURCES[source]
    mixed = red * picture[0]
    mixed += green * picture[1]
    mixed += blue * picture[2]
    return mixed


def _smoothed(plane: torch.Tensor, dilation: int) -> torch.Tensor:
    """The plane, (height, width), without what a kernel of this dilation would alias."""
    if dilation == 1:
        return plane
    sigma = SMOOTHING * dilation
    reach = math.ceil(3 * sigma)
    gaussian = torch.exp(-((torch.arange(-reach, reach + 1) / sigma) ** 2) / 2)
    gaussian /= gaussian.sum()
    padded, smoothed = _reflected(plane, reach)[None, None], torch.empty_like(plane)
    for rows in _strips(*plane.shape):
        along_columns = conv2d(padded[:, :, rows.start : rows.stop + 2 * reach], gaussian.view(1, 1, -1, 1))
        smoothed[rows.start : rows.stop] = conv2d(along_columns, gaussian.view(1, 1, 1, -1))[0, 0]
    return smoothed


def _padded(plane: torch.Tensor, dilation: int) -> torch.Tensor:
    """The plane padded for a kernel of this dilation, (1, 1, height + pads, width + pads)."""
    return _reflected(plane, dilation * (KERNEL_SIZE // 2))[None, None]


def _reflected(plane: torch.Tensor, pad: int) -> torch.Tensor:
    """The plane padded on every side by its own mirror image, repeated where needed, which torch's own is not."""
    height, width = plane.shape
    return plane[_mirror(height, pad)[:, None], _mirror(width, pad)]


def _mirror(length: int, pad: int) -> torch.Tensor:
    period = max(1, 2 * (length - 1))
    positions = torch.arange(-pad, length + pad).remainder(period)
    return torch.minimum(positions, period - positions)
