"""The layer beside what it replaces: two rows of drawings with their costs, or bars."""

from collections.abc import Callable

from app.cost import Comparison, LayerCost, StageCost
from app.diagrams.canvas import Canvas
from app.diagrams.columns import COLUMNS
from app.diagrams.layers import depthwise_row, separable_row, spatial_row, standard_row
from app.diagrams.text import text_width
from app.palette import STAGE_ROLES

WIDTH = 640.0

_BAR = 360.0
_BAR_LEFT = 86.0
_ROWS = {"depthwise": depthwise_row, "standard": standard_row}


def in_words(cost: LayerCost) -> str:
    """What a layer costs."""
    return f"{cost.macs:,} MACs, {cost.params:,} params"


def verdict(compared: Comparison) -> str:
    """How many times less, or more, the layer costs."""
    return f"{_times(compared.macs_ratio, 'MACs')}; {_times(compared.params_ratio, 'params')}"


def _times(ratio: float, what: str) -> str:
    if ratio == 1:
        return f"as many {what}"
    shown = _digits(max(ratio, 1 / ratio))
    if shown == "1":
        return f"almost as many {what}"
    return f"{shown} × fewer {what}" if ratio < 1 else f"{shown} × the {what}: costs more"


def _digits(factor: float) -> str:
    return f"{factor:.1f}" if factor >= 1.1 else f"{factor:.4g}"


def names(compared: Comparison) -> tuple[str, str]:
    """What is replaced, and the layer."""
    spatial = compared.layer.stages[0].name == "vertical"
    return compared.standard.stages[0].name, "spatial" if spatial else "separable"


def comparison(canvas: Canvas, compared: Comparison) -> float:
    """What is replaced above the layer; where it ends."""
    above, below = names(compared)
    y = 20.0
    y = _costed(canvas, y, above, compared.standard, f"{STAGE_ROLES[above]}-ink")
    y = _ROWS[above](canvas, y, tuple(stage.shape for stage in compared.standard.stages)) + 12
    canvas.path(f"M0 {y:g}H{COLUMNS[-1]}", stroke="line")
    y = _costed(canvas, y + 24, below, compared.layer, "ink")
    row = spatial_row if below == "spatial" else separable_row
    y = row(canvas, y, tuple(stage.shape for stage in compared.layer.stages)) + 12
    canvas.path(f"M0 {y:g}H{COLUMNS[-1]}", stroke="line")
    canvas.text(0, y + 26, verdict(compared), "ink", 16, weight=600)
    return y + 36


def _costed(canvas: Canvas, y: float, name: str, cost: LayerCost, role: str) -> float:
    title = name.capitalize()
    canvas.text(0, y, title, role, 16, weight=600)
    canvas.text(text_width(title, 18) + 12, y, in_words(cost), "ink", 13)
    return y + 14


def cost_bars(canvas: Canvas, compared: Comparison) -> float:
    """Bars of MACs and of parameters; where they end."""
    y = _bars(canvas, 0, "MACs", compared, lambda stage: stage.macs.value)
    y = _bars(canvas, y + 16, "Parameters", compared, lambda stage: stage.params)
    canvas.text(0, y + 30, verdict(compared), "ink", 14, weight=600)
    return y + 42


def _bars(canvas: Canvas, y: float, title: str, compared: Comparison, count: Callable[[StageCost], int]) -> float:
    canvas.text(0, y + 14, title, "ink", 14, weight=600)
    costs = (compared.standard, compared.layer)
    most = max(sum(map(count, cost.stages)) for cost in costs)
    y += 24
    for name, cost in zip(names(compared), costs, strict=True):
        canvas.text(0, y + 14, name, "muted", 12)
        x = _BAR_LEFT
        for stage in cost.stages:
            width = _BAR * count(stage) / most
            canvas.rect(x, y, max(width, 0.5), 18, fill=STAGE_ROLES[stage.name])
            x += width
        canvas.text(x + 8, y + 14, f"{sum(map(count, cost.stages)):,}", "ink", 12)
        y += 24
    x = _BAR_LEFT
    for stage in compared.layer.stages:
        text = f"{stage.name} {count(stage):,}"
        canvas.text(x, y + 10, text, f"{STAGE_ROLES[stage.name]}-ink", 11)
        x += text_width(text, 11) + 16
    return y + 14
