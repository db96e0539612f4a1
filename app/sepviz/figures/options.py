"""Options of a figure, independent of the layer, named as in addresses and on the command line."""

import unicodedata
from dataclasses import dataclass
from typing import Literal, get_args

Theme = Literal["auto", "light", "dark", "page"]
Background = Literal["paper", "none"]
Lang = Literal["en"]

# `page` is internal: for a figure in the page, whose style sheet has the colours and the background.
THEMES = tuple(each for each in get_args(Theme) if each != "page")
MIN_WIDTH, WIDEST = 64, 4096
MAX_FRAMES = 12
MAX_TITLE_LENGTH = 80


@dataclass(frozen=True, slots=True)
class Options:
    """A figure's options, validated by `FigureSpec`; `title` is the result of `caption`."""

    theme: Theme = "auto"
    width: int | None = None
    background: Background = "paper"
    title: str | None = None
    lang: Lang = "en"
    animate: bool = False
    frames: int = 0
    maps: bool = False

    def parameters(self) -> dict[str, str]:
        """The options other than the defaults, as parameters of a query."""
        plain = Options()
        values = {name: getattr(self, name) for name in self.__slots__}
        texts = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in values.items()}
        return {name: text for name, text in texts.items() if values[name] != getattr(plain, name)}


def caption(text: str) -> str:
    """Untrusted text as a caption: NFC, one line, without control and format characters, at most 80 characters."""
    # Truncated first, as normalising 10 kB of combining marks is slow. C: control, format and unassigned characters.
    kept = (" " if each.isspace() else each for each in unicodedata.normalize("NFC", text[: 4 * MAX_TITLE_LENGTH]))
    clean = "".join(each for each in kept if not unicodedata.category(each).startswith("C"))
    line = " ".join(clean.split())
    return line if len(line) <= MAX_TITLE_LENGTH else f"{line[: MAX_TITLE_LENGTH - 1].rstrip()}…"
