"""What a layer costs: parameters, MACs and memory traffic, each number with the formula it comes from.

A MAC is one multiply and one add; a bias is in the parameters but not in the MACs, as MobileNets
(arXiv 1704.04861, equations 2 to 5), fvcore and thop count. D_F is the size of the OUTPUT map. The numbers are those of
the operations, the formulas those of the table of kinds.
"""

from dataclasses import dataclass
from functools import lru_cache

from sepviz.layer.kinds import SEPARABLE
from sepviz.layer.operations import Convolution, Norm, Operation
from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec

COUNTED = (
    "One MAC is one multiply and one add, for a batch of one; a bias is in the params and not in the MACs, "
    "as fvcore and thop count. D_F, H′, W and W′ are sizes of the stage's output map."
)
COUNTED_NORM = " A norm has a scale and a shift for each channel, and no MACs of its own."


@dataclass(frozen=True, slots=True)
class Factor:
    """A letter of the paper and the number it stands for."""

    letter: str
    value: int


@dataclass(frozen=True, slots=True)
class Term:
    """A product of factors."""

    stage: str
    factors: tuple[Factor, ...]
    value: int

    def __str__(self) -> str:
        return " · ".join(factor.letter for factor in self.factors)


@dataclass(frozen=True, slots=True)
class OperationCost:
    """The cost of one operation for one picture (batch 1)."""

    operation: Operation
    macs: Term
    weights: Term

    @property
    def name(self) -> str:
        """The operation's name."""
        return self.operation.name

    @property
    def params(self) -> int:
        """Weights and biases."""
        return self.operation.params

    @property
    def biases(self) -> int:
        """Those params that no formula has."""
        return self.params - self.weights.value

    @property
    def flops_per_byte(self) -> float:
        """Arithmetic intensity: two operations for each MAC, over the bytes moved."""
        return 2 * self.operation.macs / self.operation.bytes_moved


@dataclass(frozen=True, slots=True)
class StageCost(OperationCost):
    """The cost of a convolution."""

    operation: Convolution


@dataclass(frozen=True, slots=True)
class LayerCost:
    """The operations' costs and their sums."""

    operations: tuple[OperationCost, ...]

    @property
    def stages(self) -> tuple[StageCost, ...]:
        """The costs of the convolutions."""
        return tuple(each for each in self.operations if isinstance(each, StageCost))

    @property
    def macs(self) -> int:
        """MACs of the whole layer."""
        return sum(each.operation.macs for each in self.operations)

    @property
    def params(self) -> int:
        """Parameters of the whole layer."""
        return sum(each.params for each in self.operations)

    @property
    def bytes_moved(self) -> int:
        """float32 bytes that all operations move; the map between two of them counts twice."""
        return sum(each.operation.bytes_moved for each in self.operations)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A layer beside the one convolution that it replaces."""

    layer: LayerCost
    baseline: LayerCost

    @property
    def is_baseline(self) -> bool:
        """Whether the layer is the very convolution that it would replace."""
        return self.layer == self.baseline

    @property
    def macs_ratio(self) -> float:
        """MACs of the layer over those of the convolution it replaces: m(1/N + 1/D_K²) when separable."""
        return self.layer.macs / self.baseline.macs

    @property
    def params_ratio(self) -> float:
        """Parameters, likewise."""
        return self.layer.params / self.baseline.params


@lru_cache(maxsize=64)
def compare(spec: LayerSpec) -> Comparison:
    """The costs of the layer and of what it replaces; `InvalidParameters` where the output would be empty."""
    planned = plan(spec)
    return Comparison(_layer_cost(spec, planned.operations), _layer_cost(spec, planned.baseline))


def separable_comparison(spec: LayerSpec) -> Comparison:
    """The costs of a separable layer beside its baseline; of another, those of the separable one beside it."""
    if plan(spec).kind.is_separable:
        return compare(spec)
    return Comparison(compare(spec.as_kind(SEPARABLE)).layer, compare(spec).layer)


def _layer_cost(spec: LayerSpec, operations: tuple[Operation, ...]) -> LayerCost:
    return LayerCost(tuple(_cost(spec, each) for each in operations))


def _cost(spec: LayerSpec, operation: Operation) -> OperationCost:
    if not isinstance(operation, Convolution):
        per_channel = operation.params // operation.channels
        factors = (Factor(str(per_channel), per_channel), Factor("C", operation.channels)) if per_channel else ()
        weights = Term(operation.name, factors, operation.params)
        return OperationCost(operation, Term(operation.name, (), 0), weights)
    stage = operation.stage
    letters = _letters(spec, operation)
    # A depth multiplier of 1 is left out, as the paper has none.
    per_weight, area = (
        tuple(letters[each] for each in names if each != "m" or spec.depth_multiplier > 1)
        for names in (stage.letters, stage.area)
    )
    return StageCost(
        operation,
        Term(stage.name, per_weight + area, operation.macs),
        Term(stage.name, per_weight, operation.weights),
    )


def _letters(spec: LayerSpec, operation: Convolution) -> dict[str, Factor]:
    """What each letter of a stage is written as, and its number for this operation."""
    height, width = operation.output
    kernel, groups = spec.kernel_size, operation.groups
    sides = ("D_K", "D_K") if kernel.is_square else ("K_H", "K_W")
    cells = ("D_F", "D_F") if height == width else ("H′", "W′")
    inputs = Factor("M", spec.in_channels)
    if operation.stage.mixes_channels and groups > 1:
        inputs = Factor("M/g", spec.in_channels // groups)
    return {
        "K_H": Factor(sides[0], kernel.height),
        "K_W": Factor(sides[1], kernel.width),
        "F_H": Factor(cells[0], height),
        "F_W": Factor(cells[1], width),
        "M": inputs,
        "m": Factor("m", spec.depth_multiplier),
        "N": Factor("N", spec.out_channels),
        "H′": Factor("H′", height),
        "W": Factor("W", width),
        "W′": Factor("W′", width),
    }


def counting_rules(costs: Comparison) -> str:
    """How MACs and params are counted, in words."""
    has_norm = any(isinstance(each.operation, Norm) for each in costs.layer.operations)
    return COUNTED + COUNTED_NORM * has_norm


def document(spec: LayerSpec) -> dict[str, object]:
    """The layer and its costs as JSON has them: what `/api/layer` answers and `sepviz cost --format json` prints."""
    costs = compare(spec)
    return {
        "layer": spec.model_dump(include=set(spec.parameters())),
        "query": spec.query(),
        "stages": [_facts(each) for each in costs.layer.operations],
        "total": {"macs": costs.layer.macs, "params": costs.layer.params},
        "standard": _facts(costs.baseline.stages[0]) | {"params": costs.baseline.params},
        "ratio": {"macs": costs.macs_ratio, "params": costs.params_ratio},
        "counted": counting_rules(costs),
    }


def _facts(cost: OperationCost) -> dict[str, object]:
    weight_shape = {"weight_shape": cost.operation.weight_shape} if isinstance(cost, StageCost) else {}
    return {
        "name": cost.name,
        **weight_shape,
        "output_shape": cost.operation.output_shape,
        "macs": cost.macs.value,
        "params": cost.params,
        "formula": str(cost.macs),
        "flops_per_byte": round(cost.flops_per_byte, 3),
    }


def factor(ratio: float) -> str:
    """How many times, whichever way round: `4.24`, and one digit more where three would not tell it from 1."""
    times = max(ratio, 1 / ratio)
    if times >= 999.5:
        return f"{times:,.0f}"
    return f"{times:.{3 if times >= 1.1 else 4}g}"


def compared(ratio: float, unit: str) -> str:
    """A ratio of costs in words: `4.24x fewer MACs than`, `1.11x MORE MACs than`."""
    if ratio == 1:
        return f"as many {unit} as"
    factor = max(ratio, 1 / ratio)
    # As many digits as it takes to tell it from 1: an embedding of 1024 channels costs 1.00098x as much.
    digits = next((d for d in range(2, 9) if round(factor, d) > 1), 9)
    return f"{factor:.{digits}f}x {'MORE' if ratio > 1 else 'fewer'} {unit} than"
