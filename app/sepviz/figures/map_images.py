"""The real maps and kernels of a figure as plain values, and which of them a figure draws.

A figure is drawn once with `Requests`, which only records what it would show, and again with the computed `MapImages`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from sepviz.figures.paint import Mode
from sepviz.palette import ColorMap, colour_of

MAX_BYTES = 300_000  # of a figure with maps
STEPS = 32  # of the colours of weights, on either side of zero
COLORMAPS: dict[Mode, ColorMap] = {"light": "diverging", "dark": "diverging-dark"}

Kernel = tuple[tuple[float, ...], ...]  # rows of weights


class MapKey(NamedTuple):
    """A map: `input` or the convolution that computes it, with all that follows it; and its channel."""

    stage: str
    channel: int


class KernelKey(NamedTuple):
    """A kernel: its convolution, its output, and which of the channels that this output reads it is for."""

    stage: str
    output: int
    channel: int


@dataclass(frozen=True, slots=True)
class MapImage:
    """A map as data URIs of pictures, for light and for dark figures."""

    light: str
    dark: str


class Pictures(Protocol):
    """What a figure asks for the maps and kernels that it draws; None where there is none."""

    def map_image(self, key: MapKey) -> MapImage | None:
        """The picture of a map."""

    def kernel_colours(self, key: KernelKey) -> Mapping[Mode, list[list[str]]] | None:
        """The colours of a kernel's cells, row by row, in light and in dark figures."""


@dataclass(slots=True)
class Requests:
    """Records which maps and kernels a figure draws."""

    maps: set[MapKey] = field(default_factory=set)
    kernels: set[KernelKey] = field(default_factory=set)

    def map_image(self, key: MapKey) -> None:
        """Record the map."""
        self.maps.add(key)

    def kernel_colours(self, key: KernelKey) -> None:
        """Record the kernel."""
        self.kernels.add(key)


@dataclass(frozen=True, slots=True, eq=False)
class MapImages:
    """The maps that a figure draws, and its kernels with the limits of their colours, by convolution."""

    maps: Mapping[MapKey, MapImage]
    kernels: Mapping[KernelKey, Kernel]
    limits: Mapping[str, float]

    def map_image(self, key: MapKey) -> MapImage | None:
        """The picture of a map."""
        return self.maps.get(key)

    def kernel_colours(self, key: KernelKey) -> Mapping[Mode, list[list[str]]] | None:
        """The colours of a kernel's cells: blue below zero, red above."""
        kernel, limit = self.kernels.get(key), self.limits.get(key.stage, 0)
        if kernel is None:
            return None
        places = [[_round(value, limit) for value in row] for row in kernel]
        return {
            mode: [[colour_of(place, (-STEPS, STEPS), colormap) for place in row] for row in places]
            for mode, colormap in COLORMAPS.items()
        }


def _round(value: float, limit: float) -> int:
    """The nearest step to a value, from -STEPS to STEPS at the limit: a large kernel takes few colours."""
    return round(value / limit * STEPS) if limit else 0
