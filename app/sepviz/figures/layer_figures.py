"""The figures of one layer: a row of drawings, the cost of the drawn stages and a legend."""

from collections.abc import Callable, Sequence

from sepviz.figures import drawing_rows
from sepviz.figures.canvas import SMALL, TEXT, TITLE, Canvas
from sepviz.figures.columns import format_shape
from sepviz.figures.cost_formula import draw_equations
from sepviz.figures.figure_legend import (
    Entry,
    channels_entry,
    draw_legend,
    needle_entry,
    simplification_entries,
    swatch_entry,
)
from sepviz.figures.kernel_drawing import draw_grid
from sepviz.figures.mapped import colours_entry
from sepviz.figures.stack import elide
from sepviz.figures.translations import counted_text, text
from sepviz.layer.cost import Comparison, LayerCost, compare, factor
from sepviz.layer.kinds import Kind
from sepviz.layer.operations import Convolution
from sepviz.layer.spec import LayerSpec

Draw = Callable[[Canvas, LayerSpec], float]
Row = Callable[[Canvas, float, Sequence[Convolution]], float]

_RANK = 58.0  # height of the product of a column and a row
_RULE = 14.0  # space above and below a rule


def as_kind(spec: LayerSpec, kind: Kind) -> LayerSpec:
    """The layer as another kind, or as it is if it has that kind."""
    return spec if spec.kind == kind else spec.as_kind(kind)


def draw_separable(canvas: Canvas, spec: LayerSpec) -> float:
    """Draw both stages, with the maps between them; return the height."""
    cost = compare(as_kind(spec, "depthwise-separable")).layer
    return _draw_figure(canvas, drawing_rows.draw_separable_row, cost, cost, drawing_rows.END)


def draw_depthwise(canvas: Canvas, spec: LayerSpec) -> float:
    """Draw the first stage alone; return the height."""
    cost = compare(as_kind(spec, "depthwise-separable")).layer
    return _draw_figure(canvas, drawing_rows.draw_depthwise_row, cost, LayerCost(cost.stages[:1]), drawing_rows.OUTPUT)


def draw_pointwise(canvas: Canvas, spec: LayerSpec) -> float:
    """Draw the second stage alone; return the height."""
    cost = compare(as_kind(spec, "depthwise-separable")).layer
    return _draw_figure(
        canvas, drawing_rows.draw_pointwise_row, cost, LayerCost(cost.stages[1:]), drawing_rows.END - 240
    )


def draw_standard(canvas: Canvas, spec: LayerSpec) -> float:
    """Draw one standard convolution; return the height."""
    cost = compare(as_kind(spec, "standard")).layer
    return _draw_figure(canvas, drawing_rows.draw_standard_row, cost, cost, drawing_rows.END)


def draw_spatial(canvas: Canvas, spec: LayerSpec) -> float:
    """Draw a column kernel, then a row kernel, and their product; return the height."""
    cost = compare(as_kind(spec, "spatially-separable")).layer
    return _draw_figure(canvas, drawing_rows.draw_spatial_row, cost, cost, drawing_rows.END)


def _draw_figure(canvas: Canvas, row: Row, layer: LayerCost, drawn: LayerCost, width: float) -> float:
    y = row(canvas, 0, convolutions(layer))
    if canvas.inlined:
        return y
    stages = convolutions(drawn)
    if stages[0].stage.is_one_sided:
        y = draw_rank(canvas, y + _RULE, stages[0].kernel[0], stages[1].kernel[1])
    y = draw_rule(canvas, y, width)
    y = draw_rule(canvas, draw_equations(canvas, y, drawn), width)
    return draw_legend(canvas, y - 6, width, legend_entries(canvas, stages, layer.stages[0].operation.in_channels))


def convolutions(cost: LayerCost) -> tuple[Convolution, ...]:
    """The convolutions of a cost."""
    return tuple(stage.operation for stage in cost.stages)


def draw_rule(canvas: Canvas, y: float, width: float) -> float:
    """Draw a rule across the figure, with space above and below; return the end of the space."""
    canvas.path(f"M0 {y + _RULE:g}H{width:g}", stroke="line")
    return y + 2 * _RULE


def legend_entries(canvas: Canvas, stages: Sequence[Convolution], inputs: int) -> list[Entry]:
    """The legend of these stages, in a layer with `inputs` input channels."""
    mixing = [stage for stage in stages if stage.stage.mixes_channels]
    found = [channels_entry(canvas, inputs)]
    alone = stages[-1].in_channels == 1
    for stage in mixing:
        if stage.stage.is_pointwise:
            found.append(needle_entry(canvas, alone))
        else:
            found.append(swatch_entry(_block_text(canvas, stage), stage.stage.role, 0.1))
    if mixing:
        key = "legend.unmixed" if alone else "legend.mixed" if mixing[-1].groups == 1 else "legend.mixed.group"
        found.append(swatch_entry(canvas.translate(key), "plane", 0.28))
    if canvas.pictures is not None:
        found.append(colours_entry(canvas))
    elided = any(_is_elided(stage, inputs) for stage in stages)
    return [*found, *simplification_entries(canvas, stages, elided)]


def _block_text(canvas: Canvas, stage: Convolution) -> str:
    """What one kernel of a stage that mixes channels reaches through."""
    if stage.groups == 1:
        return canvas.translate("legend.block")
    return canvas.translate_count("legend.block.group", stage.in_channels // stage.groups)


def _is_elided(stage: Convolution, inputs: int) -> bool:
    pointwise = stage.stage.is_pointwise
    maps = (
        drawing_rows.CHANNELS
        if (stage.in_channels if pointwise else stage.out_channels) == inputs
        else drawing_rows.MAPS
    )
    if pointwise:
        slots = [elide(stage.in_channels, maps), elide(stage.out_channels, drawing_rows.OUTPUTS)]
    elif stage.stage.mixes_channels:
        through = elide(stage.in_channels // stage.groups, drawing_rows.DEPTH)
        slots = [
            elide(stage.in_channels, drawing_rows.CHANNELS),
            elide(stage.out_channels, drawing_rows.KERNELS),
            through,
        ]
    else:
        slots = [elide(stage.in_channels, drawing_rows.CHANNELS), elide(stage.out_channels, maps)]
    return any(None in each for each in slots)


def draw_rank(canvas: Canvas, y: float, rows: int, columns: int) -> float:
    """Draw a column times a row as a kernel of rank 1; return the end."""
    middle, size, x = y + _RANK / 2, 44.0, 208.0
    draw_grid(canvas, 18, middle, size, (rows, 1), "depthwise", 0.4)
    draw_grid(canvas, 82, middle, size, (1, columns), "pointwise", 0.4)
    draw_grid(canvas, 164, middle, size, (rows, columns), "plane", 0.4)
    canvas.text_row([(42, "×"), (123, "=")], middle + 5, "ink", TITLE)
    canvas.text(x, middle - 5, canvas.translate("spatial.rank"), "ink", TEXT, weight=600)
    products = canvas.translate(
        "spatial.product",
        column=format_shape((rows, 1)),
        row=format_shape((1, columns)),
        kernel=format_shape((rows, columns)),
    )
    canvas.text(x, middle + 13, products, "muted", SMALL)
    return y + _RANK


def describe(kind: Kind, stages: slice = slice(None)) -> Callable[[LayerSpec], str]:
    """A function that describes a layer of that kind, stage by stage, as alt text."""
    return lambda spec: f"{describe_layer(compare(as_kind(spec, kind)).layer, stages)}."


def describe_layer(cost: LayerCost, stages: slice = slice(None)) -> str:
    """Describe the layer in numbers, with their sum if there are several stages."""
    parts = [
        text(
            "description.stage",
            stage=stage.operation.stage.title,
            input=format_shape(stage.operation.input_shape),
            output=format_shape(stage.operation.output_shape),
            kernels=format_shape(stage.operation.weight_shape),
            cost=format_cost(stage.macs.value, stage.params),
        )
        for stage in cost.stages[stages]
    ]
    if len(parts) > 1:
        parts.append(text("description.together", cost=format_cost(cost.macs, cost.params)))
    return "; ".join(parts)


def format_cost(macs: int, params: int) -> str:
    """Format a cost: `27 MACs, 1 param`."""
    return ", ".join((counted_text("count.macs", macs), counted_text("count.params", params)))


def format_verdict(compared: Comparison) -> str:
    """Format the ratios of MACs and of params."""
    ratios = ((compared.macs_ratio, "MACs"), (compared.params_ratio, "params"))
    return "; ".join(format_ratio(ratio, unit) for ratio, unit in ratios)


def format_ratio(ratio: float, unit: str) -> str:
    """Format a ratio of costs: `4.24 × fewer MACs`."""
    if ratio == 1:
        return text("verdict.same", unit=unit)
    times = factor(ratio)
    if times == "1":
        return text("verdict.almost", unit=unit)
    return text("verdict.fewer" if ratio < 1 else "verdict.more", factor=times, unit=unit)
