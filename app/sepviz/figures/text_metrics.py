"""Estimates of text widths. They use no font, so that a figure is the same on every machine."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

BOLD = 1.13  # width of bold text, as a multiple
SUBSCRIPT = 10  # size of a formula's subscripts
MARK = "*"  # around the letters of a formula, which are set in italics

# Widths in ems in DejaVu Sans, the widest of the figures' fonts; of other characters, `_OTHER`.
_EMS = {
    0.0: MARK,
    0.3: "ijlIJ'\N{PRIME}",
    0.34: " ,./:;\\|·\N{RIGHT SINGLE QUOTATION MARK}",
    0.41: "ft-()[]!r²",
    0.53: 'sz?"_\N{EN DASH}',
    0.6: "ckvxyFLPTY",
    0.64: "abdeghnopqu0123456789$ES{}Σ",
    0.7: "ABCKRVXZ",
    0.79: "DGHNOQU&",
    0.85: "w#+<=>^~×→\N{MINUS SIGN}",
    0.87: "M",
    1.0: "Wm%@\N{HORIZONTAL ELLIPSIS}",
}
_EM = {ord(character): em for em, characters in _EMS.items() for character in characters}
_OTHER = 1.1

# Widths in ems in an italic serif.
_LETTERS = {"D": 0.8, "M": 1.0, "N": 0.86, "H": 0.87, "W": 1.05, "m": 0.93, "\N{PRIME}": 0.25}


@lru_cache(maxsize=4096)
def text_width(text: str, size: float) -> float:
    """An upper bound of the width of a text in the figures' fonts, without its marks."""
    return size * sum([_EM.get(ord(character), _OTHER) for character in text])


def letter_width(letter: str, size: float) -> float:
    """Approximate width of a formula's letter, with its subscript after `_`, in an italic serif."""
    base, _, below = letter.partition("_")
    return (
        sum(_LETTERS.get(each, 0.62) for each in base) * size
        + sum(_LETTERS.get(each, 0.72) for each in below) * SUBSCRIPT
    )


def wrap(pieces: Iterable[str], width: float, size: float, glue: str = " ") -> list[str]:
    """Join the pieces into lines that fit the width; a broken line ends with the glue, without its space."""
    lines: list[str] = []
    line = ""
    for piece in pieces:
        longer = f"{line}{glue}{piece}" if line else piece
        if line and text_width(longer + glue.rstrip(), size) > width:
            lines.append(line + glue.rstrip())
            line = piece
        else:
            line = longer
    return [*lines, line] if line else lines


def split_words(text: str, width: float, size: float) -> Iterator[str]:
    """The words of a text; too long ones are cut in pieces, unprintable characters replaced."""
    cut = max(int(width / (_OTHER * size)), 1)
    clean = "".join(c if c.isprintable() or c.isspace() else "\N{REPLACEMENT CHARACTER}" for c in text)
    for word in clean.split():
        if text_width(word, size) <= width:
            yield word
        else:
            yield from (word[start : start + cut] for start in range(0, len(word), cut))


def split_formula(text: str) -> list[tuple[str, bool]]:
    """Split a text with marks into runs (text, is italic); the first is upright and may be empty."""
    first, *runs = text.split(MARK)
    return [(first, False), *((run, index % 2 == 0) for index, run in enumerate(runs) if run)]
