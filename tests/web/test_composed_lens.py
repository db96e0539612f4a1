"""The lens "As one standard kernel": its numbers beside those of the tensors, its words and its refusals."""

import html
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load
from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec
from starlette.testclient import TestClient

from tests.support.here import create_app
from tests.support.layers import layers

RELAXED = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture(scope="module")
def client():
    with TestClient(create_app(), base_url="http://localhost") as made:
        yield made


def lens_of(client, spec, cell=""):
    query = spec.query() + (f"&cell={cell}" if cell else "")
    response = client.get(f"/lens?{query}&lens=composed")
    assert response.status_code == 200
    return response.text


def tensors_of(client, spec):
    return load(client.get(f"/api/tensors?{spec.query()}").content)


def tables(text, label):
    """The numbers of the tables of kernels whose label begins so."""
    found = re.findall(rf'<table class="cells " aria-label="{label}[^"]*">(.*?)</table>', text, re.DOTALL)
    return [
        [
            [float(cell.replace("−", "-")) for cell in re.findall(r"<td[^>]*>([^<]*)</td>", row)]
            for row in table.split("</tr>")[:-1]
        ]
        for table in found
    ]


def words(text):
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", text)))


def test_filter_times_weight_is_the_slice_with_the_numbers_of_the_tensors(client):
    spec = LayerSpec(weights="random", seed=5)
    text, tensors = lens_of(client, spec, "pointwise,6,0,0"), tensors_of(client, spec)
    filters, weights, slices = (tables(text, label) for label in ("depthwise", "pointwise", "slice"))
    assert len(filters) == len(weights) == len(slices) == spec.in_channels
    for channel, (kernel, weight, composed) in enumerate(zip(filters, weights, slices, strict=True)):
        exact, factor = tensors["depthwise.weight"][channel, 0], tensors["pointwise.weight"][6, channel, 0, 0]
        assert weight == [[pytest.approx(float(factor), abs=0.0051)]]
        for row in range(3):
            assert kernel[row] == pytest.approx(exact[row].tolist(), abs=0.0051)
            assert composed[row] == pytest.approx((exact[row] * factor).tolist(), abs=0.0051)


def test_weights_of_all_outputs_stand_beside_each_shared_kernel(client):
    spec = LayerSpec(out_channels=4)
    text, matrix = lens_of(client, spec), tensors_of(client, spec)["pointwise.weight"][:, :, 0, 0]
    shown = re.findall(r'class="shared-weights" role="img" aria-label="[^:]*: ([^"]*)"', text)
    for channel, line in enumerate(shown):
        numbers = [float(each.replace("−", "-")) for each in line.split(", ")]
        assert numbers == pytest.approx(matrix[:, channel].tolist(), abs=0.0051)
    assert len(shown) == 3
    assert "3 kernels for all 4 outputs" in words(text)


@RELAXED
@given(layers(plain=False), st.data())
def test_every_layer_has_its_lens_with_a_difference_of_rounding(client, spec, data):
    channel = data.draw(st.integers(0, spec.out_channels - 1))
    text = words(lens_of(client, spec, f"{plan(spec).operations[-1].name},{channel},0,0"))
    assert f"Output {channel} as one kernel" in text
    if "The map is the same." in text:
        number = re.search(r"Largest difference ([\d.e−]+)", text)[1].rstrip(".")
        assert float(number.replace("−", "-")) < 1e-3
    else:
        assert spec.kind == "spatially-separable"
        assert spec.bias


@pytest.mark.parametrize("between", ["relu6", "norm,silu"])
def test_difference_that_an_activation_makes_is_that_of_the_layers_with_and_without(client, between):
    spec = LayerSpec(between=between, out_channels=5, size=32)
    text = words(lens_of(client, spec, "pointwise,4,0,0"))
    with_one, without = (tensors_of(client, each)["pointwise"][4] for each in (spec, spec.replace(between="none")))
    assert "The layer is no longer one standard convolution." in text
    number = float(re.search(r"off by up to ([\d.e−]+),", text)[1].replace("−", "-"))
    assert number == pytest.approx(float((with_one - without).abs().max()), rel=0.006)


def test_standard_layer_is_one_already_and_leads_to_the_separable_one(client):
    text = lens_of(client, LayerSpec(kind="standard"))
    assert "This layer is one standard convolution already." in words(text)
    (link,) = re.findall(r'data-go href="\?([^"]*)">The depthwise separable layer', text)
    assert html.unescape(link) == f"{LayerSpec().query()}&lens=composed"


def test_grouped_layer_names_the_channels_of_its_block(client):
    spec = LayerSpec(kind="standard", in_channels=6, out_channels=4, groups=2, size=8)
    text = words(lens_of(client, spec, "standard,3,0,0"))
    assert "With 2 groups its kernel is block-diagonal" in text
    assert "output 3 is made of channels 3 to 5, and for the other 3 channels it is zero" in text


def test_output_numbers_are_links_that_choose_the_same_place_of_another_output(client):
    text = lens_of(client, LayerSpec(in_channels=4, out_channels=1024, size=8), "pointwise,1000,5,6")
    cells = re.findall(r"&amp;cell=(pointwise,\d+,5,6)\"", text)
    assert [int(each.split(",")[1]) for each in cells] == list(range(997, 1003))
    assert text.count('aria-current="true"') == 1


def test_cell_of_an_earlier_stage_chooses_the_default_output(client):
    assert "Output 3 as one kernel" in words(lens_of(client, LayerSpec(), "depthwise,2,0,0"))


@pytest.mark.parametrize("cell", ["pointwise,8,0,0", "horizontal,0,0,0"])
def test_cell_outside_the_layer_is_refused_with_one_that_fits(client, cell):
    text = lens_of(client, LayerSpec(), cell)
    assert 'class="problem"' in text
    assert "would fit" in text
    assert "&amp;cell=pointwise," in text


def test_words_are_true_for_one_channel_and_for_groups(client):
    one = words(lens_of(client, LayerSpec(in_channels=1, out_channels=2, depth_multiplier=2)))
    assert "It is the sum of the 2 depthwise kernels, each times a pointwise weight." in one
    assert "2 kernels for all 2 outputs" in one
    grouped = words(lens_of(client, LayerSpec(kind="standard", in_channels=2, out_channels=2, groups=2)))
    assert "This layer is one convolution already." in grouped
    assert "output 1 is made of channel 1, and for the other channel it is zero" in grouped
    spatial = words(lens_of(client, LayerSpec(kind="spatially-separable", out_channels=3)))
    assert "Each output has its own" in spatial
