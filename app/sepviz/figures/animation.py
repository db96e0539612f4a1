"""An animation of a layer's kernels, with CSS keyframes that play in an `<img>`, or as stills side by side."""

from collections.abc import Iterator
from itertools import pairwise

from sepviz.figures.animation_layout import Animation, Layout, plan_animation
from sepviz.figures.canvas import SMALL, Canvas
from sepviz.figures.columns import Column, draw_headings, format_shape
from sepviz.figures.paint import number
from sepviz.figures.passes import KINDS
from sepviz.figures.receptive_field import format_range
from sepviz.layer.spec import LayerSpec

ANIMATED: tuple[str, ...] = (*KINDS, "window")

WIDTH = 968.0  # of stills

_LARGE = Layout(patch=116, cell=20, kernel=34, gap=38, strip=13, max_channels=3, min_width=124, labels=True)
_SMALL = Layout(patch=72, cell=13, kernel=20, gap=14, strip=9, max_channels=2, min_width=0, labels=False)
_PER_ROW = 3
_CAPTION = 24.0
_BELOW = 26.0

_MIN_SECONDS, _MAX_SECONDS, _STEP_SECONDS = 8.0, 12.0, 0.45
_PAUSE, _HOLD = 1.5, 4.0  # in steps: between passes, and at the end
_END = 98.0  # percent of the period; the rest is blank


def draw_animation(canvas: Canvas, name: str, spec: LayerSpec, frames: int) -> tuple[float, float]:
    """Draw a figure of `ANIMATED` with keyframes, or that many `frames` of it as stills; return width and height.

    A renderer without CSS animations, or with reduced motion, shows the middle of the last pass.
    """
    if frames:
        return _draw_stills(canvas, plan_animation(name, spec, _SMALL), frames)
    animation = plan_animation(name, spec, _LARGE)
    y = draw_headings(canvas, 0, list(_headed_columns(canvas, animation))) + 8
    with canvas.group({"transform": f"translate(0 {number(y)})"}):
        _draw_moving(canvas, animation, f"m{canvas.scope}")
    return animation.width, y + animation.height + 8


def _headed_columns(canvas: Canvas, animation: Animation) -> Iterator[Column]:
    """The headings: each column's title and the extent of what is drawn."""
    first = animation.columns[0].patch
    heads = [column.head for column in animation.columns[1:]]
    yield Column(
        0, heads[0] - 8, canvas.translate("layers.input"), "ink", _format_extent(canvas, first.rows, first.columns)
    )
    for index, (kernel_pass, column) in enumerate(zip(animation.passes, animation.columns[1:], strict=True)):
        after = heads[index + 1] - 8 if index + 1 < len(heads) else animation.width
        role = f"{kernel_pass.shape.stage.role}-ink"
        cut = (format_shape(kernel_pass.shape.kernel), *_format_extent(canvas, kernel_pass.rows, kernel_pass.columns))
        yield Column(column.head, after, kernel_pass.shape.stage.title, role, cut)


def _format_extent(canvas: Canvas, rows: range, columns: range) -> tuple[str, ...]:
    return canvas.translate("scene.rows", span=format_range(rows)), canvas.translate(
        "scene.columns", span=format_range(columns)
    )


def _draw_stills(canvas: Canvas, animation: Animation, frames: int) -> tuple[float, float]:
    """Draw numbered moments at even distances, up to the end; return width and height."""
    moments = animation.moments()
    across, down = WIDTH / _PER_ROW, animation.height + _CAPTION + _BELOW
    for index in range(frames):
        at, step = moments[-(-(index + 1) * len(moments) // frames) - 1]
        x, y = index % _PER_ROW * across, index // _PER_ROW * down
        row, columns = animation.passes[at].steps()[step]
        stage = animation.passes[at].shape.stage.title
        canvas.text(x, y + 13, f"{index + 1}", weight=600)
        caption = canvas.translate("scene.moment", stage=stage, y=row, x=columns[-1])
        canvas.text(x + 22, y + 13, caption, "muted", SMALL)
        with canvas.group({"transform": f"translate({number(x)} {number(y + _CAPTION)})"}):
            animation.draw_still(canvas, (at, step))
    rows = -(-frames // _PER_ROW)
    return min(frames, _PER_ROW) * across, rows * down - _BELOW + 6


def _draw_moving(canvas: Canvas, animation: Animation, prefix: str) -> None:
    """Draw every element, each with keyframes for its visibility; without them, the last pass is shown."""
    animation.draw_backdrop(canvas)
    last = len(animation.passes) - 1
    now = len(animation.passes[last].steps()) * 5 // 8
    times = _step_times(animation)
    period = min(max(_MIN_SECONDS, _STEP_SECONDS * (len(animation.moments()) + _HOLD)), _MAX_SECONDS)
    rules = [f"[class^={prefix}]{{animation:{number(period)}s linear infinite}}"]
    frames = []

    def animate(name: str, keyframes: str) -> None:
        rules.append(f".{prefix}{name}{{animation-name:{prefix}{name}}}")
        frames.append(f"@keyframes {prefix}{name}{{{keyframes}}}")

    for index, kernel_pass in enumerate(animation.passes):
        for step, (row, columns) in enumerate(kernel_pass.steps()):
            begin, end = times[index][step : step + 2]
            hidden = {"opacity": "0"} if index == last and step > now else {}
            with canvas.group({"class": f"{prefix}c{index}-{step}", **hidden}):
                animation.draw_cells(canvas, index, range(row, row + 1), columns)
            animate(f"c{index}-{step}", _appearing(begin + 0.3 * (end - begin), begin + 0.6 * (end - begin)))
    for index in range(last, -1, -1):
        with canvas.group({"class": f"{prefix}w{index}"}):
            dx, dy = animation.window_shift(index, now)
            with canvas.group({"class": f"{prefix}k{index}", "transform": f"translate({number(dx)} {number(dy)})"}):
                animation.draw_window(canvas, index, 0)
        now = animation.find_step_making(index - 1, now) if index else now
        begin, end = times[index][0], times[index][-1] if index < last else _END
        animate(f"w{index}", _visible(begin, end))
        animate(f"k{index}", "".join(_moving(animation, index, times[index])))
    canvas.style(f"@media (prefers-reduced-motion:no-preference){{{''.join(rules)}}}{''.join(frames)}")


def _step_times(animation: Animation) -> list[list[float]]:
    """By pass: the times at which its steps begin and the last one ends, in percent of the period."""
    counts = [len(each.steps()) for each in animation.passes]
    unit = _END / (sum(counts) + _PAUSE * (len(counts) - 1) + _HOLD)
    times, begin = [], 0.0
    for count in counts:
        times.append([unit * (begin + step) for step in range(count + 1)])
        begin += count + _PAUSE
    return times


def _percent(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0") + "%"


def _appearing(begin: float, end: float) -> str:
    return f"0%,{_percent(begin)}{{opacity:0}}{_percent(end)},{_percent(_END)}{{opacity:1}}to{{opacity:0}}"


def _visible(begin: float, end: float) -> str:
    """Keyframes of an element that is visible from one time to another."""
    before = f"0%,{_percent(begin - 1)}{{opacity:0}}" if begin >= 1 else ""
    return f"{before}{_percent(begin)},{_percent(end)}{{opacity:1}}{_percent(end + 1)},to{{opacity:0}}"


def _moving(animation: Animation, index: int, times: list[float]) -> Iterator[str]:
    """Keyframes of the kernel's position in each step."""
    for step, (begin, end) in enumerate(pairwise(times)):
        x, y = animation.window_shift(index, step)
        leave = begin + 0.65 * (end - begin)
        since = "0%," if step == 0 and begin > 0 else ""
        until = ",to" if step == len(times) - 2 else ""
        yield f"{since}{_percent(begin)},{_percent(leave)}{until}{{transform:translate({number(x)}px,{number(y)}px)}}"
