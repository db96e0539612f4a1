"""The effect of `groups`: which input channels each output channel reads, from all of them to one."""

from dataclasses import replace
from fractions import Fraction
from math import gcd, log

from sepviz.figures.canvas import TEXT, TITLE, Canvas
from sepviz.figures.connections import HEIGHT, draw_connections
from sepviz.figures.paint import number
from sepviz.figures.text_metrics import letter_width, text_width, wrap
from sepviz.figures.translations import counted_text, text
from sepviz.layer.cost import compare
from sepviz.layer.operations import Convolution
from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec

WIDTH = 968.0

_PANEL, _BETWEEN = 296.0, 40.0
_TOP = 56.0
_BAR = 10.0
_ROLES = {"standard": "standard", "grouped": "muted", "depthwise": "depthwise"}
_INKS = {"standard": "standard-ink", "grouped": "ink", "depthwise": "depthwise-ink"}


def between(channels: int, outputs: int) -> int | None:
    """The common divisor between one and all channels that is nearest to their geometric mean, or None."""
    common = gcd(channels, outputs)
    fitting = [groups for groups in range(2, min(common + 1, channels)) if common % groups == 0]
    return min(fitting, key=lambda groups: abs(log(groups**2 / channels)), default=None)


def convolutions(spec: LayerSpec) -> tuple[Convolution, Convolution | None, Convolution]:
    """The standard, grouped (None if there is no divisor) and depthwise convolutions."""
    layer = plan(spec.as_kind("standard")).convolutions[0]
    standard = replace(layer, groups=1)
    inside = 1 < layer.groups < layer.in_channels
    groups = layer.groups if inside else between(standard.in_channels, standard.out_channels)
    grouped = replace(standard, stage=replace(standard.stage, name="grouped"), groups=groups) if groups else None
    return standard, grouped, plan(spec.as_kind("depthwise-separable")).convolutions[0]


def draw(canvas: Canvas, spec: LayerSpec) -> float:
    """Draw three panels side by side with their costs; return the height."""
    three = convolutions(spec)
    standard = three[0]
    most = max(each.weights for each in three if each)
    for index, shape in enumerate(three):
        x = index * (_PANEL + _BETWEEN)
        name = shape.name if shape else "grouped"
        canvas.text(x, 13, canvas.translate(f"groups.{name}"), _INKS[name], TITLE, weight=600)
        if shape is None:
            _draw_absence(canvas, x, standard)
            continue
        canvas.text(x, 31, _format_reads(canvas, shape), "muted")
        draw_connections(canvas, x, _TOP, shape)
        _draw_cost(canvas, x, shape, standard, most, spec.bias)
    return _draw_formulas(canvas, _TOP + HEIGHT + 142, spec)


def _format_reads(canvas: Canvas, shape: Convolution) -> str:
    each = shape.in_channels // shape.groups
    key = "groups.reads.one" if each == 1 else "groups.reads.all" if each == shape.in_channels else "groups.reads"
    return canvas.translate(key, groups=shape.groups, count=each)


def _draw_absence(canvas: Canvas, x: float, standard: Convolution) -> None:
    """Draw the reason why there is no grouped convolution, in its place."""
    with canvas.group({"stroke-dasharray": "4 4"}):
        canvas.rect(x, _TOP, _PANEL, HEIGHT, stroke="line", line=1.2)
    text = _explain_absence(standard).replace(" = ", "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}")
    lines = wrap(text.split(" "), _PANEL - 48, TEXT)
    y = _TOP + HEIGHT / 2 + 4 - 9 * (len(lines) - 1)
    for index, line in enumerate(lines):
        canvas.text(x + _PANEL / 2, y + 18 * index, line, "muted", anchor="middle")


def _draw_cost(canvas: Canvas, x: float, shape: Convolution, standard: Convolution, most: int, bias: bool) -> None:
    """Draw params and MACs, and a bar as a share of the largest cost."""
    y = _TOP + HEIGHT + 38
    canvas.rect(x, y, _PANEL, _BAR, fill="plane", tint=0.15)
    canvas.rect(x, y, max(_PANEL * shape.weights / most, 1), _BAR, fill=_ROLES[shape.name])
    canvas.text(x, y + 30, _format_share(canvas, shape, standard), weight=600)
    (rows, columns), (height, width) = shape.kernel, shape.output
    product = f"{rows} · {columns} · {shape.in_channels}/{shape.groups} · {shape.out_channels}"
    canvas.text(x, y + 50, product, "muted")
    if bias:
        params = canvas.translate("groups.biased", weights=f"{shape.weights:,}", biases=f"{shape.out_channels:,}")
    else:
        params = canvas.translate_count("count.params", shape.weights)
    canvas.text(x, y + 67, f"= {params}")
    canvas.text(x, y + 84, f"· {height} · {width} = {canvas.translate_count('count.macs', shape.macs)}")


def _format_share(canvas: Canvas, shape: Convolution, standard: Convolution) -> str:
    ratio = Fraction(shape.weights, standard.weights)
    if shape is standard:
        return canvas.translate("groups.reference")
    if ratio == 1:
        return canvas.translate("groups.same")
    return canvas.translate("groups.share" if ratio < 1 else "groups.more", share=ratio)


def _draw_formulas(canvas: Canvas, y: float, spec: LayerSpec) -> float:
    """Draw the formulas of params and MACs; return their end."""
    canvas.path(f"M0 {number(y)}H{number(WIDTH)}", stroke="line")
    x, y = 0.0, y + 24
    rows, columns, *_, down, across = compare(spec.as_kind("standard")).baseline.stages[0].macs.factors
    params = (rows.letter, "·", columns.letter, "·", "M", "/", "g", "·", "N")
    for word, letters in (("params", params), ("macs", (down.letter, "·", across.letter))):
        text = canvas.translate(
            f"groups.formula.{word}", what=canvas.translate("groups.weights" if spec.bias else "formula.params")
        )
        canvas.text(x, y, text)
        x += text_width(text, TEXT) + 2
        for letter in letters:
            wide = 12.0 if letter in "·/" else letter_width(letter, TITLE)
            canvas.text_row([(x + wide / 2, letter)], y, "ink", TITLE, serif=letter not in "·/")
            x += wide
        x += 40
    return y + 6


def describe(spec: LayerSpec) -> str:
    """Describe the three convolutions in words and numbers."""
    three = convolutions(spec)
    sentences = [_describe_convolution(each) if each else _explain_absence(three[0]) for each in three]
    return " ".join(sentences)


def _describe_convolution(shape: Convolution) -> str:
    each, channels = shape.in_channels // shape.groups, shape.in_channels
    some = text("groups.description.some", each=each, inputs=channels)
    return text(
        "groups.description",
        name=text(f"groups.{shape.name}"),
        groups=counted_text("groups.description.groups", shape.groups),
        outputs=counted_text("groups.description.outputs", shape.out_channels),
        inputs=some if each < channels else counted_text("groups.description.inputs", channels),
        params=counted_text("count.params", shape.params),
        macs=counted_text("count.macs", shape.macs),
    )


def _explain_absence(standard: Convolution) -> str:
    """Explain why there is no grouped convolution, and which outputs would allow one."""
    channels, outputs = standard.in_channels, standard.out_channels
    groups = between(channels, channels)
    if groups is None:
        return text("groups.prime" if channels > 1 else "groups.single", channels=channels)
    fitting = max(1, round(outputs / groups)) * groups
    return text("groups.apart", channels=channels, outputs=outputs, groups=groups, fitting=fitting)
