"""`Explanation`: a value of a map and the arithmetic of the steps that made it."""

from dataclasses import dataclass
from typing import Literal

Rows = tuple[tuple[float | None, ...], ...]  # None is padding


@dataclass(frozen=True, slots=True)
class Patch:
    """Some cells of one map, and the domain of that map's colours; rows and columns outside the map are padding."""

    stage: str
    channel: int
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    values: Rows
    domain: tuple[float, float]
    is_unsigned: bool


@dataclass(frozen=True, slots=True)
class Part:
    """What one channel of the source adds to a value: its window times a kernel, cell by cell, and their sum."""

    channel: int
    window: Rows
    kernel: Rows
    products: Rows
    sum: float


@dataclass(frozen=True, slots=True)
class Rest:
    """The channels that are not listed: how many, and what they add together."""

    count: int
    sum: float


@dataclass(frozen=True, slots=True)
class _Step:
    """One operation's arithmetic for one cell of its output.

    `value` is torch's. `output` has the cell and those beside it that the next step reads, `source` what these are
    made of in one channel.
    """

    stage: str
    channel: int
    row: int
    column: int
    value: float
    output: Patch
    source: Patch


@dataclass(frozen=True, slots=True)
class ConvolutionStep(_Step):
    """The products of a convolution: `parts` by channel, or from the largest on where there are more than listed.

    `rows` and `columns` are those of the window; `through` is the channel that the steps before explain; `sum` has the
    parts, the rest and the bias. Kernels are coloured from `-kernel_limit` to `kernel_limit`.
    """

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    parts: tuple[Part, ...]
    rest: Rest
    bias: float | None
    sum: float
    through: int
    kernel_limit: float
    kind: Literal["convolution"] = "convolution"


@dataclass(frozen=True, slots=True)
class NormStep(_Step):
    """`result` is (operand - mean) / sqrt(variance + epsilon), with the mean and the variance of the whole map."""

    operand: float
    mean: float
    variance: float
    epsilon: float
    result: float
    kind: Literal["norm"] = "norm"


@dataclass(frozen=True, slots=True)
class ActivationStep(_Step):
    """`result` is the function of the operand."""

    operand: float
    result: float
    kind: Literal["activation"] = "activation"


Step = ConvolutionStep | NormStep | ActivationStep


@dataclass(frozen=True, slots=True)
class Explanation:
    """A value as torch computed it, and the steps that made it, from the input on.

    There is no step before one whose whole window is padding.
    """

    stage: str
    channel: int
    row: int
    column: int
    value: float
    steps: tuple[Step, ...]
    around: Patch
    input_names: tuple[str, ...]
