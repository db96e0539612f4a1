"""The way from standard to depthwise separable: which layers it has, and what they cost."""

from math import prod

import pytest
from hypothesis import given, settings
from sepviz.layer.group_stops import divisible_outputs, group_stops, nearest_stop
from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec

from tests.support.layers import any_layers


@settings(max_examples=40, deadline=None)
@given(any_layers(plain=False))
def test_stops_are_layers_with_every_divisor_and_then_the_separable_one(spec):
    *grouped, separable = group_stops(spec)
    for stop in (*grouped, separable):
        assert LayerSpec.parse(stop.spec.parameters().items()) == stop.spec
        assert (stop.spec.in_channels, stop.spec.input, stop.spec.size) == (spec.in_channels, spec.input, spec.size)
    assert [stop.spec.groups for stop in grouped] == [g for g in range(1, 4097) if spec.in_channels % g == 0]
    assert {stop.spec.kind for stop in grouped} == {"standard"}
    assert separable.spec.kind == "depthwise-separable"


@settings(max_examples=40, deadline=None)
@given(any_layers(plain=False))
def test_outputs_are_the_nearest_multiple_of_the_channels(spec):
    multiples = range(spec.in_channels, 4097, spec.in_channels)
    distance = min(abs(each - spec.out_channels) for each in multiples)
    assert divisible_outputs(spec) in multiples
    assert abs(divisible_outputs(spec) - spec.out_channels) == distance


@settings(max_examples=40, deadline=None)
@given(any_layers(plain=False))
def test_costs_are_those_of_counting_connections(spec):
    *grouped, separable = group_stops(spec)
    height, width = plan(grouped[0].spec).convolutions[0].output
    cells, inputs, outputs = height * width, spec.in_channels, grouped[0].spec.out_channels
    area = prod(spec.kernel_size)
    for stop in grouped:
        weights = inputs // stop.spec.groups * outputs * area
        assert stop.cost.macs == weights * cells
        assert stop.cost.params == weights + outputs * spec.bias
        assert stop.macs_ratio == pytest.approx(1 / stop.spec.groups)
    depthwise = inputs * spec.depth_multiplier
    weights = depthwise * area + depthwise * outputs
    assert separable.cost.macs == weights * cells
    assert separable.cost.params == weights + (depthwise + outputs) * spec.bias


@pytest.mark.parametrize(
    ("query", "chosen"),
    [
        ("", -1),
        ("kind=standard", 0),
        ("kind=standard&in_channels=6&out_channels=4&groups=2", 1),
        ("kind=standard&in_channels=12&out_channels=12&groups=12", -2),
        ("kind=spatially-separable&in_channels=5", -2),
        ("kind=standard&in_channels=1", 0),
    ],
)
def test_chosen_stop_reads_and_mixes_as_the_layer(query, chosen):
    spec = LayerSpec.parse(pair.split("=") for pair in query.split("&") if pair)
    stops = group_stops(spec)
    assert nearest_stop(spec, stops) == chosen % len(stops)
