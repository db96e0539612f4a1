"""`generate`: input tensors by formula, each of which shows one property of a layer."""

import math
from collections.abc import Callable

import torch

from sepviz.errors import UnknownName
from sepviz.layer.spec import LayerSpec, properties

# Height and width of a map, in cells.
Shape = tuple[int, int]
Generator = Callable[[int, Shape, int], torch.Tensor]

MAX_CHANNELS: int = properties(LayerSpec)["in_channels"]["maximum"]
# Weights are drawn from the same seed; with this, noise is drawn from other numbers.
_NOISE_SEED = 0x6E6F6973
# Rings per cell where a zone plate ends, 1 side away from its centre: 3/4 away, a ring is two cells wide.
_MAX_FREQUENCY = 2.0 / 3
# torch computes powers, sines and cosines of the last elements of a tensor, fewer than these, in another way: of whole
# vectors, each channel is the same to its last digit, whatever the number of channels.
_VECTOR = 64


@torch.inference_mode()
def generate(name: str, channels: int, shape: Shape, seed: int) -> torch.Tensor:
    """A tensor float32, (channels, height, width), for `shape` (height, width); only `noise` depends on the seed.

    Values are in [0, 1], but those of `noise` are normal, of mean 0 and deviation 1. Channels differ, except those of
    `impulse`, and each is the same for every number of channels. Raises `UnknownName`.
    """
    if name not in _GENERATORS:
        raise UnknownName("generated tensor", name, _GENERATORS)
    return _GENERATORS[name](channels, shape, seed)


def _impulse(channels: int, shape: Shape, _seed: int) -> torch.Tensor:
    """1 in the cell (height // 2, width // 2) and 0 elsewhere: a depthwise output is the kernel, rotated by 180°."""
    height, width = shape
    planes = torch.zeros(channels, height, width)
    planes[:, height // 2, width // 2] = 1
    return planes


def _step(channels: int, shape: Shape, _seed: int) -> torch.Tensor:
    """A dark and a light half; the edge, one cell wide, has another direction and place in every channel."""
    across, down = _directions(channels)
    offset = _offsets(channels, 3)[:, :, None]
    x, y = _coordinates(shape)
    return (0.5 + min(shape) * (x * across + y * down - offset)).clamp_(0, 1)


def _checkerboard(channels: int, shape: Shape, _seed: int) -> torch.Tensor:
    """Squares of a quarter of the shorter side in the first channel, down to single cells in others."""
    side = (max(min(shape) / 4, 1) ** (1 - _spread(2)))[: _whole_vectors(channels), None]
    down, across = (_square_wave(side, length)[:channels] for length in shape)
    return 0.5 + 0.5 * down[:, :, None] * across[:, None, :]


def _square_wave(side: torch.Tensor, length: int) -> torch.Tensor:
    """A sine, clamped so that edges are about a cell wide: sides of a fraction of a cell still differ."""
    return (side * torch.sin(math.pi * (torch.arange(length) + 0.5) / side)).clamp(-1, 1)


def _zone_plate(channels: int, shape: Shape, _seed: int) -> torch.Tensor:
    """Rings that become finer outwards, so that every direction and wavelength occurs; the centre moves."""
    computed, longer = _whole_vectors(channels), max(shape)
    # A ring is two cells wide or more, even with the centre a quarter of the side away from the middle.
    phases = []
    for length, base in zip(shape, (3, 2), strict=True):
        along = (torch.arange(length) + 0.5) / longer - length / longer / 2
        centre = _offsets(computed, base) * (length / longer)
        phases.append(math.pi * _MAX_FREQUENCY * longer * (along - centre) ** 2)
    down, across = phases
    across += 2 * math.pi * _spread(5)[:computed, None]
    cosines, sines = ([of(each)[:channels] for each in (down, across)] for of in (torch.cos, torch.sin))
    wave = cosines[0][:, :, None] * cosines[1][:, None, :]
    wave -= sines[0][:, :, None] * sines[1][:, None, :]
    return wave.mul_(0.5).add_(0.5).clamp_(0, 1)


def _gradient(channels: int, shape: Shape, _seed: int) -> torch.Tensor:
    """An even slope from 0 to 1, in another direction in every channel."""
    across, down = _directions(channels)
    x, y = _coordinates(shape)
    height, width = (length / min(shape) for length in shape)
    return (0.5 + (x * across + y * down) / (across.abs() * width + down.abs() * height)).clamp_(0, 1)


def _noise(channels: int, shape: Shape, seed: int) -> torch.Tensor:
    source = torch.Generator().manual_seed(seed ^ _NOISE_SEED)
    height, width = shape
    cells = height * width
    # torch draws sixteen at once and the last ones in another way: with whole sixteens each channel stays the same.
    drawn = torch.randn(channels, -(-cells // 16) * 16, generator=source)
    return drawn[:, :cells].reshape(channels, height, width)


def _one_channel(channels: int, shape: Shape, seed: int) -> torch.Tensor:
    """A zone plate in the first channel, 0 in the others: depthwise keeps it apart, pointwise mixes it."""
    planes = torch.zeros(channels, *shape)
    planes[0] = _zone_plate(1, shape, seed)[0]
    return planes


_GENERATORS: dict[str, Generator] = {
    "impulse": _impulse,
    "step": _step,
    "checkerboard": _checkerboard,
    "zone-plate": _zone_plate,
    "gradient": _gradient,
    "noise": _noise,
    "one-channel": _one_channel,
}


def _spread(base: int) -> torch.Tensor:
    """For every possible channel: 0, 1/2, 1/4, 3/4, ..., each far from those before (van der Corput's sequence)."""
    number = torch.arange(MAX_CHANNELS)
    values, scale = torch.zeros(MAX_CHANNELS), 1.0
    while number.any():
        scale /= base
        values += scale * number.remainder(base)
        number = number.div(base, rounding_mode="floor")
    return values


def _whole_vectors(channels: int) -> int:
    return -(-channels // _VECTOR) * _VECTOR


def _directions(channels: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Cosine and sine of each channel's direction, (channels, 1, 1): right, left, down, up, and between."""
    angle = 2 * math.pi * _spread(2)
    return torch.cos(angle)[:channels, None, None], torch.sin(angle)[:channels, None, None]


def _offsets(channels: int, base: int) -> torch.Tensor:
    """Distance of each channel's pattern from the centre, (channels, 1), up to a quarter; 0 for the first."""
    offsets = (_spread(base)[:channels, None] - 0.5) / 2
    offsets[0] = 0
    return offsets


def _coordinates(shape: Shape) -> tuple[torch.Tensor, torch.Tensor]:
    """x and y of the cells from the centre, as shares of the shorter side, to be broadcast over the channels."""
    shorter = min(shape)
    y, x = ((torch.arange(length) + 0.5) / shorter - length / shorter / 2 for length in shape)
    return x[None, None, :], y[None, :, None]
