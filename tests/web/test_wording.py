"""What the page says of a layer: true, and in the singular where there is one."""

import re
from fractions import Fraction
from html.parser import HTMLParser
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from sepviz.layer.cost import compare, separable_comparison
from sepviz.layer.kinds import KINDS
from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec
from sepviz.tensors.inputs import Inputs
from sepviz.tensors.trace import run
from sepviz.web.map_columns import map_panes
from sepviz.web.rendering import create_environment, render_fragment
from sepviz.web.wording import column_labels, compared_costs, description, remark, verdict

from tests.support.layers import layers

ROOT = Path(__file__).parents[2]
NOUNS = "kernel|map|row|channel|output|MAC|param"
COUNTED = re.compile(rf"\b(one|\d[\d,]*) ({NOUNS})(s?)\b", re.IGNORECASE)
SHAPES = [
    LayerSpec(kind=kind, in_channels=m, out_channels=n, kernel_size=k, stride=s, size=16, depth_multiplier=times)
    for kind, m, n, k, s, times in product(KINDS, (1, 2, 3), (1, 2, 4), (1, 3), (1, 2), (1, 2))
    if kind != "spatially-separable" or (m == n and times == 1)
]
IDS = [
    f"{each.kind}-M{each.in_channels}-N{each.out_channels}-k{each.kernel_size}-s{each.stride}-m{each.depth_multiplier}"
    for each in SHAPES
]


class Text(HTMLParser):
    """The text of a page, and what its attributes say."""

    def __init__(self, markup):
        super().__init__()
        self.texts = []
        self.feed(markup)

    def handle_starttag(self, _tag, attributes):
        self.texts += [value for name, value in attributes if name in ("aria-label", "title", "alt") and value]

    def handle_data(self, data):
        self.texts.append(" ".join(data.split()))


@pytest.fixture(scope="module")
def inputs():
    return Inputs()


@pytest.fixture(scope="module")
def loaded():
    return create_environment(ROOT / "templates")


def headings(spec):
    """The heading of each column of maps, by its key."""
    return {column.key: column.heading for pane in map_panes(plan(spec)) for column in pane}


def test_kinds_are_called_by_their_full_names():
    assert {name: kind.title for name, kind in KINDS.items()} == {
        "depthwise-separable": "Depthwise separable",
        "spatially-separable": "Spatially separable",
        "standard": "Standard",
    }


@given(layers(kinds=["standard"], input="noise"))
def test_remark_stands_exactly_where_outputs_equal_those_of_the_separable_layer(spec):
    inputs = Inputs()
    standard, separable = (
        run(each, inputs).stages[-1].output.values for each in (spec, spec.as_kind("depthwise-separable"))
    )
    largest = float(separable.abs().max())
    equal = float((standard - separable).abs().max()) <= 1e-4 * largest
    assert bool(remark(spec)) == equal


@pytest.mark.parametrize("multiplier", [1, 2])
@pytest.mark.parametrize(("inputs_count", "outputs"), [(1, 1), (2, 1), (3, 1), (4, 1), (2, 2), (3, 4)])
@pytest.mark.parametrize(("weights", "bias"), list(product(["classic", "random"], [False, True])))
def test_remark_with_bias_and_random_weights(inputs, inputs_count, outputs, multiplier, weights, bias):
    spec = LayerSpec(
        kind="standard",
        in_channels=inputs_count,
        out_channels=outputs,
        depth_multiplier=multiplier,
        weights=weights,
        bias=bias,
        size=12,
        input="noise",
    )
    ours = run(spec, inputs).stages[-1].output.values.numpy()
    theirs = run(spec.as_kind("depthwise-separable"), inputs).stages[-1].output.values.numpy()
    assert bool(remark(spec)) == np.allclose(ours, theirs, rtol=0, atol=1e-4 * np.abs(theirs).max())


@pytest.mark.parametrize("kind", ["depthwise-separable", "spatially-separable"])
def test_remark_is_of_standard_layers_alone(kind):
    assert remark(LayerSpec(kind=kind, out_channels=3)) is None


@pytest.mark.parametrize("spec", SHAPES, ids=IDS)
def test_every_number_agrees_with_its_noun(loaded, spec):
    for text in Text(render_fragment(loaded, spec)).texts:
        for number, noun, plural in COUNTED.findall(text):
            assert (number.lower() in ("1", "one")) == (plural == ""), (number, noun, text)


@pytest.mark.parametrize("spec", SHAPES, ids=IDS)
def test_headings_count_what_is_there(spec):
    m, n, times = spec.in_channels, spec.out_channels, spec.depth_multiplier
    said = headings(spec)
    side = -(-spec.size.height // spec.stride)
    assert said["input"] == (f"Input map{'s' * (m > 1)}", f"{m} map{'s' * (m > 1)} of {spec.size.text}")
    assert said["output"] == (f"Output map{'s' * (n > 1)}", f"{n} map{'s' * (n > 1)} of {side} × {side}")
    assert len(said) == (3 if spec.kind == "standard" else 4)
    for title, note in said.values():
        assert m > 1 or "each channel" not in note
        assert m == 1 or "the one channel" not in note
        assert n > 1 or "each output" not in note
        assert n == 1 or "the one output" not in note
        assert "weighted sum" not in title
    channels, kernels = f"{m} channel{'s' * (m > 1)}", f"{m * times} kernel{'s' * (m * times > 1)}"
    if spec.kind == "depthwise-separable":
        mixed = "; nothing is mixed yet" * (m > 1)
        assert said["depthwise"].note == f"{channels}, {kernels}{mixed}"
        sums = f"{n} weighted sum{'s' * (n > 1)} of the {m * times} maps"
        single = f"the one map times {n} weight{'s' * (n > 1)}"
        assert said["weights"].note == (single if m * times == 1 else sums)
    if spec.kind == "spatially-separable":
        assert said["vertical"].note == f"{channels}, {kernels}{'; nothing is mixed' * (m > 1)}"
        assert said["weights"].note == (f"{kernels}; nothing is mixed" if m > 1 else "one kernel for the one channel")
    if spec.kind == "standard":
        made = f"{n} kernels, each" if n > 1 else "one kernel"
        through = f"{made} through {'both channels' if m == 2 else f'all {m} channels'}: filters and mixes at once"
        of_one = f"{n} kernels for the one channel" if n > 1 else "one kernel for the one channel"
        assert said["weights"] == (f"Standard kernel{'s' * (n > 1)}", through if m > 1 else of_one)


@pytest.mark.parametrize(
    ("m", "n", "groups", "note"),
    [
        (6, 4, 2, "4 kernels, each through the 3 channels of its group: filters and mixes at once"),
        (4, 2, 2, "2 kernels, each through the 2 channels of its group: filters and mixes at once"),
        (3, 3, 3, "3 kernels, one for each channel; nothing is mixed"),
        (3, 6, 3, "6 kernels, 2 for each channel; nothing is mixed"),
        (512, 1024, 1, "1,024 kernels, each through all 512 channels: filters and mixes at once"),
    ],
)
def test_note_of_standard_kernels_says_which_channels_each_goes_through(m, n, groups, note):
    assert headings(LayerSpec(kind="standard", in_channels=m, out_channels=n, groups=groups))["weights"].note == note


@pytest.mark.parametrize("spec", SHAPES, ids=IDS)
def test_verdict_says_the_ratio_of_the_macs(spec):
    m, n, k, times = spec.in_channels, spec.out_channels, spec.kernel_size.height, spec.depth_multiplier
    side = -(-spec.size.height // spec.stride)
    if spec.kind == "spatially-separable":
        separable, other = m * k * side * spec.size.width + m * k * side * side, m * k * k * side * side
    else:
        separable, other = (m * times * k * k + m * times * n) * side * side, m * n * k * k * side * side
    ratio = Fraction(separable, other)
    own = 1 / ratio if spec.kind == "standard" else ratio
    said = verdict(spec, compare(spec if spec.kind != "standard" else spec.as_kind("depthwise-separable")))
    assert bool(said.warning) == (ratio > 1)
    assert said.text.startswith("as many" if own == 1 else "fewer" if own < 1 else "the MACs of")
    assert float(said.times.removesuffix("×")) == pytest.approx(float(max(own, 1 / own)), rel=5e-3)


def test_verdict_of_equal_costs_says_as_many():
    spec = LayerSpec(kind="standard", kernel_size=2, out_channels=4, depth_multiplier=2)
    said = verdict(spec, compare(spec.as_kind("depthwise-separable")))
    assert said == ("1×", "as many MACs as the depthwise separable layer of the same shape", "")


@pytest.mark.parametrize("spec", SHAPES, ids=IDS)
def test_labels_are_singular_where_there_is_one(spec):
    for stage in plan(spec).convolutions:
        many = stage.out_channels > 1
        kernels = column_labels(plan(spec))[stage.name].kernels
        assert kernels.endswith("matrix" if stage.name == "pointwise" else "kernels" if many else "kernel")
    (replaced, _), _ = compared_costs(spec, compare(spec))
    assert replaced.endswith("s") == (spec.kind == "spatially-separable" and spec.in_channels > 1)


@pytest.mark.parametrize("kind", KINDS)
def test_one_name_for_one_thing(kind):
    spec = LayerSpec(kind=kind, out_channels=3)
    stages = plan(spec).convolutions
    said, titles = column_labels(plan(spec)), headings(spec)
    assert said[stages[-1].name].map == "output"
    assert titles["output"].title.lower().startswith("output")
    assert said[stages[-1].name].kernels == titles["weights"].title.lower()
    names = [name for name, _ in compared_costs(spec, compare(spec))]
    assert names[-1] == KINDS[kind if kind != "standard" else "depthwise-separable"].title.lower()


def test_description_names_what_is_not_as_usual():
    assert description(LayerSpec()) == (
        "Depthwise separable convolution, 3 → 8 channels, kernel size 3 × 3, "
        "input chelsea of 128 × 128, classic weights"
    )
    layer = LayerSpec(kind="standard", in_channels=1, out_channels=1, stride=2, padding=3, dilation=2, bias=True)
    layer = layer.replace(input=f"upload-{'0' * 32}", size=64, weights="random", seed=4)
    assert description(layer) == (
        "Standard convolution, 1 → 1 channel, kernel size 3 × 3, stride 2, padding 3, dilation 2, bias, "
        "input an uploaded picture of 64 × 64, random weights, seed 4"
    )


@given(layers())
def test_description_has_every_value_that_is_not_the_default(layer):
    words = description(layer)
    values = {name: value for name, value in layer.non_default().items() if name not in ("kind", "bias", "seed")}
    assert all(re.search(rf"\b{re.escape(value)}\b", words) for value in values.values()), words


def test_maps_after_operations_keep_their_columns_and_say_what_came_after():
    spec = LayerSpec(between=("norm", "relu6"), after=("gelu",))
    said = headings(spec)
    assert said.keys() == headings(LayerSpec()).keys()
    assert said["depthwise"].note == "3 channels, 3 kernels, after batch norm and ReLU6; nothing is mixed yet"
    assert said["output"].note == "8 maps of 128 × 128, after GELU"
    stages = {column.key: column.stage for pane in map_panes(plan(spec)) for column in pane}
    assert (stages["depthwise"], stages["output"]) == ("depthwise-relu6", "pointwise-gelu")
    assert "batch norm and ReLU6 between the stages, GELU after the last stage" in description(spec)


def test_grouped_standard_layer_is_compared_with_its_own_cost():
    spec = LayerSpec(kind="standard", out_channels=6, groups=3)
    (_, cost), (_, separable) = compared_costs(spec, separable_comparison(spec))
    assert cost.macs == 9 * 3 * 6 * 128**2 // 3
    assert separable.macs == (9 * 3 + 3 * 6) * 128**2


def test_spatial_layer_of_two_sides_is_not_compared_with_a_square_kernel():
    spec = LayerSpec(kind="spatially-separable", kernel_size="3x7")
    assert verdict(spec, compare(spec)).text == "fewer MACs than one 3 × 7 kernel per channel"
    (replaced, _), _ = compared_costs(spec, compare(spec))
    assert replaced == "3 × 7 kernels"
