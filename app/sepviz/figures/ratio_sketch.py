"""The curve of the ratio of MACs in small, beside the page's verdict: over the outputs, or over the kernel size."""

from collections.abc import Callable, Sequence
from math import log

from sepviz.errors import InvalidParameters
from sepviz.figures.canvas import SMALL, Canvas, Point, number
from sepviz.figures.layer_figures import as_kind
from sepviz.figures.ratio import MAX_OUTPUTS, saving
from sepviz.figures.translations import text
from sepviz.layer.cost import separable_comparison
from sepviz.layer.kinds import SEPARABLE
from sepviz.layer.plan import plan
from sepviz.layer.size import Size
from sepviz.layer.spec import LayerSpec

WIDTH, HEIGHT = 160.0, 92.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 46.0, 152.0, 8.0, 66.0
_STEPS = 24  # of the curve over the outputs
_KERNELS = (1, 2, 3, 5, 7, 9)
_MIN_GAP = 12.0  # between the labels of 1 × and of the limit


def draw_ratio_sketch(spec: LayerSpec) -> str:
    """Draw by how much the separable layer saves, with this layer marked; return the SVG, or "" where none fits."""
    if plan(spec).kind.mixes_channels:
        points, here, limit = _over_outputs(spec)
        axis, words = "N", text("ratio.sketch.outputs", outputs=spec.out_channels, ratio=_times(here[1]))
    elif spec.kernel_size.is_square:
        points, here, limit = _over_kernels(spec)
        axis, words = "D_K", text("ratio.sketch.kernel", kernel=spec.kernel_size.height, ratio=_times(here[1]))
    else:
        return ""
    canvas = Canvas("ratio-sketch", spec.query(), "page")
    _draw(canvas, points, here, limit, axis)
    return canvas.finish(WIDTH, HEIGHT, text("ratio.sketch.title"), words, None)


def _times(ratio: float) -> str:
    return f"{ratio:.3g}"


def _over_outputs(spec: LayerSpec) -> tuple[Sequence[Point], Point, float | None]:
    """The curve, this layer's point, and what the curve tends to; a grouped convolution costs a share."""
    layer, groups = as_kind(spec, SEPARABLE), spec.groups
    last = max(MAX_OUTPUTS, layer.out_channels)

    def ratio(outputs: float) -> float:
        return saving(layer, outputs, layer.kernel_size) / groups

    places = [last ** (step / _STEPS) for step in range(_STEPS + 1)]
    here = layer.out_channels, ratio(layer.out_channels)
    return [(each, ratio(each)) for each in places], here, layer.kernel_size.area / layer.depth_multiplier / groups


def _over_kernels(spec: LayerSpec) -> tuple[Sequence[Point], Point, float | None]:
    own = spec.kernel_size.height
    points = []
    for side in sorted({*_KERNELS, own}):
        try:
            costs = separable_comparison(spec.model_copy(update={"kernel_size": Size.square(side)}))
        except InvalidParameters:  # a kernel that does not fit on the input
            continue
        points.append((side, 1 / costs.macs_ratio))
    return points, (own, dict(points)[own]), None


def _draw(canvas: Canvas, points: Sequence[Point], here: Point, limit: float | None, axis: str) -> None:
    ratios = [each for _, each in points] + [1.0, here[1]] + ([limit] if limit else [])
    x, y = _scale(1, max(points[-1][0], 2), _LEFT, _RIGHT), _scale(min(ratios), max(ratios), _BOTTOM, _TOP)
    below = y(1)
    canvas.rect(_LEFT, below, _RIGHT - _LEFT, _BOTTOM - below + 4, fill="standard", tint=0.14)
    canvas.path(f"M{number(_LEFT)} {number(below)}H{number(_RIGHT)}", stroke="muted")
    canvas.text(_LEFT - 5, below + 4, "1 ×", "muted", SMALL, anchor="end")
    if limit:
        with canvas.group({"stroke-dasharray": "4 3"}):
            canvas.path(f"M{number(_LEFT)} {number(y(limit))}H{number(_RIGHT)}", stroke="depthwise")
        if abs(y(limit) - below) >= _MIN_GAP:
            canvas.text(_LEFT - 5, y(limit) + 4, f"{_times(limit)} ×", "muted", SMALL, anchor="end")
    curve = "L".join(f"{number(x(at))} {number(y(ratio))}" for at, ratio in points)
    canvas.path(f"M{curve}", stroke="depthwise", line=2)
    left, middle = number(x(here[0]) - 4), number(y(here[1]))
    canvas.path(f"M{left} {middle}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z", fill="depthwise", stroke="ink")
    ends = [(_LEFT, "1"), (_RIGHT - 10, f"{points[-1][0]:.0f}")]
    canvas.text_row(ends, _BOTTOM + 18, "muted", SMALL)
    canvas.text_row([((_LEFT + _RIGHT) / 2, axis)], _BOTTOM + 18, "muted", SMALL, serif=True)


def _scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    """A logarithmic scale; one value alone stands at its start."""
    span = log(high / low)
    return lambda value: start + (end - start) * (log(value / low) / span if span else 0)
