"""How many times fewer MACs a separable layer takes than a standard one, as the output channels grow."""

from collections.abc import Callable, Sequence
from math import log

from app.diagrams.canvas import SMALL, TEXT, TITLE, Canvas, number
from app.diagrams.figures import as_kind, rule, times
from app.diagrams.legend import Entry, legend, swatch
from app.diagrams.text import BOLD, letter_width, text_width
from app.diagrams.words import told_with
from app.shapes import plan
from app.spec import LayerSpec

WIDTH = 760.0

_Scale = Callable[[float], float]

_LEFT, _RIGHT = 52.0, 580.0
_TOP, _BOTTOM = 30.0, 330.0
_MOST = 1024  # output channels
_KERNELS = (1, 3, 5, 7)
_STEPS = 40  # of a curve
_LEAST_GAP = 17.0  # between two labels


def saving(spec: LayerSpec, outputs: float, kernel_size: int) -> float:
    """Standard over separable, 1 / (m(1/N + 1/D_K²)): above 1 the separable layer costs less."""
    return 1 / (spec.depth_multiplier * (1 / outputs + 1 / kernel_size**2))


def told(spec: LayerSpec) -> str:
    """The curve in words and numbers."""
    layer = _layer(spec)
    most, here = layer.kernel_size**2 / layer.depth_multiplier, saving(layer, layer.out_channels, layer.kernel_size)
    return told_with(
        "ratio.told",
        outputs=layer.out_channels,
        kernel=layer.kernel_size,
        multiplier=layer.depth_multiplier,
        verdict=times(1 / here, "MACs"),
        most=f"{most:.4g}",
    )


def draw(canvas: Canvas, spec: LayerSpec) -> float:
    """The curves, this layer on its own, and the formula with its numbers; where they end."""
    layer = _layer(spec)
    kernels = sorted({*_KERNELS, layer.kernel_size})
    least = saving(layer, 1, 1) * 0.9
    most = max(max(kernels) ** 2 / layer.depth_multiplier, 1) * 1.6

    def x(outputs: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * log(outputs) / log(_MOST)

    def y(ratio: float) -> float:
        return _BOTTOM - (_BOTTOM - _TOP) * log(ratio / least) / log(most / least)

    _axes(canvas, x, y, least, most)
    for kernel_size in kernels:
        places = [_MOST ** (step / _STEPS) for step in range(_STEPS + 1)]
        d = "L".join(f"{number(x(each))} {number(y(saving(layer, each, kernel_size)))}" for each in places)
        here = kernel_size == layer.kernel_size
        canvas.path(f"M{d}", stroke="depthwise" if here else "plane", line=2.2 if here else 1.2)
    limit = y(layer.kernel_size**2 / layer.depth_multiplier)
    with canvas.group({"stroke-dasharray": "5 4"}):
        canvas.path(f"M{_LEFT:g} {number(limit)}H{_RIGHT:g}", stroke="depthwise")
    _labels(canvas, layer, [(each, y(saving(layer, _MOST, each))) for each in kernels])
    _this(canvas, layer, x(layer.out_channels), y(saving(layer, layer.out_channels, layer.kernel_size)))
    if canvas.inlined:
        return _BOTTOM + 44
    end = rule(canvas, _formula(canvas, rule(canvas, _BOTTOM + 40, WIDTH), layer), WIDTH)
    dashed = Entry(canvas.say("ratio.limit"), 18, _dashes)
    return legend(canvas, end - 6, WIDTH, [swatch(canvas.say("ratio.below"), "standard", 0.14), dashed])


def _layer(spec: LayerSpec) -> LayerSpec:
    layer = as_kind(spec, "depthwise-separable")
    plan(layer)  # refuses what has no output
    return layer


def _dashes(canvas: Canvas, x: float, y: float) -> None:
    with canvas.group({"stroke-dasharray": "5 4"}):
        canvas.path(f"M{number(x)} {number(y)}h18", stroke="depthwise")


def _axes(canvas: Canvas, x: _Scale, y: _Scale, least: float, most: float) -> None:
    canvas.text(0, 12, canvas.say("ratio.axis"), "muted", TEXT)
    canvas.rect(_LEFT, y(1), _RIGHT - _LEFT, _BOTTOM - y(1), fill="standard", tint=0.14)
    ticks = [count * 10.0**power for power in range(-2, 4) for count in (1, 2, 5)]
    shown = [each for each in ticks if least <= each <= most]
    canvas.path("".join(f"M{_LEFT:g} {number(y(each))}H{_RIGHT:g}" for each in shown if each != 1), stroke="line")
    canvas.path(f"M{_LEFT:g} {number(y(1))}H{_RIGHT:g}", stroke="ink", line=1.2)
    for each in shown:
        canvas.text(_LEFT - 8, y(each) + 4, f"{each:g} ×", "muted", SMALL, anchor="end")
    outputs = [2**power for power in range(11)]
    canvas.path("".join(f"M{number(x(each))} {_BOTTOM:g}v5" for each in outputs), stroke="muted")
    canvas.line([(x(each), str(each)) for each in outputs], _BOTTOM + 18, "muted", SMALL)
    middle = (_LEFT + _RIGHT) / 2
    canvas.text(middle, _BOTTOM + 36, canvas.say("ratio.outputs"), "muted", TEXT, anchor="middle", formula=True)


def _labels(canvas: Canvas, layer: LayerSpec, ends: Sequence[tuple[int, float]]) -> None:
    """At the end of each curve its kernel, and what it tends to; those that would touch are moved apart."""
    lowest = _BOTTOM
    for kernel_size, end in ends:
        lowest = min(end + 4, lowest - _LEAST_GAP)
        role = "depthwise-ink" if kernel_size == layer.kernel_size else "muted"
        canvas.line([(_RIGHT + 18, "D_K")], lowest, role, TEXT, serif=True)
        most = f"{kernel_size**2 / layer.depth_multiplier:.4g}"
        weight = 600 if kernel_size == layer.kernel_size else None
        canvas.text(_RIGHT + 30, lowest, canvas.say("ratio.curve", kernel=kernel_size, most=most), role, SMALL, weight)


def _this(canvas: Canvas, layer: LayerSpec, x: float, y: float) -> None:
    """The present layer, marked and named; no curve comes near the upper left corner, as none saves N times."""
    verdict = times(1 / saving(layer, layer.out_channels, layer.kernel_size), "MACs")
    this = canvas.say("ratio.this", verdict=verdict)
    canvas.path(f"M{number(min(x, _LEFT + 20))} {_TOP + 40:g}L{number(x)} {number(y)}", stroke="muted")
    canvas.rect(_LEFT + 6, _TOP + 2, text_width(this, TEXT) * BOLD + 12, 38, fill="paper")
    canvas.path(f"M{number(x - 5)} {number(y)}a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z", fill="depthwise", stroke="ink")
    canvas.text(_LEFT + 12, _TOP + 16, this, "depthwise-ink", TEXT, weight=600)
    where = canvas.say("ratio.where", outputs=layer.out_channels, kernel=layer.kernel_size)
    canvas.text(_LEFT + 12, _TOP + 33, where, "muted", SMALL, formula=True)


def _formula(canvas: Canvas, y: float, layer: LayerSpec) -> float:
    """Separable over standard, in letters and below them in numbers."""
    canvas.text(0, y + 32, canvas.say("ratio.over"), "ink", TEXT, weight=600)
    x = text_width(canvas.say("ratio.over"), TEXT) * BOLD + 16
    signs, letters, numbers = [], [], []
    kernel = ("D_K", f"{layer.kernel_size}²")
    for each in ("=", ("m", layer.depth_multiplier), "· (1/", ("N", layer.out_channels), "+ 1/", kernel, ")"):
        if isinstance(each, str):
            width = text_width(each, TITLE) + 8
            signs.append((x + width / 2, each))
        else:
            letter, value = each[0], str(each[1])
            squared = 7.0 if letter == "D_K" else 0.0
            width = max(letter_width(letter, TITLE) + squared, text_width(value, TEXT))
            letters.append((x + (width - squared) / 2, letter))
            numbers.append((x + width / 2, value))
            if squared:
                canvas.text(x + (width + letter_width(letter, TITLE) - squared) / 2 + 1, y + 14, "²", "ink", TITLE)
        x += width
    canvas.line(letters, y + 14, "ink", TITLE, serif=True)
    canvas.line(signs, y + 14, "muted", TEXT)
    canvas.line([*signs, *numbers], y + 32, "ink", TEXT)
    ratio = 1 / saving(layer, layer.out_channels, layer.kernel_size)
    canvas.text(x + 4, y + 32, f"= {ratio:.4g}", "ink", TEXT, weight=600)
    return y + 40
