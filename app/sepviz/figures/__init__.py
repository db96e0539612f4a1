"""Figures: a layer as SVG, drawn from its spec and shapes alone, the same text every time."""

from collections.abc import Callable
from functools import lru_cache
from urllib.parse import urlencode

from sepviz.errors import BadParameter, InvalidParameters, UnknownName
from sepviz.figures import animation, block, cost_comparison, drawing_rows, groups, layer_figures, ratio, window
from sepviz.figures.canvas import Canvas
from sepviz.figures.columns import COLUMNS
from sepviz.figures.error_figure import error_figure
from sepviz.figures.options import THEMES, Options
from sepviz.figures.translations import text
from sepviz.layer.spec import LayerSpec

__all__ = ["COLUMNS", "NAMES", "Options", "draw", "error_figure"]

_Draw = Callable[[Canvas, LayerSpec], float]  # returns the height
_Describe = Callable[[LayerSpec], str]

# By name: the figure's width, the function that draws it and returns its height, and the one that describes it.
_FIGURES: dict[str, tuple[float, _Draw, _Describe]] = {
    "separable": (drawing_rows.END, layer_figures.separable, layer_figures.describe("depthwise-separable")),
    "depthwise": (
        drawing_rows.OUTPUT,
        layer_figures.depthwise,
        layer_figures.describe("depthwise-separable", slice(1)),
    ),
    "pointwise": (
        drawing_rows.END - 240,
        layer_figures.pointwise,
        layer_figures.describe("depthwise-separable", slice(1, 2)),
    ),
    "standard": (drawing_rows.END, layer_figures.standard, layer_figures.describe("standard")),
    "spatial": (drawing_rows.END, layer_figures.spatial, layer_figures.describe("spatially-separable")),
    "comparison": (cost_comparison.WIDEST, cost_comparison.comparison, cost_comparison.describe),
    "cost": (cost_comparison.WIDTH, cost_comparison.draw_cost_bars, cost_comparison.describe),
    "ratio": (ratio.WIDTH, ratio.draw, ratio.describe),
    "block": (block.WIDTH, block.draw, block.describe),
    "groups": (groups.WIDTH, groups.draw, groups.describe),
    "window": (window.WIDTH, window.draw, window.describe),
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
    width, draw_figure, describe = _FIGURES[name]
    if options.animate or options.frames:
        _refuse_still(name, options)
        width, height = animation.draw_animation(canvas, name, spec, options.frames)
    else:
        height = draw_figure(canvas, spec)
    title = options.title or canvas.translate(f"{name}.title")
    caption = None if canvas.inlined else title
    return canvas.finish(width, height, title, describe(spec), options.width, caption, figure_address)


def _refuse_still(name: str, options: Options) -> None:
    if name not in animation.ANIMATED:
        parameter, value = ("frames", str(options.frames)) if options.frames else ("animate", "true")
        allowed = text("animation.allowed", names=", ".join(animation.ANIMATED))
        raise InvalidParameters([BadParameter(parameter, value, allowed, text("animation.why", name=name))])


def address(name: str, spec: LayerSpec, options: Options) -> str:
    """Where this very figure is to be had, from the root of the server on."""
    own = urlencode(options.parameters())
    return f"/diagrams/{name}.svg?{spec.query()}{f'&{own}' if own else ''}"
