"""`Size`: height and width, as `kernel_size=3` or `size=1080x1920` name them."""

import re
from dataclasses import dataclass
from typing import NamedTuple

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

_TEXT = re.compile(r"(0|-?[1-9][0-9]*)(?:x(0|-?[1-9][0-9]*))?")


class Size(NamedTuple):
    """Height and width in cells."""

    height: int
    width: int

    def __str__(self) -> str:
        """The canonical text: `3` where both are equal, else `1x7`."""
        return str(self.height) if self.is_square else f"{self.height}x{self.width}"

    @property
    def is_square(self) -> bool:
        """Whether height and width are equal."""
        return self.height == self.width

    @property
    def area(self) -> int:
        """Number of cells."""
        return self.height * self.width

    @classmethod
    def square(cls, side: int) -> "Size":
        """As high as wide."""
        return cls(side, side)

    @property
    def text(self) -> str:
        """For people: `3 × 3`."""
        return f"{self.height} × {self.width}"


def read_size(value: object) -> Size:
    """A `Size` from a whole number, a pair or a text such as `3` or `1x7`; raises pydantic's error."""
    if type(value) is int:
        return Size.square(value)
    if isinstance(value, tuple) and len(value) == 2 and all(type(each) is int for each in value):
        return Size(*value)
    if isinstance(value, str) and (found := _TEXT.fullmatch(value)):
        # Python refuses to read thousands of digits; a part of them is as far out of bounds.
        sides = [int(each[:20]) for each in found.groups() if each]
        return Size(sides[0], sides[-1])
    raise PydanticCustomError("whole_number", "neither a whole number in plain digits nor HEIGHTxWIDTH")


@dataclass(frozen=True)
class SizeBetween:
    """For `Annotated[Size, ...]`: both sides are from `low` to `high`; its JSON is a number where it is square."""

    low: int
    high: int

    def read(self, value: object) -> Size:
        """The value as a `Size`; raises pydantic's errors."""
        size = read_size(value)
        if min(size) < self.low:
            raise PydanticCustomError("greater_than_equal", "too small", {"ge": self.low})
        if max(size) > self.high:
            raise PydanticCustomError("less_than_equal", "too large", {"le": self.high})
        return size

    def __get_pydantic_core_schema__(self, _source: object, _handler: GetCoreSchemaHandler) -> CoreSchema:
        written = core_schema.plain_serializer_function_ser_schema(_written)
        return core_schema.no_info_plain_validator_function(self.read, serialization=written)

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        bounds = {"minimum": self.low, "maximum": self.high}
        sides = {"type": "string", "pattern": "^[1-9][0-9]*x[1-9][0-9]*$"}
        return {"anyOf": [{"type": "integer", **bounds}, sides], **bounds}


def _written(size: Size) -> int | str:
    return size.height if size.is_square else str(size)
