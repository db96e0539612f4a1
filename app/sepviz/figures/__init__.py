"""Figures: a layer as SVG, drawn from its spec and shapes alone, the same text every time."""

from collections.abc import Callable
from functools import lru_cache
from urllib.parse import urlencode

from sepviz.errors import BadParameter, InvalidParameters, UnknownName
from sepviz.figures import animation, block, costs, groups, layer_figures, layers, ratio, window
from sepviz.figures.canvas import Canvas
from sepviz.figures.columns import COLUMNS
from sepviz.figures.failure import error_figure
from sepviz.figures.options import THEMES, Options
from sepviz.figures.texts import told_with
from sepviz.layer.spec import LayerSpec

__all__ = ["COLUMNS", "NAMES", "Options", "draw", "error_figure"]

_Draw = Callable[[Canvas, LayerSpec], float]  # its height
_Told = Callable[[LayerSpec], str]

# Name: the width of the figure, what draws it and tells where it ends, and what says it in words.
_FIGURES: dict[str, tuple[float, _Draw, _Told]] = {
    "separable": (layers.END, layer_figures.separable, layer_figures.told("depthwise-separable")),
    "depthwise": (layers.OUTPUT, layer_figures.depthwise, layer_figures.told("depthwise-separable", slice(1))),
    "pointwise": (layers.END - 240, layer_figures.pointwise, layer_figures.told("depthwise-separable", slice(1, 2))),
    "standard": (layers.END, layer_figures.standard, layer_figures.told("standard")),
    "spatial": (layers.END, layer_figures.spatial, layer_figures.told("spatially-separable")),
    "comparison": (costs.WIDEST, costs.comparison, costs.told),
    "cost": (costs.WIDTH, costs.cost_bars, costs.told),
    "ratio": (ratio.WIDTH, ratio.draw, ratio.told),
    "block": (block.WIDTH, block.draw, block.told),
    "groups": (groups.WIDTH, groups.draw, groups.told),
    "window": (window.WIDTH, window.draw, window.told),
}

NAMES: tuple[str, ...] = tuple(_FIGURES)


# oEmbed measures a figure that is fetched right after; those that are fetched are kept packed, by their route.
@lru_cache(maxsize=32)
def draw(name: str, spec: LayerSpec, options: Options = Options()) -> str:  # noqa: B008 - it is frozen
    """The SVG of a figure.

    `UnknownName` for a figure or theme that does not exist, `InvalidParameters` where the output would be empty
    or where something is to move that does not.
    """
    if name not in NAMES:
        raise UnknownName("figure", name, NAMES, "name")
    if options.theme not in (*THEMES, "page"):
        raise UnknownName("theme", options.theme, THEMES)
    figure_address = address(name, spec, options)
    canvas = Canvas(name, figure_address, options.theme, options.lang, options.background)
    width, figure, told = _FIGURES[name]
    if options.animate or options.frames:
        _refuse_still(name, options)
        width, height = animation.animated(canvas, name, spec, options.frames)
    else:
        height = figure(canvas, spec)
    title = options.title or canvas.say(f"{name}.title")
    caption = None if canvas.inlined else title
    return canvas.finish(width, height, title, told(spec), options.width, caption, figure_address)


def _refuse_still(name: str, options: Options) -> None:
    if name not in animation.MOVING:
        parameter, value = ("frames", str(options.frames)) if options.frames else ("animate", "true")
        allowed = told_with("animation.allowed", names=", ".join(animation.MOVING))
        raise InvalidParameters([BadParameter(parameter, value, allowed, told_with("animation.why", name=name))])


def address(name: str, spec: LayerSpec, options: Options) -> str:
    """Where this very figure is to be had, from the root of the server on."""
    own = urlencode(options.parameters())
    return f"/diagrams/{name}.svg?{spec.query()}{f'&{own}' if own else ''}"
