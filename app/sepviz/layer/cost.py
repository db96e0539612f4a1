"""What a layer costs: parameters, MACs and memory traffic, each number with the formula it comes from.

A MAC is one multiply and one add; a bias is in the parameters but not in the MACs, as MobileNets
(arXiv 1704.04861, equations 2 to 5), fvcore and thop count. D_F is the size of the OUTPUT map.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import prod

from sepviz.layer.shapes import ConvShape, plan, replaced
from sepviz.layer.spec import LayerSpec

FLOAT32_BYTES = 4
COUNTED = (
    "One MAC is one multiply and one add, for a batch of one; a bias is in the params and not in the MACs, "
    "as fvcore and thop count. D_F, H′, W and W′ are sizes of the stage's output map."
)


@dataclass(frozen=True, slots=True)
class Factor:
    """A letter of the paper and the number it stands for."""

    letter: str
    value: int


@dataclass(frozen=True, slots=True)
class Term:
    """A product of factors; the number is always computed from the formula that is shown."""

    stage: str
    factors: tuple[Factor, ...]

    @property
    def value(self) -> int:
        """The product."""
        return prod(factor.value for factor in self.factors)

    def __str__(self) -> str:
        return " · ".join(factor.letter for factor in self.factors)


@dataclass(frozen=True, slots=True)
class StageCost:
    """The cost of one convolution for one picture (batch 1)."""

    shape: ConvShape
    macs: Term
    weights: Term
    biases: int

    @property
    def name(self) -> str:
        """The stage's name."""
        return self.shape.name

    @property
    def params(self) -> int:
        """Weights and biases."""
        return self.weights.value + self.biases

    @property
    def bytes_moved(self) -> int:
        """float32 bytes read (input, parameters) and written (output), each once."""
        cells = prod(self.shape.input_shape) + prod(self.shape.output_shape) + self.params
        return FLOAT32_BYTES * cells

    @property
    def flops_per_byte(self) -> float:
        """Arithmetic intensity: two operations for each MAC, over the bytes moved."""
        return 2 * self.macs.value / self.bytes_moved


@dataclass(frozen=True, slots=True)
class LayerCost:
    """The stages' costs and their sums."""

    stages: tuple[StageCost, ...]

    @property
    def macs(self) -> int:
        """MACs of the whole layer."""
        return sum(stage.macs.value for stage in self.stages)

    @property
    def params(self) -> int:
        """Parameters of the whole layer."""
        return sum(stage.params for stage in self.stages)

    @property
    def bytes_moved(self) -> int:
        """float32 bytes that all stages move; the map between two stages counts twice."""
        return sum(stage.bytes_moved for stage in self.stages)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A layer beside the one convolution that it replaces."""

    layer: LayerCost
    standard: LayerCost

    @property
    def macs_ratio(self) -> float:
        """MACs of the layer over those of the convolution it replaces: m(1/N + 1/D_K²) when separable."""
        return self.layer.macs / self.standard.macs

    @property
    def params_ratio(self) -> float:
        """Parameters, likewise."""
        return self.layer.params / self.standard.params


@lru_cache(maxsize=64)
def compare(spec: LayerSpec) -> Comparison:
    """The costs of the layer and of what it replaces; `InvalidParameters` where the output would be empty."""
    return Comparison(
        layer=LayerCost(tuple(_stage_cost(spec, shape) for shape in plan(spec))),
        standard=LayerCost((_stage_cost(spec, replaced(spec)),)),
    )


# The formula of each stage: the letters of its weights, then those of its output map.
_LETTERS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "standard": (("D_K", "D_K", "M", "N"), ("D_F", "D_F")),
    "depthwise": (("D_K", "D_K", "M", "m"), ("D_F", "D_F")),
    "pointwise": (("M", "m", "N"), ("D_F", "D_F")),
    "vertical": (("D_K", "M"), ("H′", "W")),
    "horizontal": (("D_K", "M"), ("H′", "W′")),
}


def _stage_cost(spec: LayerSpec, shape: ConvShape) -> StageCost:
    height, width = shape.output
    values = {
        "D_K": spec.kernel_size,
        "M": spec.in_channels,
        "N": spec.out_channels,
        "m": spec.depth_multiplier,
        "D_F": height,
        "H′": height,
        "W": width,
        "W′": width,
    }

    def factors(letters: tuple[str, ...]) -> tuple[Factor, ...]:
        """A depth multiplier of 1 is left out, as the paper has none."""
        return tuple(Factor(letter, values[letter]) for letter in letters if letter != "m" or values["m"] > 1)

    weights, area = _LETTERS[shape.name]
    return StageCost(
        shape=shape,
        macs=Term(shape.name, factors(weights + area)),
        weights=Term(shape.name, factors(weights)),
        biases=shape.out_channels if spec.bias else 0,
    )


def document(spec: LayerSpec) -> dict[str, object]:
    """The layer and its costs as JSON has them: what `/api/layer` answers and `sepviz cost --format json` prints."""
    costs = compare(spec)
    return {
        "layer": spec.model_dump(include=set(spec.parameters())),
        "query": spec.query(),
        "stages": [_facts(each) for each in costs.layer.stages],
        "total": {"macs": costs.layer.macs, "params": costs.layer.params},
        "standard": _facts(costs.standard.stages[0]),
        "ratio": {"macs": costs.macs_ratio, "params": costs.params_ratio},
        "counted": COUNTED,
    }


def _facts(cost: StageCost) -> dict[str, object]:
    return {
        "name": cost.name,
        "weight_shape": cost.shape.weight_shape,
        "output_shape": cost.shape.output_shape,
        "macs": cost.macs.value,
        "params": cost.params,
        "formula": str(cost.macs),
        "flops_per_byte": round(cost.flops_per_byte, 3),
    }


def factor(ratio: float) -> str:
    """How many times, whichever way round: `4.24`, and one digit more where three would not tell it from 1."""
    times = max(ratio, 1 / ratio)
    return f"{times:.{3 if times >= 1.1 else 4}g}"


def compared(ratio: float, unit: str) -> str:
    """A ratio of costs in words: `4.24x fewer MACs than`, `1.11x MORE MACs than`."""
    if ratio == 1:
        return f"as many {unit} as"
    factor = max(ratio, 1 / ratio)
    # As many digits as it takes to tell it from 1: an embedding of 1024 channels costs 1.00098x as much.
    digits = next((d for d in range(2, 9) if round(factor, d) > 1), 9)
    return f"{factor:.{digits}f}x {'MORE' if ratio > 1 else 'fewer'} {unit} than"
