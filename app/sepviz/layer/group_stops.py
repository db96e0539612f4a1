"""The way from a standard to a depthwise and a depthwise separable convolution, as layers that differ in `groups`."""

from dataclasses import dataclass

from sepviz.layer.cost import LayerCost, compare
from sepviz.layer.kinds import GROUPED, SEPARABLE
from sepviz.layer.operations import Convolution
from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec, properties


@dataclass(frozen=True, slots=True)
class GroupStop:
    """A layer of the way, and its cost as a share of that of the first one, which has one group."""

    spec: LayerSpec
    cost: LayerCost
    params_ratio: float
    macs_ratio: float

    @property
    def convolutions(self) -> tuple[Convolution, ...]:
        """The layer's stages."""
        return plan(self.spec).convolutions


def divisible_outputs(spec: LayerSpec) -> int:
    """The output channels nearest to the layer's own that all divisors of its input channels divide."""
    channels = spec.in_channels
    most: int = properties(LayerSpec)["out_channels"]["maximum"] // channels
    return min(max(1, round(spec.out_channels / channels)), most) * channels


def group_stops(spec: LayerSpec) -> tuple[GroupStop, ...]:
    """A stop for each divisor of the input channels, from one group to depthwise, and then the separable layer."""
    outputs = divisible_outputs(spec)
    grouped = spec.as_kind(GROUPED).model_copy(update={"out_channels": outputs})
    divisors = [each for each in range(1, spec.in_channels + 1) if spec.in_channels % each == 0]
    layers = [grouped.model_copy(update={"groups": each}) for each in divisors]
    layers.append(spec.as_kind(SEPARABLE).model_copy(update={"out_channels": outputs}))
    first, *_ = costs = [compare(each).layer for each in layers]
    return tuple(
        GroupStop(layer, cost, cost.params / first.params, cost.macs / first.macs)
        for layer, cost in zip(layers, costs, strict=True)
    )


def nearest_stop(spec: LayerSpec, stops: tuple[GroupStop, ...]) -> int:
    """The index of the stop whose channels are read and mixed as in the layer."""
    first, *others = plan(spec).convolutions
    if any(each.mixes_channels for each in others):
        return len(stops) - 1
    return next(at for at, stop in enumerate(stops) if stop.convolutions[0].groups == first.groups)
