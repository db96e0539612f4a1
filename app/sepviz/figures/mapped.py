"""Figures that can show the real maps and weights of the layers that they draw."""

import re
from collections.abc import Callable

from sepviz.errors import BadParameter, InvalidParameters
from sepviz.figures.canvas import Canvas
from sepviz.figures.figure_legend import Entry
from sepviz.figures.map_images import COLORMAPS
from sepviz.figures.options import Options
from sepviz.figures.paint import Mode
from sepviz.figures.translations import text
from sepviz.layer.kinds import KINDS, SEPARABLE, Kind
from sepviz.layer.plan import plan
from sepviz.layer.spec import UPLOAD_PATTERN, LayerSpec
from sepviz.palette import colour_of

_SAMPLES = (-0.5, -0.25, 0.0, 0.25, 0.5)  # of the colours in the legend, which end at -1 and 1
_SAMPLE = 10.0

Layers = tuple[LayerSpec, ...]


def _as_kind(kind: Kind) -> Callable[[LayerSpec], Layers]:
    return lambda spec: (spec.as_kind(kind),)


def _compared(spec: LayerSpec) -> Layers:
    """The separable layer, and one that begins with the convolution that it replaces."""
    kind = plan(spec).kind
    if not kind.is_separable:
        return spec.as_kind(SEPARABLE), spec
    replaced = next(each for each, row in KINDS.items() if row.stages[0] == kind.baseline)
    return spec, spec.as_kind(replaced)


# Of each figure with planes the layers whose stages it draws.
_LAYERS: dict[str, Callable[[LayerSpec], Layers]] = {
    "separable": _as_kind("depthwise-separable"),
    "depthwise": _as_kind("depthwise-separable"),
    "pointwise": _as_kind("depthwise-separable"),
    "standard": _as_kind("standard"),
    "spatial": _as_kind("spatially-separable"),
    "comparison": _compared,
}

MAPPED: tuple[str, ...] = tuple(_LAYERS)


def drawn_layers(name: str, spec: LayerSpec) -> Layers:
    """The layers whose stages a figure with maps draws."""
    return _LAYERS[name](spec)


def refuse_unmapped(name: str, options: Options) -> None:
    """Raise `InvalidParameters` where the figure has no planes, or draws cells in place of them."""
    if name not in MAPPED:
        allowed = text("maps.allowed", names=", ".join(MAPPED))
        raise InvalidParameters([BadParameter("maps", "true", allowed, text("maps.why", name=name))])
    if options.animate or options.frames:
        other = "frames" if options.frames else "animate"
        allowed, why = text("maps.still", other=other), text("maps.moving")
        raise InvalidParameters([BadParameter("maps", "true", allowed, why, (("maps", "false"),))])


def colours_entry(canvas: Canvas) -> Entry:
    """The legend's entry of the colours of maps and weights."""

    def sample(on: Canvas, x: float, y: float) -> None:
        for index, value in enumerate(_SAMPLES):
            colours: dict[Mode, str] = {mode: colour_of(value, (-1, 1), each) for mode, each in COLORMAPS.items()}
            on.coloured_path(f"M{x + _SAMPLE * index:g} {y - 5:g}h{_SAMPLE:g}v10h-{_SAMPLE:g}z", colours)
        on.rect(x, y - 5, _SAMPLE * len(_SAMPLES), 10, stroke="plane")

    return Entry(canvas.translate("maps.colours"), _SAMPLE * len(_SAMPLES), sample)


def describe_maps(spec: LayerSpec) -> str:
    """A sentence for the alt text: whose maps and weights the figure shows."""
    shown = text("maps.upload") if re.fullmatch(UPLOAD_PATTERN, spec.input) else spec.input
    return text("maps.description", input=shown, weights=spec.weights)
