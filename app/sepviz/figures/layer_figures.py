"""The figures of one layer: a row of drawings, the cost of what it shows and a legend."""

from collections.abc import Callable, Sequence

from sepviz.figures import layers
from sepviz.figures.canvas import SMALL, TEXT, TITLE, Canvas
from sepviz.figures.columns import sizes
from sepviz.figures.formula import equations
from sepviz.figures.kernels import grid
from sepviz.figures.legend import Entry, channels, drawn, legend, needle, swatch
from sepviz.figures.stack import elide
from sepviz.figures.texts import counted, told_with
from sepviz.layer.cost import Comparison, LayerCost, compare, factor
from sepviz.layer.kinds import Kind
from sepviz.layer.operations import Convolution
from sepviz.layer.spec import LayerSpec

Draw = Callable[[Canvas, LayerSpec], float]
Row = Callable[[Canvas, float, Sequence[Convolution]], float]

_RANK = 58.0  # height of the product of a column and a row
_RULE = 14.0  # space above and below a rule


def as_kind(spec: LayerSpec, kind: Kind) -> LayerSpec:
    """The layer as the kind that the figure shows."""
    return spec if spec.kind == kind else spec.as_kind(kind)


def separable(canvas: Canvas, spec: LayerSpec) -> float:
    """Both stages, with the maps between them."""
    cost = compare(as_kind(spec, "depthwise-separable")).layer
    return _figure(canvas, layers.separable_row, cost, cost, layers.END)


def depthwise(canvas: Canvas, spec: LayerSpec) -> float:
    """The first stage alone."""
    cost = compare(as_kind(spec, "depthwise-separable")).layer
    return _figure(canvas, layers.depthwise_row, cost, LayerCost(cost.stages[:1]), layers.OUTPUT)


def pointwise(canvas: Canvas, spec: LayerSpec) -> float:
    """The second stage alone."""
    cost = compare(as_kind(spec, "depthwise-separable")).layer
    return _figure(canvas, layers.pointwise_row, cost, LayerCost(cost.stages[1:]), layers.END - 240)


def standard(canvas: Canvas, spec: LayerSpec) -> float:
    """One standard convolution."""
    cost = compare(as_kind(spec, "standard")).layer
    return _figure(canvas, layers.standard_row, cost, cost, layers.END)


def spatial(canvas: Canvas, spec: LayerSpec) -> float:
    """A column kernel, then a row kernel, and what their product is."""
    cost = compare(as_kind(spec, "spatially-separable")).layer
    return _figure(canvas, layers.spatial_row, cost, cost, layers.END)


def _figure(canvas: Canvas, row: Row, layer: LayerCost, shown: LayerCost, width: float) -> float:
    y = row(canvas, 0, shapes(layer))
    if canvas.inlined:
        return y
    stages = shapes(shown)
    if stages[0].stage.is_one_sided:
        y = rank(canvas, y + _RULE, stages[0].kernel[0], stages[1].kernel[1])
    y = rule(canvas, y, width)
    y = rule(canvas, equations(canvas, y, shown), width)
    return legend(canvas, y - 6, width, entries(canvas, stages, layer.stages[0].operation.in_channels))


def shapes(cost: LayerCost) -> tuple[Convolution, ...]:
    """The convolutions whose costs these are."""
    return tuple(stage.operation for stage in cost.stages)


def rule(canvas: Canvas, y: float, width: float) -> float:
    """A rule across the figure, with space above and below; where the space ends."""
    canvas.path(f"M0 {y + _RULE:g}H{width:g}", stroke="line")
    return y + 2 * _RULE


def entries(canvas: Canvas, stages: Sequence[Convolution], inputs: int) -> list[Entry]:
    """What the legend of these stages has to say; the layer has so many input channels."""
    mixing = [stage for stage in stages if stage.stage.mixes_channels]
    found = [channels(canvas, inputs)]
    alone = stages[-1].in_channels == 1
    for stage in mixing:
        if stage.stage.is_pointwise:
            found.append(needle(canvas, alone))
        else:
            found.append(swatch(_block_text(canvas, stage), stage.stage.role, 0.1))
    if mixing:
        key = "legend.unmixed" if alone else "legend.mixed" if mixing[-1].groups == 1 else "legend.mixed.group"
        found.append(swatch(canvas.say(key), "plane", 0.28))
    elided = any(_elided(stage, inputs) for stage in stages)
    return [*found, *drawn(canvas, stages, elided)]


def _block_text(canvas: Canvas, stage: Convolution) -> str:
    """What one kernel of a stage that mixes channels reaches through."""
    if stage.groups == 1:
        return canvas.say("legend.block")
    return canvas.count("legend.block.group", stage.in_channels // stage.groups)


def _elided(stage: Convolution, inputs: int) -> bool:
    pointwise = stage.stage.is_pointwise
    maps = layers.CHANNELS if (stage.in_channels if pointwise else stage.out_channels) == inputs else layers.MAPS
    if pointwise:
        slots = [elide(stage.in_channels, maps), elide(stage.out_channels, layers.OUTPUTS)]
    elif stage.stage.mixes_channels:
        through = elide(stage.in_channels // stage.groups, layers.DEPTH)
        slots = [elide(stage.in_channels, layers.CHANNELS), elide(stage.out_channels, layers.KERNELS), through]
    else:
        slots = [elide(stage.in_channels, layers.CHANNELS), elide(stage.out_channels, maps)]
    return any(None in each for each in slots)


def rank(canvas: Canvas, y: float, rows: int, columns: int) -> float:
    """A column times a row is a kernel of rank 1; where the drawing ends."""
    middle, size, x = y + _RANK / 2, 44.0, 208.0
    grid(canvas, 18, middle, size, (rows, 1), "depthwise", 0.4)
    grid(canvas, 82, middle, size, (1, columns), "pointwise", 0.4)
    grid(canvas, 164, middle, size, (rows, columns), "plane", 0.4)
    canvas.line([(42, "×"), (123, "=")], middle + 5, "ink", TITLE)
    canvas.text(x, middle - 5, canvas.say("spatial.rank"), "ink", TEXT, weight=600)
    products = canvas.say(
        "spatial.product", column=sizes((rows, 1)), row=sizes((1, columns)), kernel=sizes((rows, columns))
    )
    canvas.text(x, middle + 13, products, "muted", SMALL)
    return y + _RANK


def told(kind: Kind, stages: slice = slice(None)) -> Callable[[LayerSpec], str]:
    """What a figure of that kind shows, stage by stage, for those who do not see it."""
    return lambda spec: f"{layer_told(compare(as_kind(spec, kind)).layer, stages)}."


def layer_told(cost: LayerCost, stages: slice = slice(None)) -> str:
    """The layer in numbers, and their sum when there are several stages."""
    parts = [
        told_with(
            "told.stage",
            stage=stage.operation.stage.title,
            input=sizes(stage.operation.input_shape),
            output=sizes(stage.operation.output_shape),
            kernels=sizes(stage.operation.weight_shape),
            cost=in_words(stage.macs.value, stage.params),
        )
        for stage in cost.stages[stages]
    ]
    if len(parts) > 1:
        parts.append(told_with("told.together", cost=in_words(cost.macs, cost.params)))
    return "; ".join(parts)


def in_words(macs: int, params: int) -> str:
    """What something costs: `27 MACs, 1 param`."""
    return ", ".join((counted("told.macs", macs), counted("told.params", params)))


def verdict(compared: Comparison) -> str:
    """How many times less, or more, the layer costs."""
    ratios = ((compared.macs_ratio, "MACs"), (compared.params_ratio, "params"))
    return "; ".join(times(ratio, unit) for ratio, unit in ratios)


def times(ratio: float, unit: str) -> str:
    """A ratio of costs in words: `4.24 × fewer MACs`."""
    if ratio == 1:
        return told_with("told.same", unit=unit)
    shown = factor(ratio)
    if shown == "1":
        return told_with("told.almost", unit=unit)
    return told_with("told.fewer" if ratio < 1 else "told.more", factor=shown, unit=unit)
