"""A layer at work, as a film that plays in an `<img>`, or as stills of it side by side."""

from collections.abc import Iterator
from itertools import pairwise

from sepviz.figures.animation_layout import Animation, Layout, plan_animation
from sepviz.figures.canvas import SMALL, Canvas
from sepviz.figures.columns import Column, draw_headings, format_shape
from sepviz.figures.paint import number
from sepviz.figures.passes import KINDS
from sepviz.figures.receptive_field import span
from sepviz.layer.spec import LayerSpec

ANIMATED: tuple[str, ...] = (*KINDS, "window")

WIDTH = 968.0  # of stills

_LARGE = Layout(patch=116, cell=20, kernel=34, gap=38, strip=13, most=3, least=124, labels=True)
_SMALL = Layout(patch=72, cell=13, kernel=20, gap=14, strip=9, most=2, least=0, labels=False)
_PER_ROW = 3
_CAPTION = 24.0
_BELOW = 26.0

_SHORTEST, _LONGEST, _STEP = 8.0, 12.0, 0.45  # seconds
_PAUSE, _HOLD = 1.5, 4.0  # between passes and at the end, in steps
_END = 98.0  # percent; then all begins anew


def draw_animation(canvas: Canvas, name: str, spec: LayerSpec, frames: int) -> tuple[float, float]:
    """A figure of `ANIMATED` as a film, or as so many stills of it; its width and height.

    What cannot play shows the film in the middle of its last pass; so does who prefers reduced motion.
    """
    if frames:
        return _stills(canvas, plan_animation(name, spec, _SMALL), frames)
    shown = plan_animation(name, spec, _LARGE)
    y = draw_headings(canvas, 0, list(_columns(canvas, shown))) + 8
    with canvas.group({"transform": f"translate(0 {number(y)})"}):
        _play(canvas, shown, f"m{canvas.scope}")
    return shown.width, y + shown.height + 8


def _columns(canvas: Canvas, shown: Animation) -> Iterator[Column]:
    """The headings: what each column is, and which part of it is drawn."""
    first = shown.columns[0].patch
    heads = [track.head for track in shown.columns[1:]]
    yield Column(0, heads[0] - 8, canvas.translate("layers.input"), "ink", _cut(canvas, first.rows, first.columns))
    for index, (working, track) in enumerate(zip(shown.passes, shown.columns[1:], strict=True)):
        after = heads[index + 1] - 8 if index + 1 < len(heads) else shown.width
        role = f"{working.shape.stage.role}-ink"
        cut = (format_shape(working.shape.kernel), *_cut(canvas, working.rows, working.columns))
        yield Column(track.head, after, working.shape.stage.title, role, cut)


def _cut(canvas: Canvas, rows: range, columns: range) -> tuple[str, ...]:
    return canvas.translate("scene.rows", span=span(rows)), canvas.translate("scene.columns", span=span(columns))


def _stills(canvas: Canvas, shown: Animation, frames: int) -> tuple[float, float]:
    """Moments at even distances, the last one the end, numbered."""
    moments = shown.moments()
    across, down = WIDTH / _PER_ROW, shown.height + _CAPTION + _BELOW
    for index in range(frames):
        at, step = moments[-(-(index + 1) * len(moments) // frames) - 1]
        x, y = index % _PER_ROW * across, index // _PER_ROW * down
        row, columns = shown.passes[at].steps()[step]
        stage = shown.passes[at].shape.stage.title
        canvas.text(x, y + 13, f"{index + 1}", weight=600)
        caption = canvas.translate("scene.moment", stage=stage, y=row, x=columns[-1])
        canvas.text(x + 22, y + 13, caption, "muted", SMALL)
        with canvas.group({"transform": f"translate({number(x)} {number(y + _CAPTION)})"}):
            shown.still(canvas, (at, step))
    rows = -(-frames // _PER_ROW)
    return min(frames, _PER_ROW) * across, rows * down - _BELOW + 6


def _play(canvas: Canvas, shown: Animation, prefix: str) -> None:
    """All that ever shows, each with the times at which it does; without them, the film in its last pass."""
    shown.backdrop(canvas)
    last = len(shown.passes) - 1
    now = len(shown.passes[last].steps()) * 5 // 8
    times = _times(shown)
    period = min(max(_SHORTEST, _STEP * (len(shown.moments()) + _HOLD)), _LONGEST)
    rules = [f"[class^={prefix}]{{animation:{number(period)}s linear infinite}}"]
    frames = []

    def moving(name: str, keyframes: str) -> None:
        rules.append(f".{prefix}{name}{{animation-name:{prefix}{name}}}")
        frames.append(f"@keyframes {prefix}{name}{{{keyframes}}}")

    for index, working in enumerate(shown.passes):
        for step, (row, columns) in enumerate(working.steps()):
            begin, end = times[index][step : step + 2]
            hidden = {"opacity": "0"} if index == last and step > now else {}
            with canvas.group({"class": f"{prefix}c{index}-{step}", **hidden}):
                shown.cells(canvas, index, range(row, row + 1), columns)
            moving(f"c{index}-{step}", _appear(begin + 0.3 * (end - begin), begin + 0.6 * (end - begin)))
    for index in range(last, -1, -1):
        with canvas.group({"class": f"{prefix}w{index}"}):
            dx, dy = shown.shift(index, now)
            with canvas.group({"class": f"{prefix}k{index}", "transform": f"translate({number(dx)} {number(dy)})"}):
                shown.window(canvas, index, 0)
        now = shown.making(index - 1, now) if index else now
        begin, end = times[index][0], times[index][-1] if index < last else _END
        moving(f"w{index}", _between(begin, end))
        moving(f"k{index}", "".join(_moves(shown, index, times[index])))
    canvas.style(f"@media (prefers-reduced-motion:no-preference){{{''.join(rules)}}}{''.join(frames)}")


def _times(shown: Animation) -> list[list[float]]:
    """When each step of each pass begins, and the pass ends, in percent."""
    counts = [len(each.steps()) for each in shown.passes]
    unit = _END / (sum(counts) + _PAUSE * (len(counts) - 1) + _HOLD)
    times, begin = [], 0.0
    for count in counts:
        times.append([unit * (begin + step) for step in range(count + 1)])
        begin += count + _PAUSE
    return times


def _percent(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0") + "%"


def _appear(begin: float, end: float) -> str:
    return f"0%,{_percent(begin)}{{opacity:0}}{_percent(end)},{_percent(_END)}{{opacity:1}}to{{opacity:0}}"


def _between(begin: float, end: float) -> str:
    """To be seen from one time to another."""
    before = f"0%,{_percent(begin - 1)}{{opacity:0}}" if begin >= 1 else ""
    return f"{before}{_percent(begin)},{_percent(end)}{{opacity:1}}{_percent(end + 1)},to{{opacity:0}}"


def _moves(shown: Animation, index: int, times: list[float]) -> Iterator[str]:
    """Where the kernel stands in each step, and when it goes on."""
    for step, (begin, end) in enumerate(pairwise(times)):
        x, y = shown.shift(index, step)
        leave = begin + 0.65 * (end - begin)
        since = "0%," if step == 0 and begin > 0 else ""
        until = ",to" if step == len(times) - 2 else ""
        yield f"{since}{_percent(begin)},{_percent(leave)}{until}{{transform:translate({number(x)}px,{number(y)}px)}}"
