"""The seed changes a layer exactly where `is_random` says that something of it is random."""

from itertools import product

import pytest
import torch
from sepviz.layer.spec import GENERATED, KINDS, RANDOM, LayerSpec, properties
from sepviz.tensors.inputs import Inputs
from sepviz.tensors.trace import run

INPUTS = Inputs()
CHOICES = list(product((*GENERATED, "chelsea"), properties(LayerSpec)["weights"]["enum"], KINDS))


def tensors(spec):
    trace = run(spec, INPUTS)
    return [trace.input.values, *(stage.weight for stage in trace.stages), trace.stages[-1].output.values]


@pytest.mark.parametrize(("source", "weights", "kind"), CHOICES)
def test_only_a_random_layer_depends_on_its_seed(source, weights, kind):
    spec = LayerSpec(kind=kind, out_channels=3, input=source, weights=weights, size=12)
    pairs = zip(tensors(spec), tensors(spec.replace(seed=1)), strict=True)
    assert spec.is_random == (not all(torch.equal(one, other) for one, other in pairs))


def test_random_values_of_the_spec_exist():
    for name, values in RANDOM.items():
        for value in values:
            assert LayerSpec.parse([(name, value)]).is_random
