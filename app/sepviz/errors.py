"""What can go wrong, as exceptions that know no HTTP.

Every message names the value, says what was wrong with it and what would fit; it is written for
the person who asked and is safe to show. `app/sepviz/web/problems.py` maps each class to a status.
"""

from collections.abc import Iterable
from dataclasses import dataclass

SHOWN = 40


def shown(value: object) -> str:
    """The value as an error may repeat it: at most 40 printable characters."""
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(value)[: SHOWN + 1])
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


class SepvizError(Exception):
    """Anything that the person who asked can mend or should know; `parameter` is what of the request it is about."""

    parameter: str | None = None

    def __reduce__(self) -> tuple[object, ...]:
        """As another process gets it: by what it holds, whatever it was made from."""
        return _as_it_was, (type(self), self.args, self.__dict__)


def _as_it_was(kind: type[SepvizError], args: tuple[object, ...], held: dict[str, object]) -> SepvizError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(held)
    return error


@dataclass(frozen=True)
class BadParameter:
    """One parameter that does not fit: its name, the value given (None: none was) and what would fit.

    `fits` are changes of single parameters, (name, value), each of which alone mends it.
    """

    parameter: str
    value: str | None
    allowed: str
    why: str = ""
    fits: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        given = f"{self.parameter}={self.value}" if self.value is not None else self.parameter
        return f"{given}: {self.why or 'not allowed'}; {self.allowed}"


class InvalidParameters(SepvizError):
    """One parameter or more that do not fit, alone or together."""

    def __init__(self, bad: Iterable[BadParameter]) -> None:
        self.bad = tuple(bad)
        super().__init__(". ".join(str(each) for each in self.bad))


class OverBudget(InvalidParameters):
    """A legal layer whose tensors would take more computing or memory than one request may have."""


class UnknownName(SepvizError):
    """A figure, stage, sample, ... of that name does not exist.

    `parameter` is what an address calls it, where that is not `what`.
    """

    def __init__(self, what: str, name: str, known: Iterable[str], parameter: str | None = None) -> None:
        self.parameter = parameter or what
        self.name = shown(name)
        self.known = tuple(known)
        super().__init__(f"there is no {what} named {shown(name)}; there are: {', '.join(self.known)}")


class UploadGone(SepvizError):
    """An upload that is not stored (any more)."""

    parameter = "input"


class UploadTooLarge(SepvizError):
    """A file with too many bytes or pixels, refused before it is decoded, or content that no store has room for."""

    parameter = "file"


class UnsupportedImage(SepvizError):
    """Bytes that are none of the supported picture formats."""

    parameter = "file"


class UndecodableImage(SepvizError):
    """A file of a supported format that is incomplete or broken."""

    parameter = "file"


class UnsafeImage(UndecodableImage):
    """A file that took its decoder down, or too long."""


class Unavailable(SepvizError):
    """Nothing is wrong with what was asked; `retry_after` is in seconds."""

    def __init__(self, message: str, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class Busy(Unavailable):
    """More is asked for at the moment than can be computed, or the server is about to stop."""


class Flooding(Unavailable):
    """One client asks for more at once than its share."""

    def __init__(self, message: str, retry_after: int = 1) -> None:
        super().__init__(message, retry_after)


class StoreUnavailable(Unavailable):
    """The store of uploads cannot be reached at the moment."""


class UploadsOff(SepvizError):
    """This server takes no pictures."""


class ForeignOrigin(SepvizError):
    """A page of another site sent this."""

    parameter = "Origin"


class QueryTooLong(SepvizError):
    """More characters of parameters than any layer needs."""

    parameter = "query"


class HeadTooLong(SepvizError):
    """More bytes of headers than any browser sends."""

    parameter = "headers"


class BadFraming(SepvizError):
    """The request says in two ways where it ends."""

    parameter = "Content-Length"
