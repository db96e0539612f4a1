"""Frozen values of computations as JSON."""

import json
from dataclasses import fields
from typing import Any

from sepviz.encoded import Encoded


def encode_document(value: Any) -> Encoded:
    """A dataclass, with those inside it, as a JSON object with a name for each field."""
    return Encoded(json.dumps(value, default=_fields_of, allow_nan=False).encode(), "application/json")


def _fields_of(value: Any) -> dict[str, Any]:
    return {each.name: getattr(value, each.name) for each in fields(value)}
