"""Roles of `app.palette` as attributes: what is drawn with a role has its colour and a class that names it.

`f-ROLE` is filled with a role, `s-ROLE` stroked, `m40-ROLE` filled with 40 % of it on paper, so that nothing shines
through: a page's style sheet, or the figure's own for the dark, can recolour what has one.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from app.palette import COLOURS

Mode = Literal["light", "dark"]
Paint = dict[str, str]  # attributes


@lru_cache(maxsize=4096)
def number(value: float) -> str:
    """A coordinate to a hundredth, without trailing zeros."""
    return f"{round(value, 2) + 0:.2f}".rstrip("0").rstrip(".")


def attributes(values: Mapping[str, str]) -> str:
    """Attributes as markup; all are made here, of numbers and names, and have nothing to escape."""
    return "".join([f' {name}="{value}"' for name, value in values.items()])


@lru_cache(maxsize=512)
def paint(mode: Mode, fill: str | None, stroke: str | None, tint: float, line: float, solid: bool = False) -> Paint:
    """Attributes for a fill of a role, its share (`tint`), a stroke of a role and its width (`line`)."""
    found = {"fill": "none"}
    classes = []
    if fill is not None and solid:
        classes.append(f"m{round(100 * tint)}-{fill}")
        found["fill"] = _colour(classes[-1], mode)
    elif fill is not None:
        classes.append(f"f-{fill}")
        found["fill"] = COLOURS[fill][mode]
        if tint != 1:
            found["fill-opacity"] = number(tint)
    if stroke is not None:
        classes.append(f"s-{stroke}")
        found["stroke"] = COLOURS[stroke][mode]
        if line != 1:
            found["stroke-width"] = number(line)
    return {"class": " ".join(classes), **found}


@lru_cache(maxsize=512)
def painted(
    mode: Mode, fill: str | None, stroke: str | None, tint: float, line: float, solid: bool
) -> tuple[tuple[str, ...], str]:
    """The classes of a paint, and its attributes as markup."""
    made = paint(mode, fill, stroke, tint, line, solid)
    return tuple(made["class"].split()), attributes(made)


def _colour(name: str, mode: Mode) -> str:
    """The colour of a class: its role's, or so many per cent of it on paper."""
    kind, role = name.split("-", 1)
    colour, paper = (bytes.fromhex(COLOURS[each][mode][1:]) for each in (role, "paper"))
    share = int(kind[1:]) / 100 if kind[0] == "m" else 1
    return "#" + bytes(round(share * a + (1 - share) * b) for a, b in zip(colour, paper, strict=True)).hex()


@lru_cache(maxsize=512)
def dark_rule(name: str) -> str:
    """The rule that gives a class its colour in the dark."""
    return f".{name}{{{'stroke' if name[0] == 's' else 'fill'}:{_colour(name, 'dark')}}}"
