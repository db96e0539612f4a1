"""Fills and strokes in the roles of `sepviz.palette`, as attributes and as class names.

`f-ROLE` is filled with a role, `s-ROLE` stroked, `m40-ROLE` filled with an opaque mix of 40 % of
it on paper.
"""

from base64 import b32encode
from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Literal

from sepviz.palette import COLOURS

Mode = Literal["light", "dark"]

# Base32 characters of a scope after its first letter: 35 bits.
_SCOPE_LENGTH = 7


def scope(key: str) -> str:
    """A short hash of `key`, valid as the start of an id or a class."""
    digest = blake2b(key.encode(errors="replace"), digest_size=5).digest()
    return f"s{b32encode(digest).decode().lower()[:_SCOPE_LENGTH]}"


@lru_cache(maxsize=4096)
def number(value: float) -> str:
    """Format a coordinate to a hundredth, without trailing zeros."""
    return f"{round(value, 2) + 0:.2f}".rstrip("0").rstrip(".")


@lru_cache(maxsize=512)
def paint_attributes(
    mode: Mode, fill: str | None, stroke: str | None, tint: float, line: float, solid: bool
) -> tuple[str, Mapping[str, str]]:
    """The class names and the attributes of a fill with its share (`tint`) and a stroke with its width (`line`)."""
    found = {"fill": "none"}
    names = []
    if fill is not None and solid:
        names.append(f"m{round(100 * tint)}-{fill}")
        found["fill"] = _colour(names[-1], mode)
    elif fill is not None:
        names.append(f"f-{fill}")
        found["fill"] = COLOURS[fill][mode]
        if tint != 1:
            found["fill-opacity"] = number(tint)
    if stroke is not None:
        names.append(f"s-{stroke}")
        found["stroke"] = COLOURS[stroke][mode]
        if line != 1:
            found["stroke-width"] = number(line)
    return " ".join(names), found


def _colour(name: str, mode: Mode) -> str:
    """The colour of a class name: that of its role, a percentage of it on paper, or (`v-#rrggbb`) itself."""
    kind, role = name.split("-", 1)
    if kind == "v":
        return role
    colour, paper = (bytes.fromhex(COLOURS[each][mode][1:]) for each in (role, "paper"))
    share = int(kind[1:]) / 100 if kind[0] == "m" else 1
    return "#" + bytes(round(share * a + (1 - share) * b) for a, b in zip(colour, paper, strict=True)).hex()


@lru_cache(maxsize=512)
def dark_declarations(names: str) -> str:
    """The CSS declarations of these class names for dark mode."""
    return ";".join(f"{'stroke' if name[0] == 's' else 'fill'}:{_colour(name, 'dark')}" for name in names.split())
