"""The layer as in published networks: with batch norm and activations, or as an inverted residual."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sepviz.figures.canvas import SMALL, TEXT, Canvas, number
from sepviz.figures.columns import format_letters, format_shape, format_steps
from sepviz.figures.figure_legend import Entry, draw_legend, swatch_entry
from sepviz.figures.layer_figures import as_kind, draw_rule
from sepviz.figures.text_metrics import BOLD, text_width
from sepviz.figures.translations import counted_text, text
from sepviz.layer.kinds import SEPARABLE
from sepviz.layer.operations import Activation, Convolution, Operation, following
from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec

WIDTH = 968.0
EXPANSION = 6  # of the inverted residual, as in MobileNet v2

_WIDE, _NARROW, _BOX = 124.0, 46.0, 42.0
_ARROW = 14.0
_SHAPE = 112.0  # room for the input's shape
_BELOW = 62.0  # below a box, for its notes and space


@dataclass(frozen=True, slots=True)
class Step:
    """One box: an operation and its name, such as `expand` for a pointwise convolution."""

    name: str
    operation: Operation


@dataclass(frozen=True, slots=True)
class Block:
    """A sequence of steps, and whether its input is added to its output."""

    name: str
    steps: tuple[Step, ...]
    shortcut: bool = False

    @property
    def params(self) -> int:
        """Params of all steps; convolutions before a batch norm have no bias."""
        return sum(step.operation.params for step in self.steps)


def blocks(spec: LayerSpec) -> tuple[Block, Block, Block]:
    """MobileNet's block, Xception's and the inverted residual, of this layer's shapes."""
    plain = as_kind(spec, SEPARABLE).model_copy(update={"bias": False, "between": (), "after": ()})
    depthwise, pointwise = plan(plain).convolutions
    wide = EXPANSION * depthwise.in_channels
    expand = replace(pointwise, in_channels=depthwise.in_channels, out_channels=wide, input=depthwise.input)
    middle = replace(depthwise, in_channels=wide, out_channels=wide, groups=wide)
    project = replace(pointwise, in_channels=wide)
    mobile = (*_followed("depthwise", depthwise, "norm", "relu6"), *_followed("pointwise", pointwise, "norm", "relu6"))
    before = Step("relu", Activation("relu", depthwise.in_channels, depthwise.input, "ReLU"))
    xception = (before, *_followed("depthwise", depthwise), *_followed("pointwise", pointwise, "norm"))
    residual = (
        *_followed("expand", expand, "norm", "relu6"),
        *_followed("depthwise", middle, "norm", "relu6"),
        *_followed("project", project, "norm"),
    )
    shortcut = spec.stride == 1 and depthwise.input_shape == pointwise.output_shape
    return Block("mobilenet", mobile), Block("xception", xception), Block("inverted", residual, shortcut)


def _followed(name: str, convolution: Convolution, *followers: str) -> Iterator[Step]:
    """Yield a convolution and the operations after it."""
    yield Step(name, convolution)
    yield from (Step(each, following(convolution, each)) for each in followers)


def describe(spec: LayerSpec) -> str:
    """Describe each block's steps and params."""
    lines = []
    for block in blocks(spec):
        steps = ", ".join(_describe_step(step) for step in block.steps)
        ending = f" {text(_shortcut_key(block, spec), stride=spec.stride)}." if block.name == "inverted" else ""
        count = counted_text("count.params", block.params)
        lines.append(f"{text(f'block.{block.name}')}: {steps}; {count}.{ending}")
    return " ".join(lines)


def _shortcut_key(block: Block, spec: LayerSpec) -> str:
    """The key of the text about the shortcut."""
    return "block.shortcut" if block.shortcut else "block.stride" if spec.stride > 1 else "block.shape"


def _describe_step(step: Step) -> str:
    name, operation = text(f"block.{step.name}"), step.operation
    if not isinstance(operation, Convolution):
        return name
    return text(
        "block.description",
        name=name,
        kernel=format_shape(operation.kernel),
        shape=format_shape(operation.output_shape),
        params=counted_text("count.params", operation.params),
    )


def draw(canvas: Canvas, spec: LayerSpec) -> float:
    """Draw the three blocks, one below the other, and a legend; return the height."""
    depthwise = plan(as_kind(spec, SEPARABLE)).convolutions[0]
    y = 0.0
    for block in blocks(spec):
        y = _draw_block(canvas, y, block, depthwise.input_shape, spec)
    if canvas.inlined:
        return y
    y = draw_rule(canvas, y - 18, WIDTH)
    entries = [
        swatch_entry(canvas.translate("legend.depthwise"), depthwise.stage.role, 0.3),
        swatch_entry(canvas.translate("legend.pointwise"), "pointwise", 0.3),
        Entry(canvas.translate("block.norms")),
        Entry(canvas.translate("block.expansion", times=EXPANSION)),
    ]
    notes = format_steps(canvas, depthwise)
    if len(notes) > (spec.stride > 1):  # the box has the stride already
        entries.append(Entry(canvas.translate("block.steps", steps=", ".join(notes))))
    return draw_legend(canvas, y - 6, WIDTH, entries)


def _draw_block(canvas: Canvas, y: float, block: Block, shape: Sequence[int], spec: LayerSpec) -> float:
    title = canvas.translate(f"block.{block.name}")
    canvas.text(0, y + 13, title, "ink", TEXT, weight=600)
    notes = [canvas.translate_count("count.params", block.params)]
    if block.name == "inverted":
        notes.append(canvas.translate(_shortcut_key(block, spec), stride=spec.stride))
    canvas.text(text_width(title, TEXT) * BOLD + 14, y + 13, "; ".join(notes), "muted", TEXT)
    top, x = y + (46 if block.shortcut else 26), _SHAPE
    middle = top + _BOX / 2
    canvas.text(0, middle - 3, format_letters("M"), "muted", SMALL, formula=True)
    canvas.text(0, middle + 12, format_shape(shape), "ink", SMALL)
    for step in block.steps:
        canvas.arrow(x, middle, x + _ARROW, "muted")
        x = _draw_step(canvas, x + _ARROW, top, step, spec.stride)
    if block.shortcut:
        x = _draw_shortcut(canvas, x, top)
    canvas.arrow(x, middle, x + _ARROW, "muted")
    canvas.text(x + _ARROW + 5, middle + 4, format_letters("N", "H′", "W′"), "muted", SMALL, formula=True)
    return top + _BOX + _BELOW


def _draw_step(canvas: Canvas, x: float, top: float, step: Step, stride: int) -> float:
    """Draw a box with its name, and its output shape and params below; return its right edge."""
    operation = step.operation
    if not isinstance(operation, Convolution):
        canvas.rect(x, top, _NARROW, _BOX, fill="plane", tint=0.14, stroke="plane")
        label = canvas.translate(f"block.{step.name}")
        canvas.text(x + _NARROW / 2, top + _BOX / 2 + 4, label, "ink", SMALL, anchor="middle")
        if operation.params:
            canvas.text(x + _NARROW / 2, top + _BOX + 31, f"{operation.params:,}", "muted", SMALL, anchor="middle")
        return x + _NARROW
    role = operation.stage.role
    canvas.rect(x, top, _WIDE, _BOX, fill=role, tint=0.2, stroke=role, line=1.2)
    middle = x + _WIDE / 2
    canvas.text(
        middle, top + 18, canvas.translate(f"block.{step.name}"), f"{role}-ink", TEXT, weight=600, anchor="middle"
    )
    detail = format_shape(operation.kernel)
    if operation.stage.mixes_channels:
        detail += f", {operation.in_channels} → {operation.out_channels}"
    elif stride > 1:
        detail += f", {canvas.translate('layers.stride', stride=stride)}"
    canvas.text(middle, top + 34, detail, "ink", SMALL, anchor="middle")
    canvas.text(middle, top + _BOX + 16, format_shape(operation.output_shape), "muted", SMALL, anchor="middle")
    params = canvas.translate_count("count.params", operation.params)
    canvas.text(middle, top + _BOX + 31, params, "muted", SMALL, anchor="middle")
    return x + _WIDE


def _draw_shortcut(canvas: Canvas, x: float, top: float) -> float:
    """Draw the shortcut from the input to a sum after the boxes; return its right edge."""
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
