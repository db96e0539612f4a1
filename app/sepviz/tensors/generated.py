"""Input tensors that are made, not photographed: each shows one property of a layer plainly."""

import math
from collections.abc import Callable

import torch

from sepviz.errors import UnknownName
from sepviz.layer.spec import LayerSpec, properties

Maker = Callable[[int, int, int], torch.Tensor]

# Weights are drawn from the same seed; without this, noise and weights would be drawn from the same numbers.
_NOISE = 0x6E6F6973
# Rings per cell, a whole size away from a zone plate's centre: 3/4 away, two cells make a ring.
_FINEST = 2.0 / 3
MOST: int = properties(LayerSpec)["in_channels"]["maximum"]


@torch.inference_mode()
def generate(name: str, channels: int, size: int, seed: int) -> torch.Tensor:
    """A tensor float32, (channels, size, size), of at most 512 channels; only `noise` looks at the seed.

    Values are in [0, 1], but those of `noise` are normal, of mean 0 and deviation 1. Channels differ,
    except those of `impulse`, and are the same however many are asked for. Raises `UnknownName`.
    """
    if name not in _MAKERS:
        raise UnknownName("generated tensor", name, _MAKERS)
    return _MAKERS[name](channels, size, seed)


def _impulse(channels: int, size: int, _seed: int) -> torch.Tensor:
    """1 in the cell (size // 2, size // 2) and 0 elsewhere: depthwise answers with the kernel, turned by 180°."""
    planes = torch.zeros(channels, size, size)
    planes[:, size // 2, size // 2] = 1
    return planes


def _step(channels: int, size: int, _seed: int) -> torch.Tensor:
    """Dark and light halves; the edge, one cell wide, turns and moves from channel to channel."""
    across, down = _directions(channels)
    moved = _off_centre(channels, 3)[:, :, None]
    x, y = _centred(size)
    return (0.5 + size * (x * across + y * down - moved)).clamp_(0, 1)


def _checkerboard(channels: int, size: int, _seed: int) -> torch.Tensor:
    """Squares of a quarter of the size in the first channel, down to single cells in others."""
    side = (size / 4) ** (1 - _spread(2))[:, None]
    # A sine, cut off so that edges are about a cell wide: sides that are no whole number of cells stay distinct.
    wave = (side * torch.sin(math.pi * (torch.arange(size) + 0.5) / side)).clamp(-1, 1)[:channels]
    return 0.5 + 0.5 * wave[:, :, None] * wave[:, None, :]


def _zone_plate(channels: int, size: int, _seed: int) -> torch.Tensor:
    """Rings that become finer outwards, so that every direction and wavelength occurs; the centre moves."""
    along = (torch.arange(size) + 0.5) / size - 0.5
    # Nowhere finer than two cells a ring, though the centre be a quarter of the size off the middle.
    across, down = (math.pi * _FINEST * size * (along - _off_centre(MOST, base)) ** 2 for base in (2, 3))
    across += 2 * math.pi * _spread(5)[:, None]
    cosines, sines = ([of(each)[:channels] for each in (down, across)] for of in (torch.cos, torch.sin))
    wave = cosines[0][:, :, None] * cosines[1][:, None, :]
    wave -= sines[0][:, :, None] * sines[1][:, None, :]
    return (0.5 + 0.5 * wave).clamp_(0, 1)


def _gradient(channels: int, size: int, _seed: int) -> torch.Tensor:
    """An even slope from 0 to 1, in another direction in every channel."""
    across, down = _directions(channels)
    x, y = _centred(size)
    return (0.5 + (x * across + y * down) / (across.abs() + down.abs())).clamp_(0, 1)


def _noise(channels: int, size: int, seed: int) -> torch.Tensor:
    source = torch.Generator().manual_seed(seed ^ _NOISE)
    # torch draws sixteen at once and an odd rest in another way: whole sixteens keep each channel the same.
    drawn = torch.randn(channels, -(-(size**2) // 16) * 16, generator=source)
    return drawn[:, : size**2].reshape(channels, size, size)


def _one_channel(channels: int, size: int, seed: int) -> torch.Tensor:
    """A zone plate in the first channel and nothing in the others: depthwise keeps it apart, pointwise mixes it."""
    planes = torch.zeros(channels, size, size)
    planes[0] = _zone_plate(1, size, seed)[0]
    return planes


_MAKERS: dict[str, Maker] = {
    "impulse": _impulse,
    "step": _step,
    "checkerboard": _checkerboard,
    "zone-plate": _zone_plate,
    "gradient": _gradient,
    "noise": _noise,
    "one-channel": _one_channel,
}


def _spread(base: int) -> torch.Tensor:
    """For each channel that can be: 0, 1/2, 1/4, 3/4, ..., each as far as can be from those before (van der Corput).

    Powers, sines and cosines are taken of all of them, and cut afterwards: torch computes the last
    elements of a tensor in another way, so that a channel's last digit would depend on how many there are.
    """
    number = torch.arange(MOST)
    found, scale = torch.zeros(MOST), 1.0
    while number.any():
        scale /= base
        found += scale * number.remainder(base)
        number = number.div(base, rounding_mode="floor")
    return found


def _directions(channels: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Cosine and sine of each channel's direction, (channels, 1, 1): right, left, down, up, and between."""
    angle = 2 * math.pi * _spread(2)
    return torch.cos(angle)[:channels, None, None], torch.sin(angle)[:channels, None, None]


def _off_centre(channels: int, base: int) -> torch.Tensor:
    """How far each channel's pattern is moved, (channels, 1), up to a quarter of the size; the first is not."""
    moved = (_spread(base)[:channels, None] - 0.5) / 2
    moved[0] = 0
    return moved


def _centred(size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """x and y of the cells' centres, from -1/2 to 1/2, ready to be broadcast over (channels, size, size)."""
    along = (torch.arange(size) + 0.5) / size - 0.5
    return along[None, None, :], along[None, :, None]
