"""The band-pass channels of the channel expansion: their order, their names and their kernels.

A band is a Gabor filter: it responds to stripes of one direction, one wavelength and one phase in one source, which is
the luminance or one of two opponent colours. There are nine wavelengths from 3 to 20 pixels, 128 directions, and an
even and an odd phase for each source; without colour, four phases.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product

import torch

KERNEL_SIZE = 13
# Sigma of the Gaussian that smooths the picture before a dilated kernel, in units of the dilation.
SMOOTHING = 0.6
DIRECTIONS = 128
# 0°, 90°, 45°, 135°, ...: each far from those before (the bits of 0 to 127, reversed).
_DIRECTIONS_BY_DISTANCE = tuple(sorted(range(DIRECTIONS), key=lambda n: f"{n:07b}"[::-1]))
CELLS = (4, 3, 5)
DILATIONS = (1, 2, 4)
# Stripes of amplitude a come out with this times a: natural pictures then fill about -0.5 to 0.5.
GAIN = 6.0
OPPONENT_GAIN = 2.5 * GAIN

# Luminance, red-green, blue-yellow: weights of R', G' and B' (Rec. 601).
SOURCES = ((0.299, 0.587, 0.114), (1.0, -1.0, 0.0), (-0.5, -0.5, 1.0))


@dataclass(frozen=True)
class Pattern:
    """A source, and the phase of the stripes at the kernel's centre in degrees: 0 is a light line, 90 an edge."""

    source: int
    phase: int
    name: str


# Phases differ by 30° between the sources: in a picture of one hue the sources are equal but for a factor.
COLOUR_PATTERNS = (
    Pattern(0, 90, "edges"),
    Pattern(1, 120, "red–green edges"),
    Pattern(0, 0, "lines"),
    Pattern(2, 150, "blue–yellow edges"),
    Pattern(1, 30, "red–green lines"),
    Pattern(2, 60, "blue–yellow lines"),
)
GREY_PATTERNS = (
    Pattern(0, 90, "edges"),
    Pattern(0, 0, "lines"),
    Pattern(0, 45, "slopes"),
    Pattern(0, 135, "ridges"),
)


@dataclass(frozen=True)
class Band:
    """One band-pass channel.

    Stripes run in `direction` (128ths of 180°, counted from horizontal, counterclockwise) with a wavelength of `cells`
    kernel cells. The kernel is dilated by `dilation`, over a picture that was smoothed accordingly.
    """

    pattern: Pattern
    cells: int
    dilation: int
    direction: int

    @property
    def degrees(self) -> float:
        """The direction along the stripes, 0 to 180."""
        return self.direction * 180 / DIRECTIONS

    @property
    def wavelength(self) -> int:
        """Pixels from stripe to stripe."""
        return self.cells * self.dilation

    @property
    def name(self) -> str:
        """Short words for people, as in "edges 45°, 4 px"."""
        return f"{self.pattern.name} {self.degrees:g}°, {self.wavelength} px"

    @property
    def group(self) -> tuple[int, int]:
        """Source and dilation: bands that share both are computed in one convolution."""
        return self.pattern.source, self.dilation

    @cached_property
    def kernel(self) -> torch.Tensor:
        """float32, 13 x 13, of sum 0."""
        along = torch.arange(KERNEL_SIZE, dtype=torch.float64) - KERNEL_SIZE // 2
        y, x = torch.meshgrid(along, along, indexing="ij")
        angle = math.radians(self.degrees)
        across = x * math.sin(angle) + y * math.cos(angle)
        envelope = torch.exp(-(x**2 + y**2) / (2 * (0.5 * self.cells) ** 2))
        wave = envelope * torch.cos(2 * math.pi * across / self.cells + math.radians(self.pattern.phase))
        wave -= envelope * wave.sum() / envelope.sum()
        gain = OPPONENT_GAIN if self.pattern.source else GAIN
        if self.dilation > 1:
            gain /= math.exp(-2 * (math.pi * SMOOTHING / self.cells) ** 2)  # makes up for the smoothing
        return (wave * gain / (envelope.sum() / 2)).float()


@cache
def bands(colour: bool) -> tuple[Band, ...]:
    """The bands of a picture with or without colour, from the most different ones to ever finer steps between."""
    patterns = COLOUR_PATTERNS if colour else GREY_PATTERNS
    # Sorting is stable: within one fineness, directions change fastest and patterns slowest.
    every = (Band(*each) for each in product(patterns, CELLS, DILATIONS, _DIRECTIONS_BY_DISTANCE))
    return tuple(sorted(every, key=_fineness))


def _fineness(band: Band) -> int:
    """0 for the four main directions at 4, 8 and 16 pixels, more for directions and wavelengths between them."""
    step = math.gcd(band.direction, DIRECTIONS // 4)
    halvings = (DIRECTIONS // 4 // step).bit_length() - 1
    # Of sixteen directions all wavelengths come before the next 16 directions.
    between = halvings if halvings <= 2 else 2 * halvings - 2
    return between + (band.cells != CELLS[0])


def kernels(chosen: Sequence[Band]) -> torch.Tensor:
    """Weights for `conv2d`, (bands, 1, 13, 13)."""
    return torch.stack([band.kernel for band in chosen])[:, None]
