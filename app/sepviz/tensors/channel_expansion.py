"""The stem: as many visibly different channels of a picture as are asked for, by a fixed rule.

Channels of a colour picture are red, green, blue, and then band-pass responses (`app/sepviz/tensors/bands.py`);
those of a grey one are luminance, and then band-pass responses of it. One channel of a colour picture
is its luminance. Channels but that one are the same however many are asked for. Band-pass channels are
signed; stripes of amplitude a in the picture come out with 6 a (15 a for an opponent colour).
"""

import math
from collections import defaultdict
from collections.abc import Iterator
from functools import cache

import torch
from torch.nn.functional import conv2d

from sepviz.tensors.bands import KERNEL_SIZE, SMOOTHING, SOURCES, Band, bands, kernels

# Bands are always computed this many at once, always the same ones: one alone could differ in its last digit.
_AT_ONCE = 16

Chunk = tuple[tuple[int, int], tuple[int, ...]]


def names(colour: bool, count: int) -> tuple[str, ...]:
    """Short words for each of `count` channels."""
    if count == 1 or not colour:
        own: tuple[str, ...] = ("luminance",)
    else:
        own = ("red", "green", "blue")
    return (*own, *(band.name for band in bands(colour)[: max(0, count - len(own))]))[:count]


def luminance(picture: torch.Tensor) -> torch.Tensor:
    """One plane, (1, height, width), of a picture (3 or 1, height, width), as Rec. 601 weighs the colours."""
    return _source(picture, 0)[None] if len(picture) == 3 else picture


@torch.inference_mode()
def channels(picture: torch.Tensor, start: int, stop: int) -> torch.Tensor:
    """Channels `start` to `stop` of a picture (3 or 1, height, width) in [0, 1]: (stop - start, height, width)."""
    own, (height, width) = len(picture), picture.shape[1:]
    planes = torch.empty(stop - start, height, width)
    planes[: max(0, own - start)] = picture[start:stop]
    smoothed: dict[tuple[int, int], torch.Tensor] = {}
    for (source, step), members in _chunks(own == 3):
        wanted = [(i, own + n - start) for i, n in enumerate(members) if start <= own + n < stop]
        if not wanted:
            continue
        if (source, step) not in smoothed:
            smoothed[source, step] = _smoothed(_source(picture, source), step)
        answers = conv2d(smoothed[source, step], _kernels(own == 3, members), dilation=step)[0]
        for taken, place in wanted:  # one by one: indexing with a list is several times slower
            planes[place] = answers[taken]
    return planes


@cache
def _chunks(colour: bool) -> tuple[Chunk, ...]:
    """Positions in `bands(colour)` that are computed together: of one source and step, 16 at once."""
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    for position, band in enumerate(bands(colour)):
        groups[band.group].append(position)
    return tuple(_split(groups))


def _split(groups: dict[tuple[int, int], list[int]]) -> Iterator[Chunk]:
    for group, members in groups.items():
        for at in range(0, len(members), _AT_ONCE):
            yield group, tuple(members[at : at + _AT_ONCE])


@cache
def _kernels(colour: bool, members: tuple[int, ...]) -> torch.Tensor:
    every: tuple[Band, ...] = bands(colour)
    return kernels([every[position] for position in members])


def _source(picture: torch.Tensor, source: int) -> torch.Tensor:
    if len(picture) == 1:
        return picture[0]
    red, green, blue = SOURCES[source]
    return red * picture[0] + green * picture[1] + blue * picture[2]


def _smoothed(plane: torch.Tensor, step: int) -> torch.Tensor:
    """The plane, (height, width), ready for kernels dilated by `step`: (1, 1, height + pads, width + pads)."""
    if step > 1:
        sigma = SMOOTHING * step
        reach = math.ceil(3 * sigma)
        bell = torch.exp(-((torch.arange(-reach, reach + 1) / sigma) ** 2) / 2)
        bell /= bell.sum()
        rows = conv2d(_reflected(plane, reach)[None, None], bell.view(1, 1, -1, 1))
        plane = conv2d(rows, bell.view(1, 1, 1, -1))[0, 0]
    return _reflected(plane, step * (KERNEL_SIZE // 2))[None, None]


def _reflected(plane: torch.Tensor, pad: int) -> torch.Tensor:
    """Padded on every side by its own mirror image, however far; torch's own padding stops at the size."""
    height, width = plane.shape
    return plane[_mirror(height, pad)[:, None], _mirror(width, pad)]


def _mirror(size: int, pad: int) -> torch.Tensor:
    period = max(1, 2 * (size - 1))
    there = torch.arange(-pad, size + pad).remainder(period)
    return torch.minimum(there, period - there)
