"""The ratio of MACs of a standard and a separable layer, as a function of the output channels."""

from collections.abc import Callable, Sequence
from math import hypot, inf, log

from sepviz.figures.canvas import SMALL, TEXT, TITLE, Canvas, Point, number
from sepviz.figures.figure_legend import Entry, draw_legend, swatch_entry
from sepviz.figures.layer_figures import as_kind, draw_rule, format_ratio
from sepviz.figures.text_metrics import BOLD, letter_width, text_width
from sepviz.figures.translations import text
from sepviz.layer.plan import plan
from sepviz.layer.size import Size
from sepviz.layer.spec import LayerSpec

WIDTH = 760.0

_Scale = Callable[[float], float]

_LEFT, _RIGHT = 52.0, 580.0
_TOP, _BOTTOM = 30.0, 330.0
MAX_OUTPUTS = 1024  # output channels
_KERNELS = (1, 3, 5, 7)
_STEPS = 40  # of a curve
_MIN_GAP = 17.0  # between two labels
_LABEL_HEIGHT, _CLEARANCE = 30.0, 7.0  # of this layer's label, and the free space around it
_SEARCH_STEP = 20.0  # between two tried places of the label


def saving(spec: LayerSpec, outputs: float, kernel_size: Size) -> float:
    """Standard over separable, 1 / (m(1/N + 1/D_K²)): above 1 the separable layer costs less."""
    return 1 / (spec.depth_multiplier * (1 / outputs + 1 / kernel_size.area))


def _sides(kernel_size: Size) -> str:
    """`3`, or `1 × 7`."""
    return str(kernel_size.height) if kernel_size.is_square else kernel_size.text


def _area(kernel_size: Size) -> str:
    """Format the number of a kernel's cells, for D_K² in the formula."""
    return f"{kernel_size.height}²" if kernel_size.is_square else f"({kernel_size.height} · {kernel_size.width})"


def describe(spec: LayerSpec) -> str:
    """Describe the curve in words and numbers."""
    layer = _as_separable(spec)
    most, here = layer.kernel_size.area / layer.depth_multiplier, saving(layer, layer.out_channels, layer.kernel_size)
    square = layer.kernel_size.is_square
    return text(
        "ratio.description",
        outputs=layer.out_channels,
        area="D_K²" if square else "(K_H · K_W)",
        sides=f"D_K = {_sides(layer.kernel_size)}" if square else f"kernels of {layer.kernel_size.text}",
        multiplier=layer.depth_multiplier,
        verdict=format_ratio(1 / here, "MACs"),
        most=f"{most:.4g}",
    )


def draw(canvas: Canvas, spec: LayerSpec) -> float:
    """Draw the curves, this layer's point, and the formula with its numbers; return the height."""
    layer = _as_separable(spec)
    kernels = sorted({*map(Size.square, _KERNELS), layer.kernel_size}, key=lambda size: size.area)
    least = saving(layer, 1, Size.square(1)) * 0.7
    most = max(kernels[-1].area / layer.depth_multiplier, 1) * 1.6

    def x(outputs: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * log(outputs) / log(MAX_OUTPUTS)

    def y(ratio: float) -> float:
        return _BOTTOM - (_BOTTOM - _TOP) * log(ratio / least) / log(most / least)

    _draw_axes(canvas, x, y, least, most)
    for kernel_size in kernels:
        places = [MAX_OUTPUTS ** (step / _STEPS) for step in range(_STEPS + 1)]
        d = "L".join(f"{number(x(each))} {number(y(saving(layer, each, kernel_size)))}" for each in places)
        own = kernel_size == layer.kernel_size
        canvas.path(f"M{d}", stroke="depthwise" if own else "plane", line=2.2 if own else 1.2)
    limit = y(layer.kernel_size.area / layer.depth_multiplier)
    with canvas.group({"stroke-dasharray": "5 4"}):
        canvas.path(f"M{_LEFT:g} {number(limit)}H{_RIGHT:g}", stroke="depthwise")
    _draw_curve_labels(canvas, layer, [(each, y(saving(layer, MAX_OUTPUTS, each))) for each in kernels])

    def curve(kernel_size: Size) -> _Scale:
        return lambda at: y(saving(layer, MAX_OUTPUTS ** ((at - _LEFT) / (_RIGHT - _LEFT)), kernel_size))

    lines = [*map(curve, kernels), lambda _: y(1), lambda _: limit]
    saved = saving(layer, layer.out_channels, layer.kernel_size)
    here = (x(layer.out_channels), y(saved))
    name = canvas.translate("ratio.this" if spec == layer else "ratio.instead", verdict=format_ratio(1 / saved, "MACs"))
    _draw_layer_label(canvas, name, layer, here, lines)
    if canvas.inlined:
        return _BOTTOM + 44
    end = draw_rule(canvas, _draw_formula(canvas, draw_rule(canvas, _BOTTOM + 40, WIDTH), layer), WIDTH)
    dashed = Entry(canvas.translate("ratio.limit"), 18, _draw_dashes)
    return draw_legend(
        canvas, end - 6, WIDTH, [swatch_entry(canvas.translate("ratio.below"), "standard", 0.14), dashed]
    )


def _as_separable(spec: LayerSpec) -> LayerSpec:
    layer = as_kind(spec, "depthwise-separable")
    plan(layer)  # raises for an empty output
    return layer


def _draw_dashes(canvas: Canvas, x: float, y: float) -> None:
    with canvas.group({"stroke-dasharray": "5 4"}):
        canvas.path(f"M{number(x)} {number(y)}h18", stroke="depthwise")


def _draw_axes(canvas: Canvas, x: _Scale, y: _Scale, least: float, most: float) -> None:
    canvas.text(0, 12, canvas.translate("ratio.axis"), "muted", TEXT)
    canvas.rect(_LEFT, y(1), _RIGHT - _LEFT, _BOTTOM - y(1), fill="standard", tint=0.14)
    ticks = [count * 10.0**power for power in range(-2, 4) for count in (1, 2, 5)]
    drawn = [each for each in ticks if least <= each <= most]
    canvas.path("".join(f"M{_LEFT:g} {number(y(each))}H{_RIGHT:g}" for each in drawn if each != 1), stroke="line")
    canvas.path(f"M{_LEFT:g} {number(y(1))}H{_RIGHT:g}", stroke="ink", line=1.2)
    for each in drawn:
        canvas.text(_LEFT - 8, y(each) + 4, f"{each:g} ×", "muted", SMALL, anchor="end")
    outputs = [2**power for power in range(11)]
    canvas.path("".join(f"M{number(x(each))} {_BOTTOM:g}v5" for each in outputs), stroke="muted")
    canvas.text_row([(x(each), str(each)) for each in outputs], _BOTTOM + 18, "muted", SMALL)
    middle = (_LEFT + _RIGHT) / 2
    canvas.text(middle, _BOTTOM + 36, canvas.translate("ratio.outputs"), "muted", TEXT, anchor="middle", formula=True)


def _draw_curve_labels(canvas: Canvas, layer: LayerSpec, ends: Sequence[tuple[Size, float]]) -> None:
    """Draw each curve's kernel and limit at its end, moved apart where they would overlap."""
    lowest = _BOTTOM
    for kernel_size, end in ends:
        lowest = min(end + 4, lowest - _MIN_GAP)
        role = "depthwise-ink" if kernel_size == layer.kernel_size else "muted"
        canvas.text_row([(_RIGHT + 18, "D_K")], lowest, role, TEXT, serif=True)
        most = f"{kernel_size.area / layer.depth_multiplier:.4g}"
        weight = 600 if kernel_size == layer.kernel_size else None
        canvas.text(
            _RIGHT + 30,
            lowest,
            canvas.translate(
                "ratio.curve" if kernel_size.is_square else "ratio.curve.sides", kernel=_sides(kernel_size), most=most
            ),
            role,
            SMALL,
            weight,
        )


def _draw_layer_label(canvas: Canvas, name: str, layer: LayerSpec, here: Point, lines: Sequence[_Scale]) -> None:
    """Draw the point and label of this layer, or of the same layer as a depthwise separable one."""
    where = canvas.translate("ratio.where", outputs=layer.out_channels, kernel=layer.kernel_size.text)
    width = max(text_width(name, TEXT) * BOLD, text_width(where, SMALL))
    left, top = _find_free_place(here, width, lines)
    to_x, to_y = _nearest_point(here, left, top, width)
    canvas.path(f"M{number(here[0])} {number(here[1])}L{number(to_x)} {number(to_y)}", stroke="muted")
    costs_more = top > lines[-2](left)  # the background is coloured there
    ground = ("standard", 0.14) if costs_more else ("paper", 1)
    canvas.rect(left - 3, top - 2, width + 6, _LABEL_HEIGHT + 4, fill=ground[0], tint=ground[1], solid=costs_more)
    canvas.path(
        f"M{number(here[0] - 5)} {number(here[1])}a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z", fill="depthwise", stroke="ink"
    )
    canvas.text(left, top + 11, name, "depthwise-ink", TEXT, weight=600)
    canvas.text(left, top + 27, where, "muted", SMALL, formula=True)


def _find_free_place(here: Point, width: float, lines: Sequence[_Scale]) -> Point:
    """Find the label's upper left corner: near the point, off all lines, with the fewest lines across its leader."""
    best = (inf, inf, _LEFT, _TOP)
    steps = int((_RIGHT - _LEFT - width - 2 * _CLEARANCE) / _SEARCH_STEP)
    lefts = [_LEFT + _CLEARANCE + _SEARCH_STEP * step for step in range(steps + 1)]
    for left in sorted(lefts, key=lambda left: abs(left + width / 2 - here[0])):
        if best[:2] < (0, abs(left + width / 2 - here[0]) - width / 2 - 3):
            break  # all further places are farther away
        # Lines never fall from left to right, so one blocks a label between its heights at the label's two edges.
        taken = [
            (line(left + width + _CLEARANCE) - _LABEL_HEIGHT - _CLEARANCE, line(left - _CLEARANCE) + _CLEARANCE)
            for line in lines
        ]
        first, last = _TOP + _CLEARANCE, _BOTTOM - _LABEL_HEIGHT - _CLEARANCE
        for top in (first, last, here[1] - _LABEL_HEIGHT / 2, *(end for each in taken for end in each)):
            to_x, to_y = _nearest_point(here, left, top, width)
            away = hypot(to_x - here[0], to_y - here[1])
            if not (first <= top <= last and away > _CLEARANCE + 2) or best[:2] < (0, away):
                continue
            if not any(above < top < below for above, below in taken):
                crossed = sum((line(here[0]) - here[1]) * (line(to_x) - to_y) < -1 for line in lines)
                best = min(best, (crossed, away, left, top))
    return best[2:]


def _nearest_point(here: Point, left: float, top: float, width: float) -> Point:
    """The point of a label that is nearest to `here`."""
    return min(max(here[0], left - 3), left + width + 3), min(max(here[1], top - 2), top + _LABEL_HEIGHT + 2)


def _draw_formula(canvas: Canvas, y: float, layer: LayerSpec) -> float:
    """Draw the ratio of separable to standard in letters, and in numbers below; return its end."""
    over = canvas.translate("ratio.over")
    canvas.text(0, y + 14, over, "ink", TEXT, weight=600)
    begin = x = text_width(over, TEXT) * BOLD + 12
    canvas.text(x, y + 14, "=", "muted")
    square = layer.kernel_size.is_square
    sides = [(6, "+ 1/", "D_K")] if square else [(6, "+ 1/(", "K_H"), (6, "·", "K_W")]
    for gap, sign, letter in ((12, "", "m"), (6, "· (1/", "N"), *sides):
        x += gap + text_width(sign, TEXT)
        if sign:
            canvas.text(x, y + 14, sign, "muted", anchor="end")
        wide = letter_width(letter, TITLE)
        canvas.text_row([(x + 2 + wide / 2, letter)], y + 14, "ink", TITLE, serif=True)
        x += wide
    if square:
        canvas.text(x + 3, y + 14, "²", "ink", TITLE)
    canvas.text(x + (11 if square else 9), y + 14, ")" if square else "))", "muted")
    numbers = f"= {layer.depth_multiplier} · (1/{layer.out_channels} + 1/{_area(layer.kernel_size)})"
    canvas.text(begin, y + 34, numbers)
    ratio = 1 / saving(layer, layer.out_channels, layer.kernel_size)
    canvas.text(begin + text_width(numbers, TEXT) + 4, y + 34, f"= {ratio:.4g}", "ink", TEXT, weight=600)
    return y + 42
