"""An error as a figure, for an `<img>` whose figure could not be drawn."""

from collections.abc import Sequence

from sepviz.figures.canvas import Canvas
from sepviz.figures.text_metrics import BOLD, split_words, wrap

_WIDTH = 640.0
_MARGIN = 20.0
_MAX_LINES = 24


def error_figure(title: str, lines: Sequence[str]) -> str:
    """A small SVG with the wrapped title and lines."""
    canvas = Canvas("error", "\n".join((title, *lines)), "auto")
    room = _WIDTH - 2 * _MARGIN
    heads = _wrap(title, room, 16 * BOLD)[:3]
    texts = [each for line in lines for each in _wrap(line, room, 13)]
    if len(texts) > _MAX_LINES:
        texts = [*texts[: _MAX_LINES - 1], "…"]
    y = 14.0
    for head in heads:
        y += 22
        canvas.text(_MARGIN, y, head, "depthwise-ink", 16, weight=600)
    y += 6
    for text in texts:
        y += 19
        canvas.text(_MARGIN, y, text, "ink", 13)
    return canvas.finish(_WIDTH, y + 20, " ".join(heads) or "Error", " ".join(texts) or "No details.", None)


def _wrap(text: str, room: float, size: float) -> list[str]:
    return wrap(split_words(text, room, size), room, size)
