"""What a layer is made of: `Convolution`, `Norm`, `Activation`.

Each is a frozen value; sizes, params, MACs, bytes, and which cells feed which, are derived from its geometry in Python
integers. Nothing here has bounds: torch wraps a huge dilation round without a word, and these are checked in the query.
"""

from dataclasses import dataclass
from math import prod
from typing import ClassVar, NamedTuple

from sepviz.layer.kinds import Stage

FLOAT32_BYTES = 4

Pair = tuple[int, int]


class Follower(NamedTuple):
    """An operation that may follow a convolution."""

    title: str  # for people
    module: str  # its class in `torch.nn`


FOLLOWERS: dict[str, Follower] = {
    "norm": Follower("batch norm", "BatchNorm2d"),
    "relu": Follower("ReLU", "ReLU"),
    "relu6": Follower("ReLU6", "ReLU6"),
    "silu": Follower("SiLU", "SiLU"),
    "hard-swish": Follower("hard-swish", "Hardswish"),
    "gelu": Follower("GELU", "GELU"),
}


def output_size(size: int, kernel_size: int, stride: int, padding: int, dilation: int) -> int:
    """Cells of the output along one axis; `padding` is the sum of both sides (formula of `torch.nn.Conv2d`)."""
    return (size + padding - dilation * (kernel_size - 1) - 1) // stride + 1


def same_padding(size: int, kernel_size: int, stride: int, dilation: int) -> Pair:
    """Cells before and after, so that the output is ceil(size / stride); an odd rest goes after, as TensorFlow pads."""
    outputs = -(-size // stride)
    total = max((outputs - 1) * stride + dilation * (kernel_size - 1) + 1 - size, 0)
    return total // 2, total - total // 2


class _Traffic:
    """What follows from the shapes of what comes in and goes out, and from the params."""

    __slots__ = ()

    input_shape: tuple[int, int, int]
    output_shape: tuple[int, int, int]
    params: int

    @property
    def bytes_moved(self) -> int:
        """float32 bytes read (input, params) and written (output), each once, for a batch of one."""
        return FLOAT32_BYTES * (prod(self.input_shape) + prod(self.output_shape) + self.params)


@dataclass(frozen=True, slots=True)
class Convolution(_Traffic):
    """One convolution. Pairs are (rows, columns); `padding` is (before, after) for each axis."""

    stage: Stage
    in_channels: int
    out_channels: int
    groups: int
    kernel: Pair
    stride: Pair
    padding: tuple[Pair, Pair]
    dilation: Pair
    input: Pair
    bias: bool = False
    followed_by: tuple[str, ...] = ()  # what is done with its output before the next convolution

    @property
    def name(self) -> str:
        """The stage's name."""
        return self.stage.name

    @property
    def output(self) -> Pair:
        """Height and width of the output map."""
        rows, columns = (
            output_size(size, kernel, stride, sum(padding), dilation)
            for size, kernel, stride, padding, dilation in zip(
                self.input, self.kernel, self.stride, self.padding, self.dilation, strict=True
            )
        )
        return rows, columns

    @property
    def input_shape(self) -> tuple[int, int, int]:  # type: ignore[override]
        """(channels, height, width) of what comes in."""
        return (self.in_channels, *self.input)

    @property
    def output_shape(self) -> tuple[int, int, int]:  # type: ignore[override]
        """(channels, height, width) of what goes out."""
        return (self.out_channels, *self.output)

    @property
    def weight_shape(self) -> tuple[int, int, int, int]:
        """(out_channels, in_channels / groups, rows, columns), as `torch.nn.Conv2d` has it."""
        return (self.out_channels, self.in_channels // self.groups, *self.kernel)

    @property
    def weights(self) -> int:
        """Parameters without biases."""
        return prod(self.weight_shape)

    @property
    def biases(self) -> int:
        """One for each output channel, or none."""
        return self.out_channels if self.bias else 0

    @property
    def params(self) -> int:  # type: ignore[override]
        """Weights and biases."""
        return self.weights + self.biases

    @property
    def macs(self) -> int:
        """Multiply-accumulates for a batch of one: each weight works once for every cell of an output map."""
        return self.weights * prod(self.output)

    @property
    def mixes_channels(self) -> bool:
        """Whether an output channel is made of several input channels, or of all where there is one."""
        return self.stage.mixes_channels and (self.groups == 1 or self.groups < self.in_channels)

    @property
    def multiplier(self) -> int:
        """Output channels of each input channel, where these stay apart; else 1."""
        return 1 if self.mixes_channels else self.out_channels // self.in_channels

    def channels_feeding(self, outputs: range) -> range:
        """The input channels that a run of output channels is made of: all, or with groups its own."""
        fed, feeding = self.out_channels // self.groups, self.in_channels // self.groups
        return range(outputs.start // fed * feeding, ((outputs.stop - 1) // fed + 1) * feeding)

    def whole_groups(self, outputs: range) -> range:
        """The run widened to all outputs of its groups: a grouped convolution cannot make some of them."""
        if self.groups == 1 or not outputs:
            return outputs
        each = self.out_channels // self.groups
        return range(outputs.start // each * each, -(-outputs.stop // each) * each)

    def window(self, y: int, x: int) -> tuple[range, range]:
        """The rows and columns of the input under the kernel for one output cell; outside the map is padding."""
        return self.reach(0, y), self.reach(1, x)

    def reach(self, axis: int, cell: int) -> range:
        """The rows (axis 0) or columns (axis 1) of the input under the kernel for one of the output."""
        start = cell * self.stride[axis] - self.padding[axis][0]
        return range(start, start + self.kernel[axis] * self.dilation[axis], self.dilation[axis])


@dataclass(frozen=True, slots=True)
class _Elementwise(_Traffic):
    """An operation whose output has the shape of its input, each channel for itself."""

    name: str
    channels: int
    input: Pair

    @property
    def in_channels(self) -> int:
        """Channels of the input."""
        return self.channels

    @property
    def out_channels(self) -> int:
        """Channels of the output."""
        return self.channels

    @property
    def output(self) -> Pair:
        """Height and width of the output map."""
        return self.input

    @property
    def input_shape(self) -> tuple[int, int, int]:  # type: ignore[override]
        """(channels, height, width) of what comes in."""
        return (self.channels, *self.input)

    @property
    def groups(self) -> int:
        """As many as channels: each output reads one."""
        return self.channels

    output_shape = input_shape
    kernel: ClassVar[Pair] = (1, 1)
    stride: ClassVar[Pair] = (1, 1)
    padding: ClassVar[tuple[Pair, Pair]] = ((0, 0), (0, 0))
    dilation: ClassVar[Pair] = (1, 1)
    weights = 0
    macs = 0
    mixes_channels = False

    def channels_feeding(self, outputs: range) -> range:
        """The input channels of a run of output channels: the same."""
        return outputs

    def whole_groups(self, outputs: range) -> range:
        """The run itself: any channel can be made alone."""
        return outputs

    def window(self, y: int, x: int) -> tuple[range, range]:
        """The one cell of the input that makes an output cell."""
        return self.reach(0, y), self.reach(1, x)

    def reach(self, axis: int, cell: int) -> range:  # noqa: ARG002 - along both axes alike
        """The row (axis 0) or column (axis 1) of the input that makes one of the output: the same."""
        return range(cell, cell + 1)


@dataclass(frozen=True, slots=True)
class Norm(_Elementwise):
    """Batch norm with the mean and the variance of the map at hand; its scale is 1 and its shift 0.

    Its MACs are counted as 0: in a trained network it is folded into the convolution before it.
    """

    title: ClassVar[str] = FOLLOWERS["norm"].title
    params_per_channel = 2

    @property
    def params(self) -> int:  # type: ignore[override]
        """A scale and a shift for each channel."""
        return self.params_per_channel * self.channels


@dataclass(frozen=True, slots=True)
class Activation(_Elementwise):
    """A function of each value, without params."""

    module: str = "ReLU"  # its class in `torch.nn`
    params = 0

    @property
    def title(self) -> str:
        """For people."""
        return next(each.title for each in FOLLOWERS.values() if each.module == self.module)


Operation = Convolution | Norm | Activation


def following(convolution: Convolution, follower: str) -> Operation:
    """The operation that follows a convolution; it is named after both, such as `depthwise-relu6`."""
    name = f"{convolution.name}-{follower}"
    if follower == "norm":
        return Norm(name, convolution.out_channels, convolution.output)
    return Activation(name, convolution.out_channels, convolution.output, FOLLOWERS[follower].module)
