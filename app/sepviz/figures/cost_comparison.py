"""The layer beside what it replaces: two rows of drawings with their costs, or bars."""

from collections.abc import Callable

from sepviz.figures.canvas import SMALL, TEXT, TITLE, Canvas
from sepviz.figures.columns import COLUMNS
from sepviz.figures.cost_formula import draw_equations
from sepviz.figures.drawing_rows import draw_depthwise_row, draw_separable_row, draw_spatial_row, draw_standard_row
from sepviz.figures.figure_legend import draw_legend
from sepviz.figures.layer_figures import describe_layer, draw_rule, entries, format_cost, format_verdict, shapes
from sepviz.figures.text_metrics import BOLD, text_width
from sepviz.layer.cost import Comparison, LayerCost, StageCost, separable_comparison
from sepviz.layer.kinds import KINDS, SEPARABLE
from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec

WIDTH = 720.0  # of the bars
WIDEST = float(COLUMNS[-1])  # of the comparison

_BAR = 440.0
_BAR_LEFT = 134.0
_BAR_HEIGHT = 18.0


def comparison(canvas: Canvas, spec: LayerSpec) -> float:
    """What is replaced above the layer, each with its cost; where it ends."""
    compared = separable_comparison(spec)
    above, below = _titles(spec, compared)
    replaced = compared.baseline.stages[0].operation.stage
    y = _costed(canvas, 0, above, compared.baseline, f"{replaced.role}-ink")
    row = draw_standard_row if replaced.mixes_channels else draw_depthwise_row
    y = row(canvas, y, shapes(compared.baseline)) + 14
    if not canvas.inlined:
        y = draw_equations(canvas, y, compared.baseline)
    y = _costed(canvas, draw_rule(canvas, y, WIDEST), below, compared.layer, "ink")
    row = draw_spatial_row if compared.layer.stages[0].operation.stage.is_one_sided else draw_separable_row
    y = row(canvas, y, shapes(compared.layer)) + 14
    if not canvas.inlined:
        y = draw_equations(canvas, y, compared.layer)
    y = draw_rule(canvas, y, WIDEST)
    canvas.text(0, y + 10, format_verdict(compared), "ink", TITLE, weight=600)
    stages = (*shapes(compared.baseline), *shapes(compared.layer))
    return draw_legend(canvas, y + 22, WIDEST, entries(canvas, stages, stages[0].in_channels)) + (
        0 if not canvas.inlined else 4
    )


def draw_cost_bars(canvas: Canvas, spec: LayerSpec) -> float:
    """Bars of MACs and of parameters; where they end."""
    compared = separable_comparison(spec)
    titles = _titles(spec, compared)
    y = _bars(canvas, 0, "formula.macs", titles, compared, lambda stage: stage.macs.value)
    y = _bars(canvas, y + 18, "cost.parameters", titles, compared, lambda stage: stage.params)
    canvas.text(0, y + 28, format_verdict(compared), "ink", TITLE, weight=600)
    y += 36
    if canvas.inlined:
        return y + 6
    for title, cost in zip(titles, (compared.baseline, compared.layer), strict=True):
        y = draw_rule(canvas, y, WIDTH)
        canvas.text(0, y + 6, title, "ink", TEXT, weight=600)
        y = draw_equations(canvas, y + 16, cost, parts=False)
    return y


def describe(spec: LayerSpec) -> str:
    """Both costs in words, and how they compare."""
    compared = separable_comparison(spec)
    above, below = _titles(spec, compared)
    replaced = format_cost(compared.baseline.macs, compared.baseline.params)
    return f"{above}: {replaced}. {below}: {describe_layer(compared.layer)}. {format_verdict(compared)}."


def _titles(spec: LayerSpec, compared: Comparison) -> tuple[str, str]:
    """What is replaced, and the layer."""
    kind = plan(spec).kind
    separable = kind if kind.is_separable else KINDS[SEPARABLE]
    return compared.baseline.stages[0].operation.stage.title, separable.title


def _costed(canvas: Canvas, y: float, title: str, cost: LayerCost, role: str) -> float:
    canvas.text(0, y + 13, title, role, TITLE, weight=600)
    canvas.text(text_width(title, TITLE * BOLD) + 14, y + 13, format_cost(cost.macs, cost.params), "muted", TEXT)
    return y + 28


def _bars(
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
