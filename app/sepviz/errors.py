"""The exceptions of Sepviz, without HTTP.

A message names the value, says what is wrong with it and what would fit; it is written for the client and is safe to
show. `app/sepviz/web/problems.py` maps each class to a status.
"""

from collections.abc import Iterable
from dataclasses import dataclass

MAX_PRINTED = 40


def truncate_printable(value: object) -> str:
    """Return the value as a message may repeat it: at most 40 printable characters."""
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(value)[: MAX_PRINTED + 1])
    return text if len(text) <= MAX_PRINTED else text[: MAX_PRINTED - 1] + "…"


class SepvizError(Exception):
    """An error that the client can fix or should know about; `parameter` is the part of the request at fault."""

    parameter: str | None = None

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by attributes: the arguments of a constructor are not those of `Exception`."""
        return _restore, (type(self), self.args, self.__dict__)


def _restore(kind: type[SepvizError], args: tuple[object, ...], attributes: dict[str, object]) -> SepvizError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(attributes)
    return error


@dataclass(frozen=True)
class BadParameter:
    """One invalid parameter: its name, its value (None if it is missing) and what is allowed.

    `fits` are changes of single parameters, (name, value), each of which alone would make it valid.
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
    """One or more parameters that are invalid, alone or together."""

    def __init__(self, bad: Iterable[BadParameter]) -> None:
        self.bad = tuple(bad)
        super().__init__(". ".join(str(each) for each in self.bad))


class OverBudget(InvalidParameters):
    """A valid layer that would take more computing or memory than one request may have."""


class UnknownName(SepvizError):
    """No figure, stage, sample, ... has that name; `parameter` is its name in an address, where that is not `what`."""

    def __init__(self, what: str, name: str, known: Iterable[str], parameter: str | None = None) -> None:
        self.parameter = parameter or what
        self.name = truncate_printable(name)
        self.known = tuple(known)
        super().__init__(f"there is no {what} named {truncate_printable(name)}; there are: {', '.join(self.known)}")


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
    """A file of a supported format that is incomplete or corrupt."""

    parameter = "file"


class UnsafeImage(UndecodableImage):
    """A file that crashed its decoder, or took it too long."""


class Unavailable(SepvizError):
    """The request is valid, and may succeed after `retry_after` seconds."""

    def __init__(self, message: str, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class Busy(Unavailable):
    """The server is overloaded, or about to stop."""


class RateLimited(Unavailable):
    """One client is over its limit."""

    def __init__(self, message: str, retry_after: int = 1) -> None:
        super().__init__(message, retry_after)


class StoreUnavailable(Unavailable):
    """The store of uploads cannot be reached at the moment."""


class UploadsOff(SepvizError):
    """This server accepts no uploads."""


class ForeignOrigin(SepvizError):
    """A page of another site sent the request."""

    parameter = "Origin"


class QueryTooLong(SepvizError):
    """A query string longer than any layer needs."""

    parameter = "query"


class HeadersTooLong(SepvizError):
    """Headers longer than any browser sends."""

    parameter = "headers"


class BadFraming(SepvizError):
    """The request has both a Content-Length and a Transfer-Encoding."""

    parameter = "Content-Length"
