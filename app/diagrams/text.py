"""How much room a text takes, by estimate: no font is asked, so a figure is the same on every machine."""

from collections.abc import Iterable, Iterator

EM_PER_CHARACTER = 0.63
EM_PER_WIDE_CHARACTER = 1.1
BOLD = 1.1  # bold text is so much wider
SUBSCRIPT = 10  # size of a formula's subscripts
MARK = "*"  # around the letters of a formula, which are set in italics

_WIDE = frozenset("MWmw@%")
_NARROW = frozenset("×·→′")  # beyond ASCII


# Of an em, in an italic serif.
_LETTERS = {"D": 0.8, "M": 1.0, "N": 0.86, "H": 0.87, "W": 1.07, "m": 0.92, "′": 0.3}


def text_width(text: str, size: float) -> float:
    """At most so wide is the text, in the fonts that figures name; marks take no room."""
    wide = sum(c in _WIDE or (c > "~" and c not in _NARROW) for c in text)
    narrow = len(text) - wide - text.count(MARK)
    return size * (EM_PER_CHARACTER * narrow + EM_PER_WIDE_CHARACTER * wide)


def letter_width(letter: str, size: float) -> float:
    """About so wide is a formula's letter, with its subscript after `_`, in an italic serif."""
    base, _, below = letter.partition("_")
    return sum(_LETTERS.get(each, 0.62) for each in base) * size + 0.72 * SUBSCRIPT * len(below)


def wrap(pieces: Iterable[str], width: float, size: float, glue: str = " ") -> list[str]:
    """The pieces joined into lines that fit the width; a line broken off keeps its glue, less the space."""
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


def words(text: str, width: float, size: float) -> Iterator[str]:
    """The words of a text, those that would not fit a line cut in pieces; unprintable characters are replaced."""
    cut = max(int(width / (EM_PER_WIDE_CHARACTER * size)), 1)
    clean = "".join(c if c.isprintable() or c.isspace() else "\N{REPLACEMENT CHARACTER}" for c in text)
    for word in clean.split():
        if text_width(word, size) <= width:
            yield word
        else:
            yield from (word[start : start + cut] for start in range(0, len(word), cut))
