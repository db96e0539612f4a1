"""The band-pass channels of the stem: which there are, in which order, and their kernels.

A band answers to a stripe pattern of one direction, one wavelength and one phase (a Gabor filter) in
one source: the luminance, or one of two opponent colours. Nine wavelengths from 3 to 20 pixels,
sixteen directions, and for each source an even and an odd phase; without colour, four phases.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product

import torch

KERNEL_SIZE = 13
# Sigma of the Gaussian that smooths the picture before a dilated kernel, over the kernel's step.
SMOOTHING = 0.6
DIRECTIONS = 16
# 0°, 90°, 45°, 135°, ...: each as far as can be from those before (the bits of 0 to 15, reversed).
_DIRECTIONS_BY_DISTANCE = tuple(sorted(range(DIRECTIONS), key=lambda n: f"{n:04b}"[::-1]))
CELLS = (4, 3, 5)
STEPS = (1, 2, 4)
# A stripe of amplitude a in the picture comes out with this times a: natural pictures then fill about -0.5 to 0.5.
GAIN = 6.0
OPPONENT_GAIN = 2.5 * GAIN

# Rows are luminance, red-green, blue-yellow; the picture's R'G'B' times them is the source (Rec. 601).
SOURCES = ((0.299, 0.587, 0.114), (1.0, -1.0, 0.0), (-0.5, -0.5, 1.0))


@dataclass(frozen=True)
class Look:
    """A source, and a phase in degrees of the stripes at the centre: 0 is a light line, 90 an edge."""

    source: int
    phase: int
    name: str


# Phases are 30° apart between the sources: in a picture of one hue the sources are the same but for a factor.
COLOUR_LOOKS = (
    Look(0, 90, "edges"),
    Look(1, 120, "red–green edges"),
    Look(0, 0, "lines"),
    Look(2, 150, "blue–yellow edges"),
    Look(1, 30, "red–green lines"),
    Look(2, 60, "blue–yellow lines"),
)
GREY_LOOKS = (Look(0, 90, "edges"), Look(0, 0, "lines"), Look(0, 45, "slopes"), Look(0, 135, "ridges"))


@dataclass(frozen=True)
class Band:
    """One band-pass channel.

    Stripes run in `direction` (sixteenths of 180°, counted from horizontal, counterclockwise) with a
    wavelength of `cells` kernel cells. Those are `step` pixels apart: the kernel is dilated, over a
    picture that was smoothed as much.
    """

    look: Look
    cells: int
    step: int
    direction: int

    @property
    def degrees(self) -> float:
        """The direction along the stripes, 0 to 180."""
        return self.direction * 180 / DIRECTIONS

    @property
    def wavelength(self) -> int:
        """Pixels from stripe to stripe."""
        return self.cells * self.step

    @property
    def name(self) -> str:
        """Short words for it, as in "edges 45°, 4 px"."""
        return f"{self.look.name} {self.degrees:g}°, {self.wavelength} px"

    @property
    def group(self) -> tuple[int, int]:
        """Source and step: bands that share them are one convolution."""
        return self.look.source, self.step

    @cached_property
    def kernel(self) -> torch.Tensor:
        """float32, 13 x 13, of sum 0."""
        along = torch.arange(KERNEL_SIZE, dtype=torch.float64) - KERNEL_SIZE // 2
        y, x = torch.meshgrid(along, along, indexing="ij")
        angle = math.radians(self.degrees)
        across = x * math.sin(angle) + y * math.cos(angle)
        envelope = torch.exp(-(x**2 + y**2) / (2 * (0.5 * self.cells) ** 2))
        wave = envelope * torch.cos(2 * math.pi * across / self.cells + math.radians(self.look.phase))
        wave -= envelope * wave.sum() / envelope.sum()
        gain = OPPONENT_GAIN if self.look.source else GAIN
        if self.step > 1:
            gain /= math.exp(-2 * (math.pi * SMOOTHING / self.cells) ** 2)  # what the smoothing takes from it
        return (wave * gain / (envelope.sum() / 2)).float()


@cache
def bands(colour: bool) -> tuple[Band, ...]:
    """All bands of a picture with or without colour, from the most different ones to ever finer steps between."""
    looks = COLOUR_LOOKS if colour else GREY_LOOKS
    # Sorting is stable: within one fineness, directions change fastest and looks slowest.
    found = (Band(*each) for each in product(looks, CELLS, STEPS, _DIRECTIONS_BY_DISTANCE))
    return tuple(sorted(found, key=_fineness))


def _fineness(band: Band) -> int:
    """0 for the four main directions at 4, 8 and 16 pixels, more for what lies between them."""
    between = 0 if band.direction % 4 == 0 else 1 if band.direction % 2 == 0 else 2
    return between + (band.cells != CELLS[0])


def kernels(chosen: Sequence[Band]) -> torch.Tensor:
    """Weights for `conv2d`, (bands, 1, 13, 13)."""
    return torch.stack([band.kernel for band in chosen])[:, None]
