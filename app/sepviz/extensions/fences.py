"""Finding the fenced blocks of a Markdown page."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_OPENING = re.compile(r"(?P<prefix>[> ]*)(?P<fence>`{3,}|~{3,})[ ]*(?P<info>[^`]*)")


class Fence(NamedTuple):
    """A fenced block of any language at lines `start` to `stop - 1`; `body` excludes the fences."""

    start: int
    stop: int
    prefix: str
    language: str
    name: str
    body: tuple[str, ...]


def find_fences(lines: Sequence[str]) -> Iterator[Fence]:
    """Every fenced block that is not inside another one; it may be indented or in a quote."""
    start = 0
    while start < len(lines):
        opening = _OPENING.fullmatch(lines[start])
        fence = opening and _close(lines, start, opening)
        if fence:
            yield fence
        start = fence.stop if fence else start + 1


def _close(lines: Sequence[str], start: int, opening: re.Match[str]) -> Fence | None:
    """The block that opens at line `start`; None unless it closes within the same quote."""
    quote = re.compile(rf"(?:[ ]*>){{{opening['prefix'].count('>')}}}")
    closing = re.compile(rf"[ ]*{opening['fence']}{opening['fence'][0]}*[ ]*")
    body: list[str] = []
    for number in range(start + 1, len(lines)):
        quoted = quote.match(lines[number])
        if quoted is None:
            return None
        line = lines[number][quoted.end() :]
        if closing.fullmatch(line):
            language, _, name = opening["info"].strip().partition(" ")
            return Fence(start, number + 1, opening["prefix"], language, name.strip(), tuple(body))
        body.append(line)
    return None
