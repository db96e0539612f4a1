"""The layer beside the convolution that it replaces: two rows of drawings with their costs, or bars."""

from collections.abc import Callable

from sepviz.figures.canvas import SMALL, TEXT, TITLE, Canvas
from sepviz.figures.columns import COLUMNS
from sepviz.figures.cost_formula import draw_equations
from sepviz.figures.drawing_rows import draw_depthwise_row, draw_separable_row, draw_spatial_row, draw_standard_row
from sepviz.figures.figure_legend import draw_legend
from sepviz.figures.layer_figures import (
    convolutions,
    describe_layer,
    draw_rule,
    format_cost,
    format_verdict,
    legend_entries,
)
from sepviz.figures.text_metrics import BOLD, text_width
from sepviz.layer.cost import Comparison, LayerCost, StageCost, separable_comparison
from sepviz.layer.kinds import KINDS, SEPARABLE
from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec

BARS_WIDTH = 720.0  # of the bars
WIDTH = float(COLUMNS[-1])  # of the comparison

_BAR = 440.0
_BAR_LEFT = 134.0
_BAR_HEIGHT = 18.0


def draw_comparison(canvas: Canvas, spec: LayerSpec) -> float:
    """Draw the replaced convolution above the layer, each with its cost; return the height."""
    compared = separable_comparison(spec)
    above, below = _titles(spec, compared)
    replaced = compared.baseline.stages[0].operation.stage
    y = _draw_heading(canvas, 0, above, compared.baseline, f"{replaced.role}-ink")
    row = draw_standard_row if replaced.mixes_channels else draw_depthwise_row
    y = row(canvas, y, convolutions(compared.baseline)) + 14
    if not canvas.inlined:
        y = draw_equations(canvas, y, compared.baseline)
    y = _draw_heading(canvas, draw_rule(canvas, y, WIDTH), below, compared.layer, "ink")
    row = draw_spatial_row if compared.layer.stages[0].operation.stage.is_one_sided else draw_separable_row
    y = row(canvas, y, convolutions(compared.layer)) + 14
    if not canvas.inlined:
        y = draw_equations(canvas, y, compared.layer)
    y = draw_rule(canvas, y, WIDTH)
    canvas.text(0, y + 10, format_verdict(compared), "ink", TITLE, weight=600)
    stages = (*convolutions(compared.baseline), *convolutions(compared.layer))
    return draw_legend(canvas, y + 22, WIDTH, legend_entries(canvas, stages, stages[0].in_channels)) + (
        0 if not canvas.inlined else 4
    )


def draw_cost_bars(canvas: Canvas, spec: LayerSpec) -> float:
    """Draw bars of MACs and of parameters; return the height."""
    compared = separable_comparison(spec)
    titles = _titles(spec, compared)
    y = _draw_bars(canvas, 0, "formula.macs", titles, compared, lambda stage: stage.macs.value)
    y = _draw_bars(canvas, y + 18, "cost.parameters", titles, compared, lambda stage: stage.params)
    canvas.text(0, y + 28, format_verdict(compared), "ink", TITLE, weight=600)
    y += 36
    if canvas.inlined:
        return y + 6
    for title, cost in zip(titles, (compared.baseline, compared.layer), strict=True):
        y = draw_rule(canvas, y, BARS_WIDTH)
        canvas.text(0, y + 6, title, "ink", TEXT, weight=600)
        y = draw_equations(canvas, y + 16, cost, parts=False)
    return y


def describe(spec: LayerSpec) -> str:
    """Describe both costs, and their ratio."""
    compared = separable_comparison(spec)
    above, below = _titles(spec, compared)
    replaced = format_cost(compared.baseline.macs, compared.baseline.params)
    return f"{above}: {replaced}. {below}: {describe_layer(compared.layer)}. {format_verdict(compared)}."


def _titles(spec: LayerSpec, compared: Comparison) -> tuple[str, str]:
    """The titles of the replaced convolution and of the layer."""
    kind = plan(spec).kind
    separable = kind if kind.is_separable else KINDS[SEPARABLE]
    return compared.baseline.stages[0].operation.stage.title, separable.title


def _draw_heading(canvas: Canvas, y: float, title: str, cost: LayerCost, role: str) -> float:
    canvas.text(0, y + 13, title, role, TITLE, weight=600)
    canvas.text(text_width(title, TITLE * BOLD) + 14, y + 13, format_cost(cost.macs, cost.params), "muted", TEXT)
    return y + 28


def _draw_bars(
    canvas: Canvas, y: float, key: str, titles: tuple[str, str], compared: Comparison, count: Callable[[StageCost], int]
) -> float:
    canvas.text(0, y + 13, canvas.translate(key), "ink", TEXT, weight=600)
    costs = (compared.baseline, compared.layer)
    most = max(sum(map(count, cost.stages)) for cost in costs)
    y += 24
    for title, cost in zip(titles, costs, strict=True):
        canvas.text(0, y + 13, title, "muted", TEXT)
        x = _BAR_LEFT
        for stage in cost.stages:
            width = _BAR * count(stage) / most
            canvas.rect(x, y, max(width, 0.5), _BAR_HEIGHT, fill=stage.operation.stage.role)
            x += width
        canvas.text(x + 8, y + 13, f"{sum(map(count, cost.stages)):,}", "ink", TEXT)
        y += 24
    x = _BAR_LEFT
    for stage in compared.layer.stages:
        text = f"{stage.operation.stage.title} {count(stage):,}"
        canvas.rect(x, y, 10, 10, fill=stage.operation.stage.role)
        canvas.text(x + 16, y + 9, text, f"{stage.operation.stage.role}-ink", SMALL)
        x += 16 + text_width(text, SMALL) + 20
    return y + 14
