"""Jobs for the worker processes: a layer, which part of it, and the format of the result."""

from dataclasses import dataclass
from typing import Literal

from sepviz.encoded import DType, Scale
from sepviz.figures.options import Options
from sepviz.layer.cell import Cell
from sepviz.layer.selection import Selection
from sepviz.layer.spec import LayerSpec
from sepviz.palette import ColorMap


@dataclass(frozen=True, slots=True)
class Tensors:
    """The tensors as a file; maps are averaged to at most `tile` cells a side."""

    spec: LayerSpec
    selection: Selection
    dtype: DType
    tile: int | None
    format: Literal["safetensors", "npz"]


@dataclass(frozen=True, slots=True)
class View:
    """The maps that the page shows, with the HTML that a change of the layer replaces, in one file."""

    spec: LayerSpec
    selection: Selection
    tile: int | None
    fragment: str


@dataclass(frozen=True, slots=True)
class Grid:
    """All maps of a stage as a labelled grid; `form` is `png` or `svg`."""

    spec: LayerSpec
    stage: str
    form: str
    colormap: ColorMap
    scale: Scale


@dataclass(frozen=True, slots=True)
class Plane:
    """One map of a stage as PNG."""

    spec: LayerSpec
    stage: str
    channel: int
    colormap: ColorMap


@dataclass(frozen=True, slots=True)
class Composed:
    """One output map as that of a single convolution, as JSON; `channel` is the output's."""

    spec: LayerSpec
    channel: int


@dataclass(frozen=True, slots=True)
class Pixel:
    """The arithmetic of a cell's value, as JSON.

    Where several channels make the value, the steps before are those of channel `through`; None takes the one that adds
    most.
    """

    spec: LayerSpec
    cell: Cell
    through: int | None = None


@dataclass(frozen=True, slots=True)
class Approximation:
    """The best separable approximations of a kernel, as JSON; `channel` is the output's."""

    spec: LayerSpec
    channel: int
    has_pictures: bool  # whether maps and kernels come with the numbers, as a lens shows them


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with maps as SVG."""

    spec: LayerSpec
    name: str
    options: Options


Job = Tensors | View | Grid | Plane | Composed | Pixel | Approximation | Figure
