"""The layer as networks use it: with batch norm and activations, or as an inverted residual."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from sepviz.figures.canvas import SMALL, TEXT, Canvas, number
from sepviz.figures.columns import letters, sizes, steps_told
from sepviz.figures.layer_figures import as_kind, rule
from sepviz.figures.legend import Entry, legend, swatch
from sepviz.figures.text import BOLD, text_width
from sepviz.figures.texts import counted, told_with
from sepviz.layer.cost import compare
from sepviz.layer.operations import Pair
from sepviz.layer.spec import LayerSpec

WIDTH = 968.0
EXPANSION = 6  # of the inverted residual, as in MobileNet v2

_WIDE, _NARROW, _BOX = 124.0, 46.0, 42.0
_ARROW = 14.0
_SHAPE = 112.0  # room for the input's shape
_BELOW = 62.0  # a box: what is told of it, and space


@dataclass(frozen=True, slots=True)
class Step:
    """One box: a convolution (`name` is a stage's or `expand`, `project`), `norm`, `relu`, `relu6` or `add`."""

    name: str
    params: int = 0
    channels: Pair = (0, 0)
    kernel: int = 0
    shape: tuple[int, int, int] = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Block:
    """A run of steps, and whether its input is added to its output."""

    name: str
    steps: tuple[Step, ...]
    shortcut: bool = False

    @property
    def params(self) -> int:
        """Of all steps together; convolutions before a batch norm have no bias."""
        return sum(step.params for step in self.steps)


def blocks(spec: LayerSpec) -> tuple[Block, Block, Block]:
    """MobileNet's block, Xception's and the inverted residual, of this layer's shapes."""
    depthwise, pointwise = compare(as_kind(spec, "depthwise-separable")).layer.stages
    inputs, outputs = depthwise.operation.in_channels, pointwise.operation.out_channels
    between, kernel = depthwise.operation.out_channels, depthwise.operation.kernel[0]
    size = depthwise.operation.output
    first = Step("depthwise", depthwise.weights.value, (inputs, between), kernel, (between, *size))
    second = Step("pointwise", pointwise.weights.value, (between, outputs), 1, (outputs, *size))
    mobile = (first, _norm(between), Step("relu6"), second, _norm(outputs), Step("relu6"))
    xception = (Step("relu"), first, second, _norm(outputs))
    wide = EXPANSION * inputs
    residual = (
        _conv("expand", inputs, wide, 1, depthwise.operation.input),
        _norm(wide),
        Step("relu6"),
        Step("depthwise", wide * kernel**2, (wide, wide), kernel, (wide, *size)),
        _norm(wide),
        Step("relu6"),
        _conv("project", wide, outputs, 1, size),
        _norm(outputs),
    )
    shortcut = spec.stride == 1 and depthwise.operation.input_shape == (outputs, *size)
    return Block("mobilenet", mobile), Block("xception", xception), Block("inverted", residual, shortcut)


def _norm(channels: int) -> Step:
    """A scale and a shift for each channel."""
    return Step("norm", 2 * channels)


def _conv(name: str, inputs: int, outputs: int, kernel: int, size: Pair) -> Step:
    return Step(name, prod((inputs, outputs, kernel, kernel)), (inputs, outputs), kernel, (outputs, *size))


def told(spec: LayerSpec) -> str:
    """Each block's steps and params in words."""
    lines = []
    for block in blocks(spec):
        steps = ", ".join(_told(step) for step in block.steps)
        ending = f" {told_with(_why(block, spec), stride=spec.stride)}." if block.name == "inverted" else ""
        count = counted("told.params", block.params)
        lines.append(f"{told_with(f'block.{block.name}')}: {steps}; {count}.{ending}")
    return " ".join(lines)


def _why(block: Block, spec: LayerSpec) -> str:
    """The key of the text on the shortcut."""
    return "block.shortcut" if block.shortcut else "block.stride" if spec.stride > 1 else "block.shape"


def _told(step: Step) -> str:
    name = told_with(f"block.{step.name}")
    if not step.kernel:
        return name
    cells = sizes((step.kernel, step.kernel))
    return told_with(
        "block.told", name=name, kernel=cells, shape=sizes(step.shape), params=counted("told.params", step.params)
    )


def draw(canvas: Canvas, spec: LayerSpec) -> float:
    """The three blocks, one below the other, and a legend; where it ends."""
    depthwise = compare(as_kind(spec, "depthwise-separable")).layer.stages[0].operation
    y = 0.0
    for block in blocks(spec):
        y = _block(canvas, y, block, depthwise.input_shape, spec)
    if canvas.inlined:
        return y
    y = rule(canvas, y - 18, WIDTH)
    entries = [
        swatch(canvas.say("legend.depthwise"), "depthwise", 0.3),
        swatch(canvas.say("legend.pointwise"), "pointwise", 0.3),
        Entry(canvas.say("block.norms")),
        Entry(canvas.say("block.expansion", times=EXPANSION)),
    ]
    told = steps_told(canvas, depthwise)
    if len(told) > (spec.stride > 1):  # the box tells the stride alone
        entries.append(Entry(canvas.say("block.steps", steps=", ".join(told))))
    return legend(canvas, y - 6, WIDTH, entries)


def _block(canvas: Canvas, y: float, block: Block, shape: Sequence[int], spec: LayerSpec) -> float:
    title = canvas.say(f"block.{block.name}")
    canvas.text(0, y + 13, title, "ink", TEXT, weight=600)
    told = [canvas.count("told.params", block.params)]
    if block.name == "inverted":
        told.append(canvas.say(_why(block, spec), stride=spec.stride))
    canvas.text(text_width(title, TEXT) * BOLD + 14, y + 13, "; ".join(told), "muted", TEXT)
    top, x = y + (46 if block.shortcut else 26), _SHAPE
    middle = top + _BOX / 2
    canvas.text(0, middle - 3, letters("M"), "muted", SMALL, formula=True)
    canvas.text(0, middle + 12, sizes(shape), "ink", SMALL)
    for step in block.steps:
        canvas.arrow(x, middle, x + _ARROW, "muted")
        x = _step(canvas, x + _ARROW, top, step, spec.stride)
    if block.shortcut:
        x = _shortcut(canvas, x, top)
    canvas.arrow(x, middle, x + _ARROW, "muted")
    canvas.text(x + _ARROW + 5, middle + 4, letters("N", "H′", "W′"), "muted", SMALL, formula=True)
    return top + _BOX + _BELOW


def _step(canvas: Canvas, x: float, top: float, step: Step, stride: int) -> float:
    """A box with its name, and below it what leaves it and its params; its right edge."""
    if not step.kernel:
        canvas.rect(x, top, _NARROW, _BOX, fill="plane", tint=0.14, stroke="plane")
        label = canvas.say(f"block.{step.name}")
        canvas.text(x + _NARROW / 2, top + _BOX / 2 + 4, label, "ink", SMALL, anchor="middle")
        if step.params:
            canvas.text(x + _NARROW / 2, top + _BOX + 31, f"{step.params:,}", "muted", SMALL, anchor="middle")
        return x + _NARROW
    role = "depthwise" if step.name == "depthwise" else "pointwise"
    canvas.rect(x, top, _WIDE, _BOX, fill=role, tint=0.2, stroke=role, line=1.2)
    middle = x + _WIDE / 2
    canvas.text(middle, top + 18, canvas.say(f"block.{step.name}"), f"{role}-ink", TEXT, weight=600, anchor="middle")
    detail = sizes((step.kernel, step.kernel))
    if role == "pointwise":
        detail += f", {step.channels[0]} → {step.channels[1]}"
    elif stride > 1:
        detail += f", {canvas.say('layers.stride', stride=stride)}"
    canvas.text(middle, top + 34, detail, "ink", SMALL, anchor="middle")
    canvas.text(middle, top + _BOX + 16, sizes(step.shape), "muted", SMALL, anchor="middle")
    params = canvas.count("told.params", step.params)
    canvas.text(middle, top + _BOX + 31, params, "muted", SMALL, anchor="middle")
    return x + _WIDE


def _shortcut(canvas: Canvas, x: float, top: float) -> float:
    """The input, past all boxes, to a sum behind them; its right edge."""
    middle, over = top + _BOX / 2, top - 14
    left, centre = _SHAPE - 4, x + 20
    canvas.path(f"M{number(x)} {number(middle)}H{number(centre - 7)}", stroke="muted")
    canvas.path(f"M{number(left)} {number(middle)}V{number(over)}H{number(centre)}V{number(middle - 9)}", stroke="ink")
    canvas.path(f"M{number(left)} {number(middle)}h4", stroke="ink")
    canvas.path(f"M{number(centre)} {number(middle - 8)}l-3 -6h6z", fill="ink", stroke="ink")
    circle = f"M{number(centre - 7)} {number(middle)}a7 7 0 1 0 14 0a7 7 0 1 0 -14 0z"
    canvas.path(circle, fill="paper", stroke="ink", line=1.2)
    canvas.path(f"M{number(centre - 4)} {number(middle)}h8M{number(centre)} {number(middle - 4)}v8", stroke="ink")
    return centre + 7
