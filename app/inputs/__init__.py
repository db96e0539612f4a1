"""Everything that can feed a layer: samples, generated tensors and uploaded pictures."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.inputs.tensors import Inputs

__all__ = ["Inputs"]


def __getattr__(name: str) -> object:
    """`Inputs`, imported when it is asked for: a process that only decodes pictures never waits for torch."""
    if name == "Inputs":
        from app.inputs.tensors import Inputs  # noqa: PLC0415  (as the docstring says)

        return Inputs
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
