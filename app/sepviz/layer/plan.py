"""`plan(spec)`: the operations of a layer, in order, and the one convolution that they stand for."""

from dataclasses import dataclass
from functools import lru_cache

from sepviz.layer.bounds import refuse_empty_output
from sepviz.layer.kinds import KINDS, KindOfLayer, Stage
from sepviz.layer.operations import Convolution, Operation, Pair, following, same_padding
from sepviz.layer.spec import LayerSpec

_Axis = tuple[int, int, Pair, int]  # kernel, stride, padding, dilation along one axis
_UNTOUCHED: _Axis = (1, 1, (0, 0), 1)


@dataclass(frozen=True, slots=True)
class Plan:
    """A layer's operations, and those of the layer that it replaces."""

    kind: KindOfLayer
    operations: tuple[Operation, ...]
    baseline: tuple[Operation, ...]

    @property
    def convolutions(self) -> tuple[Convolution, ...]:
        """The stages: the operations that are convolutions."""
        return tuple(each for each in self.operations if isinstance(each, Convolution))

    @property
    def replaced(self) -> Convolution:
        """The one convolution of the same shape that the layer stands for."""
        first = self.baseline[0]
        assert isinstance(first, Convolution)  # noqa: S101 - a layer begins with one
        return first

    def result(self, convolution: Convolution) -> Operation:
        """The last operation before the next convolution: its maps are what the next one reads."""
        following_ones = self.operations[self.operations.index(convolution) + 1 :]
        result: Operation = convolution
        for each in following_ones:
            if isinstance(each, Convolution):
                break
            result = each
        return result


@lru_cache(maxsize=64)
def plan(spec: LayerSpec) -> Plan:
    """The plan of a layer; `InvalidParameters` where the output would be empty."""
    refuse_empty_output(spec)
    kind = KINDS[spec.kind]
    return Plan(kind, _operations(spec, kind.stages, spec.groups), _operations(spec, (kind.baseline,), 1))


def _operations(spec: LayerSpec, stages: tuple[Stage, ...], groups: int) -> tuple[Operation, ...]:
    """Convolutions in order, each with what follows it."""
    operations: list[Operation] = []
    channels = spec.in_channels
    size: Pair = spec.size
    for number, stage in enumerate(stages, 1):
        outputs = spec.out_channels if stage.mixes_channels else channels * spec.depth_multiplier
        axes = [_axis(spec, axis, size) if spans else _UNTOUCHED for axis, spans in enumerate(stage.spans)]
        kernel, stride, padding, dilation = zip(*axes, strict=True)
        split = groups if stage.mixes_channels else channels
        followed_by = spec.after if number == len(stages) else spec.between
        made = Convolution(
            stage, channels, outputs, split, kernel, stride, padding, dilation, size, spec.bias, followed_by
        )
        operations += [made, *(following(made, each) for each in followed_by)]
        channels, size = outputs, made.output
    return tuple(operations)


def _axis(spec: LayerSpec, axis: int, size: Pair) -> _Axis:
    kernel = spec.kernel_size[axis]
    if spec.padding == "same":
        return kernel, spec.stride, same_padding(size[axis], kernel, spec.stride, spec.dilation), spec.dilation
    sides = spec.padding_cells
    return kernel, spec.stride, (sides, sides), spec.dilation
