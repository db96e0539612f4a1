"""Figures of a layer as SVG. Equal arguments give equal text."""

from collections.abc import Callable
from functools import lru_cache
from urllib.parse import urlencode

from sepviz.errors import BadParameter, InvalidParameters, UnknownName
from sepviz.figures import animation, block, cost_comparison, drawing_rows, groups, layer_figures, ratio, window
from sepviz.figures.canvas import Canvas
from sepviz.figures.columns import COLUMNS
from sepviz.figures.error_figure import error_figure
from sepviz.figures.map_images import Pictures, Requests
from sepviz.figures.mapped import MAPPED, describe_maps, refuse_unmapped
from sepviz.figures.options import THEMES, Options
from sepviz.figures.translations import text
from sepviz.layer.spec import LayerSpec

__all__ = [
    "COLUMNS",
    "MAPPED",
    "NAMES",
    "Options",
    "draw",
    "draw_pictured",
    "error_figure",
    "find_requests",
    "refuse_unmapped",
]

_Draw = Callable[[Canvas, LayerSpec], float]  # returns the height
_Describe = Callable[[LayerSpec], str]

# By name: the figure's width, the function that draws it and returns its height, and the one that describes it.
_FIGURES: dict[str, tuple[float, _Draw, _Describe]] = {
    "separable": (drawing_rows.END, layer_figures.draw_separable, layer_figures.describe("depthwise-separable")),
    "depthwise": (
        drawing_rows.OUTPUT,
        layer_figures.draw_depthwise,
        layer_figures.describe("depthwise-separable", slice(1)),
    ),
    "pointwise": (
        drawing_rows.END - 240,
        layer_figures.draw_pointwise,
        layer_figures.describe("depthwise-separable", slice(1, 2)),
    ),
    "standard": (drawing_rows.END, layer_figures.draw_standard, layer_figures.describe("standard")),
    "spatial": (drawing_rows.END, layer_figures.draw_spatial, layer_figures.describe("spatially-separable")),
    "comparison": (cost_comparison.WIDTH, cost_comparison.draw_comparison, cost_comparison.describe),
    "cost": (cost_comparison.BARS_WIDTH, cost_comparison.draw_cost_bars, cost_comparison.describe),
    "ratio": (ratio.WIDTH, ratio.draw, ratio.describe),
    "block": (block.WIDTH, block.draw, block.describe),
    "groups": (groups.WIDTH, groups.draw, groups.describe),
    "window": (window.WIDTH, window.draw, window.describe),
}

NAMES: tuple[str, ...] = tuple(_FIGURES)


# oEmbed measures a figure just before it is fetched; fetched figures are cached compressed by their route.
@lru_cache(maxsize=32)
def draw(name: str, spec: LayerSpec, options: Options = Options()) -> str:  # noqa: B008 - it is frozen
    """Draw a figure and return its SVG; of one with maps everything but these, which `draw_pictured` draws.

    Raises `UnknownName` for an unknown figure or theme, `InvalidParameters` if the layer's output would be empty or
    the figure has no animation or no maps.
    """
    return draw_pictured(name, spec, options, Requests() if options.maps else None)


def find_requests(name: str, spec: LayerSpec, options: Options) -> Requests:
    """The maps and kernels that a figure with maps draws. Raises what `draw` raises."""
    requests = Requests()
    draw_pictured(name, spec, options, requests)
    return requests


def draw_pictured(name: str, spec: LayerSpec, options: Options, pictures: Pictures | None) -> str:
    """Draw a figure with the pictures of its maps and the weights of its kernels. Raises what `draw` raises."""
    if name not in NAMES:
        raise UnknownName("figure", name, NAMES, "name")
    if options.theme not in (*THEMES, "page"):
        raise UnknownName("theme", options.theme, THEMES)
    if options.maps:
        refuse_unmapped(name, options)
    figure_address = address(name, spec, options)
    canvas = Canvas(name, figure_address, options.theme, options.lang, options.background, pictures)
    width, draw_figure, describe = _FIGURES[name]
    if options.animate or options.frames:
        _refuse_unanimated(name, options)
        width, height = animation.draw_animation(canvas, name, spec, options.frames)
    else:
        height = draw_figure(canvas, spec)
    title = options.title or canvas.translate(f"{name}.title")
    caption = None if canvas.inlined else title
    description = f"{describe(spec)} {describe_maps(spec)}" if options.maps else describe(spec)
    return canvas.finish(width, height, title, description, options.width, caption, figure_address)


def _refuse_unanimated(name: str, options: Options) -> None:
    if name not in animation.ANIMATED:
        parameter, value = ("frames", str(options.frames)) if options.frames else ("animate", "true")
        allowed = text("animation.allowed", names=", ".join(animation.ANIMATED))
        raise InvalidParameters([BadParameter(parameter, value, allowed, text("animation.why", name=name))])


def address(name: str, spec: LayerSpec, options: Options) -> str:
    """The path and query of this figure on the server."""
    own = urlencode(options.parameters())
    return f"/diagrams/{name}.svg?{spec.query()}{f'&{own}' if own else ''}"
