"""The plan of a layer: which convolutions it consists of and every size in them, in Python integers.

Shapes are checked here before torch sees them: torch wraps a huge dilation round without a word.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from sepviz.errors import BadParameter, InvalidParameters
from sepviz.layer.spec import LayerSpec, properties

Pair = tuple[int, int]


def output_size(size: int, kernel_size: int, stride: int, padding: int, dilation: int) -> int:
    """Cells of the output along one axis; `padding` is the sum of both sides (formula of `torch.nn.Conv2d`)."""
    return (size + padding - dilation * (kernel_size - 1) - 1) // stride + 1


def same_padding(size: int, kernel_size: int, stride: int, dilation: int) -> Pair:
    """Cells before and after, so that the output is ceil(size / stride); an odd rest goes after, as TensorFlow pads."""
    outputs = -(-size // stride)
    total = max((outputs - 1) * stride + dilation * (kernel_size - 1) + 1 - size, 0)
    return total // 2, total - total // 2


@dataclass(frozen=True, slots=True)
class ConvShape:
    """One convolution of a layer. Pairs are (rows, columns); `padding` is (before, after) for each axis."""

    name: str
    in_channels: int
    out_channels: int
    groups: int
    kernel: Pair
    stride: Pair
    padding: tuple[Pair, Pair]
    dilation: Pair
    input: Pair

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
    def input_shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of what comes in."""
        return (self.in_channels, *self.input)

    @property
    def output_shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of what goes out."""
        return (self.out_channels, *self.output)

    @property
    def weight_shape(self) -> tuple[int, int, int, int]:
        """(out_channels, in_channels / groups, rows, columns), as `torch.nn.Conv2d` has it."""
        return (self.out_channels, self.in_channels // self.groups, *self.kernel)

    def channels_feeding(self, outputs: range) -> range:
        """The input channels that a run of output channels is made of: all, or with groups its own."""
        fed, feeding = self.out_channels // self.groups, self.in_channels // self.groups
        return range(outputs.start // fed * feeding, ((outputs.stop - 1) // fed + 1) * feeding)

    def window(self, y: int, x: int) -> tuple[range, range]:
        """The rows and columns of the input under the kernel for one output cell; outside the map is padding."""
        return self._reach(0, y), self._reach(1, x)

    def _reach(self, axis: int, cell: int) -> range:
        start = cell * self.stride[axis] - self.padding[axis][0]
        return range(start, start + self.kernel[axis] * self.dilation[axis], self.dilation[axis])


@lru_cache(maxsize=64)
def plan(spec: LayerSpec) -> tuple[ConvShape, ...]:
    """The convolutions of the layer, in order; `InvalidParameters` where the output would be empty."""
    _refuse_empty(spec)
    return tuple(_convolutions(spec))


@lru_cache(maxsize=64)
def replaced(spec: LayerSpec) -> ConvShape:
    """The one convolution of the same shape that the layer stands for.

    That is the standard one; for `spatially-separable`, which mixes no channels, the D_K x D_K one per channel.
    """
    if spec.kind == "spatially-separable":
        _refuse_empty(spec)
        channels = spec.in_channels
        return _conv(spec, "depthwise", channels, channels, channels, (spec.size, spec.size))
    return plan(spec.as_kind("standard"))[0]


def _convolutions(spec: LayerSpec) -> Iterator[ConvShape]:
    channels, size = spec.in_channels, (spec.size, spec.size)
    if spec.kind == "standard":
        yield _conv(spec, "standard", channels, spec.out_channels, 1, size)
    elif spec.kind == "depthwise-separable":
        between = channels * spec.depth_multiplier
        depthwise = _conv(spec, "depthwise", channels, between, channels, size)
        yield depthwise
        yield _conv(spec, "pointwise", between, spec.out_channels, 1, depthwise.output, along=(False, False))
    else:
        vertical = _conv(spec, "vertical", channels, channels, channels, size, along=(True, False))
        yield vertical
        yield _conv(spec, "horizontal", channels, channels, channels, vertical.output, along=(False, True))


def _conv(
    spec: LayerSpec,
    name: str,
    in_channels: int,
    out_channels: int,
    groups: int,
    size: Pair,
    along: tuple[bool, bool] = (True, True),
) -> ConvShape:
    """A convolution whose kernel reaches along rows, columns, both or neither; elsewhere it is 1 wide."""
    axes = [_axis(spec, cells) if reaches else _STILL for cells, reaches in zip(size, along, strict=True)]
    kernel, stride, padding, dilation = zip(*axes, strict=True)
    return ConvShape(name, in_channels, out_channels, groups, kernel, stride, padding, dilation, size)


_Axis = tuple[int, int, Pair, int]
_STILL: _Axis = (1, 1, (0, 0), 1)


def _axis(spec: LayerSpec, size: int) -> _Axis:
    """(kernel, stride, padding, dilation) along one axis."""
    if spec.padding == "same":
        padding = same_padding(size, spec.kernel_size, spec.stride, spec.dilation)
    else:
        padding = (_sides(spec), _sides(spec))
    return spec.kernel_size, spec.stride, padding, spec.dilation


def _sides(spec: LayerSpec) -> int:
    return spec.padding if isinstance(spec.padding, int) else 0


def _refuse_empty(spec: LayerSpec) -> None:
    if spec.padding == "same":
        return
    sides = 2 * _sides(spec)
    reach, padded = spec.dilation * (spec.kernel_size - 1) + 1, spec.size + sides
    if reach <= padded:
        return
    mends = [
        ("kernel_size", "up to", (padded - 1) // spec.dilation + 1),
        ("size", "from", reach - sides),
        ("dilation", "up to", (padded - 1) // (spec.kernel_size - 1)),
    ]
    mends = [mend for mend in mends if mend[2] >= 1]
    words = " or ".join(f"{name} {bound} {value}" for name, bound, value in mends)
    why = f"with dilation={spec.dilation} it reaches over {reach} cells, and the padded input has {padded}"
    fits = (*((name, str(value)) for name, _, value in mends), ("padding", "same"))
    allowed = f"what would fit: {words}, or padding=same"
    raise InvalidParameters([BadParameter("kernel_size", str(spec.kernel_size), allowed, why, fits)])


def bounds(spec: LayerSpec) -> dict[str, Pair]:
    """Lowest and highest legal value of each whole-number parameter, the others held: what a slider may offer."""
    has = spec.parameters()
    limits = {n: (p["minimum"], p["maximum"]) for n, p in properties(LayerSpec).items() if "minimum" in p and n in has}
    if spec.padding == "same":
        return limits
    sides = 2 * _sides(spec)
    span = spec.size + sides - 1

    def capped(name: str, low: int, high: int) -> Pair:
        return max(limits[name][0], low), min(limits[name][1], high)

    return limits | {
        "kernel_size": capped("kernel_size", 1, span // spec.dilation + 1),
        "dilation": capped(
            "dilation", 1, span // (spec.kernel_size - 1) if spec.kernel_size > 1 else limits["dilation"][1]
        ),
        "size": capped("size", spec.dilation * (spec.kernel_size - 1) + 1 - sides, limits["size"][1]),
    }
