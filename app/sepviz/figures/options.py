"""How a figure is to look, whatever layer it is of; the same names in an address and on the command line."""

import unicodedata
from dataclasses import dataclass
from typing import Literal, get_args

Theme = Literal["auto", "light", "dark", "page"]
Background = Literal["paper", "none"]
Lang = Literal["en"]

# `page` is for a figure inside the page, which brings colours and background itself; nobody else may ask for it.
THEMES = tuple(each for each in get_args(Theme) if each != "page")
BACKGROUNDS: tuple[Background, ...] = get_args(Background)
LANGS: tuple[Lang, ...] = get_args(Lang)
MIN_WIDTH, WIDEST = 64, 4096
MAX_FRAMES = 12
MAX_TITLE_LENGTH = 80


@dataclass(frozen=True, slots=True)
class Options:
    """A figure's options; whoever makes them has checked their ranges, and `title` has been through `caption`."""

    theme: Theme = "auto"
    width: int | None = None
    background: Background = "paper"
    title: str | None = None
    lang: Lang = "en"
    animate: bool = False
    frames: int = 0

    def parameters(self) -> dict[str, str]:
        """Those that are not the default, as an address has them."""
        plain = Options()
        given = {name: getattr(self, name) for name in self.__slots__}
        texts = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in given.items()}
        return {name: text for name, text in texts.items() if given[name] != getattr(plain, name)}


def caption(text: str) -> str:
    """Anybody's text made fit for a figure: NFC, one line, nothing invisible that steers, at most 80 characters."""
    # Cut first: to normalise 10 kB of combining marks takes long. Categories in C: control, format (directions), none.
    kept = (" " if each.isspace() else each for each in unicodedata.normalize("NFC", text[: 4 * MAX_TITLE_LENGTH]))
    clean = "".join(each for each in kept if not unicodedata.category(each).startswith("C"))
    line = " ".join(clean.split())
    return line if len(line) <= MAX_TITLE_LENGTH else f"{line[: MAX_TITLE_LENGTH - 1].rstrip()}…"
