"""A whole layer against the loops, parts of it against the whole, and what is refused."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sepviz.errors import InvalidParameters, OverBudget, UnknownName
from sepviz.layer.budget import BYTE_BUDGET, MAC_BUDGET, check_budget, work
from sepviz.layer.plan import plan
from sepviz.layer.selection import Selection, needed, stage_names
from sepviz.layer.spec import LayerSpec
from sepviz.tensors.inputs import Inputs
from sepviz.tensors.trace import run

from tests.support.layers import correlated, layers, steps

INPUTS = Inputs()


def doubles(tensor):
    return None if tensor is None else tensor.double().numpy()


@st.composite
def selections(draw, spec):
    names = stage_names(spec)
    stages = tuple(draw(st.lists(st.sampled_from(names), unique=True)))
    fewest = min(spec.in_channels, *(shape.out_channels for shape in plan(spec).convolutions))
    start = draw(st.integers(0, fewest - 1))
    channels = draw(st.one_of(st.none(), st.just(range(start, draw(st.integers(start + 1, 20))))))
    return Selection(stages, channels)


@settings(max_examples=60)
@given(layers(plain=False))
def test_maps_of_a_layer_equal_the_loops(spec):
    trace = run(spec, INPUTS)
    maps = doubles(INPUTS.tensor(spec))[0]
    assert torch.equal(trace.input.values, INPUTS.tensor(spec))
    for stage, (name, *rest) in zip(trace.stages, steps(spec), strict=True):
        assert stage.name == name
        maps = correlated(maps, doubles(stage.weight), doubles(stage.bias), *rest)
        np.testing.assert_allclose(stage.output.values[0].numpy(), maps, rtol=1e-4, atol=1e-4)
    assert list(trace.selected_maps()) == list(stage_names(spec))


@settings(max_examples=50)
@given(layers(kinds=("depthwise-separable",), weights="classic", bias=False))
def test_composed_standard_layer_has_the_maps_of_the_separable_one(spec):
    one, other = run(spec, INPUTS), run(spec.as_kind("standard"), INPUTS)
    found, expected = other.selected_maps()["standard"].values, one.selected_maps()["pointwise"].values
    assert found.shape == expected.shape
    assert (found - expected).abs().max() < 1e-4 * max(1, expected.abs().max().item())


@pytest.mark.parametrize("kind", ["depthwise-separable", "standard", "spatially-separable"])
@pytest.mark.parametrize("weights", ["classic", "random"])
@pytest.mark.parametrize("kernel_size", [1, 3, 5, 7])
@pytest.mark.parametrize("dilation", [1, 2])
def test_impulse_response_is_the_kernel_rotated_and_centred(kind, weights, kernel_size, dilation):
    spec = LayerSpec(
        kind=kind, weights=weights, kernel_size=kernel_size, dilation=dilation, input="impulse", size=21, in_channels=2
    )
    trace = run(spec, INPUTS)
    reach = dilation * (kernel_size - 1) // 2
    window = slice(10 - reach, 11 + reach, dilation)
    if kind == "spatially-separable":
        vertical, horizontal = trace.stages
        maps = horizontal.output.values[0]
        expected = vertical.weight[:, 0] * horizontal.weight[:, 0]
    else:
        maps = trace.stages[0].output.values[0]
        expected = trace.stages[0].weight.sum(1)
    torch.testing.assert_close(maps[:, window, window], expected.flip(1, 2), rtol=1e-5, atol=1e-6)
    rest = maps.clone()
    rest[:, window, window] = 0
    assert not rest.any()


@settings(max_examples=60)
@given(layers(plain=False), st.data())
def test_selection_equals_that_part_of_the_whole(spec, data):
    selection = data.draw(selections(spec))
    whole, part = run(spec, INPUTS), run(spec, INPUTS, selection)
    everything = whole.selected_maps()
    sizes = {name: maps.values.shape[1] for name, maps in everything.items()}
    for name, size in sizes.items():
        wanted = range(size) if selection.channels is None else range(size)[selection.channels.start :]
        wanted = wanted if selection.channels is None else wanted[: len(selection.channels)]
        if selection.stages and name not in selection.stages:
            assert name not in part.selected_maps()
            continue
        found = part.selected_maps()[name]
        assert found.channels == wanted
        expected = everything[name].values[:, wanted.start : wanted.stop]
        torch.testing.assert_close(found.values, expected, rtol=1e-4, atol=1e-5)
    last = max((stage_names(spec).index(name) for name in selection.stages), default=len(sizes) - 1)
    assert len(part.stages) == last
    for stage in part.stages:
        full, channels = whole.stage(stage.name), stage.output.channels
        assert torch.equal(stage.weight, full.weight[channels.start : channels.stop])


@settings(max_examples=60)
@given(layers(plain=False), st.data())
def test_value_is_the_sum_over_the_cells_that_feed_it(spec, data):
    for stage in run(spec, INPUTS).stages:
        n, y, x = (data.draw(st.integers(0, end - 1)) for end in stage.operation.output_shape)
        channels = stage.operation.channels_feeding(range(n, n + 1))
        rows, columns = stage.operation.window(y, x)
        total = 0.0 if stage.bias is None else stage.bias[n].item()
        for k, c in enumerate(channels):
            for r, i in enumerate(rows):
                for q, j in enumerate(columns):
                    if 0 <= i < stage.operation.input[0] and 0 <= j < stage.operation.input[1]:
                        total += stage.source.values[0, c, i, j].item() * stage.weight[n, k, r, q].item()
        assert stage.output.values[0, n, y, x].item() == pytest.approx(total, rel=1e-4, abs=1e-4)


@given(layers(plain=False), st.data())
def test_work_equals_what_is_computed(spec, data):
    selection = data.draw(selections(spec))
    macs, held = work(spec, selection)
    trace = run(spec, INPUTS, selection)
    outputs = [stage.output.values for stage in trace.stages]
    done = sum(out.numel() * stage.weight[0].numel() for out, stage in zip(outputs, trace.stages, strict=True))
    assert macs == done
    assert held >= max(4 * sum(out.numel() for out in outputs), trace.input.values.nbytes)
    assert held >= sum(stage.weight.nbytes for stage in trace.stages)


LARGE = st.builds(
    LayerSpec,
    kind=st.sampled_from(["depthwise-separable", "standard"]),
    in_channels=st.integers(1, 512),
    out_channels=st.integers(1, 1024),
    kernel_size=st.integers(1, 31),
    stride=st.integers(1, 4),
    padding=st.one_of(st.sampled_from(["same", "valid"]), st.integers(0, 64)),
    dilation=st.integers(1, 3),
    size=st.integers(8, 512),
    weights=st.sampled_from(["classic", "random"]),
)


@given(LARGE, st.sampled_from([None, range(16), range(1)]))
def test_refusal_names_the_largest_accepted_size(spec, channels):
    selection = Selection(channels=channels)
    try:
        plan(spec)
    except InvalidParameters:
        assume(False)
    macs, held = work(spec, selection)
    try:
        check_budget(spec, selection)
    except OverBudget as error:
        assert macs > MAC_BUDGET or held > BYTE_BUDGET
        (bad,) = error.bad
        assert (bad.parameter, bad.value) == ("size", str(spec.size))
        # What is within its limit is not held against it.
        assert (f"{macs / 1e9:,.2f} GMAC, above the 2 GMAC" in bad.why) == (macs > MAC_BUDGET)
        assert (f"{held / 2**20:,.1f} MiB, above the 64 MiB" in bad.why) == (held > BYTE_BUDGET)
        offer = bad.allowed.split(",")[0]
        if offer.startswith("size up to "):
            size = int(offer.removeprefix("size up to ").removesuffix(" would fit"))
            check_budget(spec.replace(size=size), selection)
            with pytest.raises(OverBudget):
                check_budget(spec.replace(size=size + 1), selection)
        else:
            assert offer == "no size would fit with so many channels"
    else:
        assert macs <= MAC_BUDGET
        assert held <= BYTE_BUDGET


def test_composing_kernels_of_many_multiplied_channels_counts_as_weights():
    spec = LayerSpec(kind="standard", in_channels=4096, out_channels=1, kernel_size=31, depth_multiplier=64, size=1)
    # 64 filters of 31 x 31 cells for each channel.
    assert work(spec, Selection())[1] == 4 * 4096 * 64 * 31**2
    assert work(spec.replace(weights="random"), Selection())[1] == 4 * 4096 * 31**2


def test_run_refuses_before_computing():
    gone = LayerSpec(in_channels=512, out_channels=1024, size=512, input="upload-" + "0" * 32)
    with pytest.raises(OverBudget, match="size=512: this would take"):
        run(gone, INPUTS)
    with pytest.raises(UnknownName):
        run(gone.replace(size=8), INPUTS)


def test_offered_part_is_accepted():
    spec = LayerSpec(in_channels=512, out_channels=1024, size=512)
    with pytest.raises(OverBudget) as caught:
        check_budget(spec)
    if "channels=0-15" in str(caught.value):
        check_budget(spec, Selection(channels=range(16)))


@pytest.mark.parametrize(
    ("spec", "stages", "unknown"),
    [
        (LayerSpec(), ("standard",), "standard"),
        (LayerSpec(), ("input", "x", "y"), "x,y"),
        (LayerSpec(kind="standard"), ("depthwise", "standard"), "depthwise"),
        (LayerSpec(), ("",), ""),
    ],
)
def test_unknown_stage_is_refused(spec, stages, unknown):
    with pytest.raises(InvalidParameters) as caught:
        run(spec, INPUTS, Selection(stages))
    (bad,) = caught.value.bad
    assert (bad.parameter, bad.value) == ("stages", unknown)
    assert bad.allowed == f"this layer has {', '.join(stage_names(spec))}"


@pytest.mark.parametrize(
    ("stages", "channels", "last"),
    [((), range(8, 12), 7), (("input",), range(3, 4), 2), (("input", "depthwise"), range(5, 8), 2)],
)
def test_channels_of_no_stage_are_refused(stages, channels, last):
    with pytest.raises(InvalidParameters) as caught:
        run(LayerSpec(size=8), INPUTS, Selection(stages, channels))
    (bad,) = caught.value.bad
    assert (bad.parameter, bad.value) == ("channels", f"{channels.start}-{channels.stop - 1}")
    assert bad.allowed == f"the last is {last}"


def test_stage_without_selected_channels_is_left_out():
    trace = run(LayerSpec(size=8), INPUTS, Selection(channels=range(2, 6)))
    assert {name: maps.channels for name, maps in trace.selected_maps().items()} == {
        "input": range(2, 3),
        "depthwise": range(2, 3),
        "pointwise": range(2, 6),
    }
    assert list(run(LayerSpec(size=8), INPUTS, Selection(channels=range(5, 6))).selected_maps()) == ["pointwise"]


def test_only_needed_stages_are_computed():
    spec = LayerSpec(in_channels=4, depth_multiplier=2, out_channels=6, size=8)
    assert needed(spec, Selection(("input",))) == {"depthwise": range(0), "pointwise": range(0)}
    # A run of depthwise maps is widened to all maps of the channels that it reads.
    assert needed(spec, Selection(("depthwise",), range(3, 5)))["depthwise"] == range(2, 6)
    assert needed(spec, Selection(("pointwise",), range(3, 5))) == {"depthwise": range(8), "pointwise": range(3, 5)}
    assert run(spec, INPUTS, Selection(("input",))).stages == ()


@settings(max_examples=40, deadline=None)
@given(data=st.data(), multiplier=st.integers(1, 8), stages=st.sampled_from([(), ("depthwise",)]))
def test_any_run_of_channels_equals_that_run_of_the_whole(data, multiplier, stages):
    spec = LayerSpec(in_channels=4, out_channels=6, depth_multiplier=multiplier, size=9, weights="random")
    first = data.draw(st.integers(0, 4 * multiplier - 1))
    last = data.draw(st.integers(first, 4 * multiplier - 1))
    inputs = Inputs()
    whole = run(spec, inputs).selected_maps()
    for name, maps in run(spec, inputs, Selection(stages, range(first, last + 1))).selected_maps().items():
        expected = whole[name].values[:, maps.channels.start : maps.channels.stop]
        assert maps.values.shape == expected.shape
        assert torch.allclose(maps.values, expected, atol=1e-5)
