"""Figures: a layer as SVG, drawn from its spec and shapes alone, the same text every time."""

from collections.abc import Callable
from functools import lru_cache

from app.cost import Comparison, compare
from app.diagrams import layers
from app.diagrams.canvas import Canvas
from app.diagrams.columns import COLUMNS
from app.diagrams.costs import WIDTH, comparison, cost_bars, in_words, names, verdict
from app.diagrams.failure import error_figure
from app.errors import UnknownName
from app.options import THEMES, Options
from app.shapes import ConvShape
from app.spec import Kind, LayerSpec

__all__ = ["COLUMNS", "NAMES", "Options", "draw", "error_figure"]

_Row = Callable[[Canvas, float, tuple[ConvShape, ...]], float]

# Name: the kind that is shown, its row, the width of the figure, its title.
_ROWS: dict[str, tuple[Kind, _Row, float, str]] = {
    "separable": ("depthwise-separable", layers.separable_row, layers.END, "A depthwise separable convolution"),
    "depthwise": ("depthwise-separable", layers.depthwise_row, layers.OUTPUT, "The depthwise stage"),
    "pointwise": ("depthwise-separable", layers.pointwise_row, layers.END - 240, "The pointwise stage"),
    "standard": ("standard", layers.standard_row, layers.END, "A standard convolution"),
    "spatial": ("spatially-separable", layers.spatial_row, layers.END, "A spatially separable convolution"),
}
_COMPARED: dict[str, tuple[Callable[[Canvas, Comparison], float], float, str]] = {
    "comparison": (comparison, layers.END, "A layer and the convolution it replaces"),
    "cost": (cost_bars, WIDTH, "What a layer costs, beside the convolution it replaces"),
}

NAMES: tuple[str, ...] = (*_ROWS, *_COMPARED)


@lru_cache(maxsize=256)
def draw(name: str, spec: LayerSpec, options: Options = Options()) -> str:  # noqa: B008 - it is frozen
    """The SVG of a figure.

    `UnknownName` for a figure or theme that does not exist, `InvalidParameters` where the output would be empty.
    """
    if name not in NAMES:
        raise UnknownName("figure", name, NAMES)
    if options.theme not in (*THEMES, "page"):
        raise UnknownName("theme", options.theme, THEMES)
    canvas = Canvas(name, options.theme, options.lang)
    if name in _COMPARED:
        figure, natural, title = _COMPARED[name]
        compared = compare(_as_kind(spec, "depthwise-separable") if spec.kind == "standard" else spec)
        height = figure(canvas, compared)
        above, below = names(compared)
        told = f"{above}: {in_words(compared.standard)}. {below}: {_told(compared)}. {verdict(compared)}."
    else:
        kind, row, natural, title = _ROWS[name]
        compared = compare(_as_kind(spec, kind))
        height = row(canvas, 0, tuple(stage.shape for stage in compared.layer.stages))
        told = f"{_told(compared)}."
    return canvas.finish(natural, height, options.title or title, told, options.width)


def _as_kind(spec: LayerSpec, kind: Kind) -> LayerSpec:
    return spec if spec.kind == kind else spec.as_kind(kind)


def _told(compared: Comparison) -> str:
    """The layer in numbers, stage by stage, for those who do not see the figure."""
    stages = [
        f"{stage.name} {' × '.join(map(str, stage.shape.input_shape))} → "
        f"{' × '.join(map(str, stage.shape.output_shape))}, "
        f"kernels {' × '.join(map(str, stage.shape.weight_shape))}, "
        f"{stage.macs.value:,} MACs, {stage.params:,} params"
        for stage in compared.layer.stages
    ]
    return f"{'; '.join(stages)}; together {in_words(compared.layer)}"
