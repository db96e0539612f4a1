"""`/api/approximation` and the lens "What is given up": numbers recomputed from the tensors and the costs."""

import html
import json
import re
from urllib.parse import parse_qsl

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load
from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec
from sepviz.tensors.approximation import standard_layer
from sepviz.tensors.weights.filters import NAMES
from sepviz.web.approximation_curve import MAX_POINTS, approximation_curve
from starlette.testclient import TestClient

from tests.support.here import create_app
from tests.support.layers import layers

RELAXED = settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
RANDOM = LayerSpec(kind="standard", weights="random", seed=3, depth_multiplier=2)


@pytest.fixture(scope="module")
def client():
    with TestClient(create_app(), base_url="http://localhost") as made:
        yield made


def numbers_of(client, spec, **options):
    response = client.get("/api/approximation", params={**spec.parameters(), **options})
    assert response.status_code == 200
    return response.json()


def lens_of(client, spec, cell=""):
    response = client.get(f"/lens?{spec.query()}&lens=approximation" + (f"&cell={cell}" if cell else ""))
    assert response.status_code == 200
    return response.text


def words(text):
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", text)))


def links(text):
    """The layers that links lead to, by their words."""
    found = re.findall(r'<a data-go[^>]*href="\?([^"]*)"[^>]*>([^<]*)</a>', text)
    return {name: dict(parse_qsl(html.unescape(query))) for query, name in found}


def test_numbers_of_each_rank_are_numpys_error_and_the_cost_of_that_separable_layer(client):
    found = numbers_of(client, RANDOM)
    weight = load(client.get(f"/api/tensors?{RANDOM.query()}").content)["standard.weight"].double().numpy()
    assert [each["depth_multiplier"] for each in found["ranks"]] == list(range(1, 9))
    singular = [np.linalg.svd(weight[:, c].reshape(8, 9), compute_uv=False) for c in range(3)]
    for each in found["ranks"]:
        rank = each["depth_multiplier"]
        rest = sum((values[rank:] ** 2).sum() for values in singular)
        assert each["kernel_error"] == pytest.approx((rest / (weight**2).sum()) ** 0.5, abs=1e-9)
        cost = client.get(f"/api/layer?{RANDOM.as_kind('depthwise-separable').replace(depth_multiplier=rank).query()}")
        assert {name: each[name] for name in ("macs", "params")} == cost.json()["total"]
    total = client.get(f"/api/layer?{RANDOM.query()}").json()["total"]
    assert {name: found["standard"][name] for name in ("macs", "params")} == total
    assert found["exact_from"] == 8
    assert found["ranks"][-1]["output_error"] < 1e-6


def test_separable_layer_approximates_the_standard_layer_of_the_same_shape(client):
    separable = RANDOM.as_kind("depthwise-separable")
    one, other = (numbers_of(client, each, channel="5") for each in (separable, RANDOM))
    assert one["ranks"] == other["ranks"]
    assert one["output"] == 5
    assert one["standard"]["query"] == RANDOM.query()


def test_numbers_of_columns_and_rows(client):
    spec = LayerSpec(kind="spatially-separable", in_channels=7, out_channels=7, size=32)
    found = numbers_of(client, spec, channel=str(NAMES.index("emboss")))
    emboss = np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]])
    energy = np.linalg.svd(emboss, compute_uv=False) ** 2
    assert [each["share"] for each in found["ranks"]] == pytest.approx((energy / energy.sum()).tolist())
    assert found["exact_from"] == 3
    single = client.get(f"/api/layer?{spec.query()}").json()
    assert [each["macs"] for each in found["ranks"]] == [times * single["total"]["macs"] for times in (1, 2, 3)]
    assert found["standard"]["macs"] == single["standard"]["macs"]


@pytest.mark.parametrize("channel", ["8", "-1", "x"])
def test_output_that_the_layer_has_not_is_refused(client, channel):
    response = client.get(f"/api/approximation?channel={channel}")
    assert response.status_code == 422
    assert response.json()["errors"][0]["parameter"] == "channel"


def test_decomposition_over_the_budget_is_refused_in_words_in_the_api_and_in_the_lens(client):
    spec = LayerSpec(kind="standard", in_channels=2048, out_channels=2048, size=7)
    response = client.get(f"/api/approximation?{spec.query()}")
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert "would fit" in error["allowed"]
    text = lens_of(client, spec)
    assert error["allowed"] in words(text)
    for layer in links(text).values():
        layer.pop("lens")
        assert client.get("/api/approximation", params=layer).status_code == 200


def test_lens_has_the_numbers_of_the_api_and_a_control_for_each_rank(client):
    found, text = numbers_of(client, RANDOM, channel="4"), lens_of(client, RANDOM, "standard,4,20,30")
    present = found["ranks"][1]
    percents = (f"{100 * present[name]:.0f} %" for name in ("kernel_error", "output_error"))
    assert "At m = 2 the kernel is off by {}, this output by {}".format(*percents) in words(text)
    ratio = found["ranks"][-1]["macs"] / found["standard"]["macs"]
    assert f"The exact one, m = 8, takes {ratio:.3g} times the MACs of the standard layer" in words(text)
    assert "there separating costs more" in words(text)
    controls = {name: layer for name, layer in links(text).items() if name.isdigit()}
    assert list(controls) == [str(rank) for rank in range(1, 9)]
    for name, layer in controls.items():
        assert layer.pop("lens") == "approximation"
        assert layer.pop("cell") == "standard,4,20,30"
        assert LayerSpec.parse(layer.items()) == RANDOM.replace(depth_multiplier=name)
    (current,) = re.findall(r'id="lens-rank-(\d+)"[^>]*aria-current', text)
    assert current == "2"


def test_exact_layer_that_costs_less_is_not_said_to_cost_more(client):
    # Of the nine named filters seven are independent.
    assert "there separating costs more" not in words(lens_of(client, LayerSpec(out_channels=64)))


def test_classic_kernels_give_way_to_others_and_lead_to_random_ones(client):
    text = lens_of(client, LayerSpec(depth_multiplier=2))
    assert "composed of 2 filters for each channel, so nothing of them is given up" in words(text)
    assert "At m = 2 the kernel is off by" in words(text)
    assert links(text)["Random kernels"]["weights"] == "random"


def test_chosen_cell_of_an_earlier_stage_is_no_part_of_the_links_that_change_the_multiplier(client):
    text = lens_of(client, LayerSpec(depth_multiplier=3), "depthwise,8,0,0")
    assert {layer["cell"].split(",")[0] for name, layer in links(text).items() if name.isdigit()} == {"pointwise"}


def test_named_filters_have_their_ranks_and_lead_to_a_channel_that_has_them(client):
    spec = LayerSpec(kind="spatially-separable", out_channels=3)
    text = lens_of(client, spec)
    ranks = {name: int(rank) for name, rank in re.findall(r">([\w °]+)</a> (\d)", text)}
    expected = {"Sobel x": 1, "Sobel y": 1, "Gaussian": 1, "identity": 1, "sharpen": 2, "Laplacian": 2, "emboss": 3}
    assert expected.items() <= ranks.items()
    for name, rank in expected.items():
        layer = links(text)[name]
        chosen = client.get("/lens", params=layer).text
        assert f"{name}: rank {rank}" in words(chosen)


@RELAXED
@given(layers(plain=False), st.data())
def test_every_layer_has_its_lens(client, spec, data):
    channel = data.draw(st.integers(0, spec.out_channels - 1))
    cell = f"{plan(spec).operations[-1].name},{channel},0,0"
    text, found = words(lens_of(client, spec, cell)), numbers_of(client, spec, channel=str(channel))
    exact = found["ranks"][found["exact_from"] - 1]
    assert ("there separating costs more" in text) == (exact["macs"] > found["standard"]["macs"])
    if standard_layer(spec) and spec.depth_multiplier >= found["exact_from"]:
        assert "nothing is given up" in text


@given(
    st.integers(1, 200).flatmap(
        lambda full: st.tuples(
            st.lists(st.floats(0, 1), min_size=full, max_size=full).map(lambda each: sorted(each, reverse=True)),
            st.integers(1, 64),
            st.integers(1, full),
        )
    )
)
def test_curve_has_room_for_its_controls_and_never_rises(drawn):
    errors, present, exact = drawn
    ranks = [
        {"depth_multiplier": rank, "kernel_error": error, "output_error": error, "macs": 10 * rank}
        for rank, error in enumerate(errors, 1)
    ]
    document = json.loads(
        json.dumps({"ranks": ranks, "depth_multiplier": present, "exact_from": exact, "standard": {"macs": 100}})
    )
    curve = approximation_curve(document, 64)
    shown = [each.rank for each in curve.points]
    assert len(shown) <= MAX_POINTS
    assert {1, exact, len(errors)} <= set(shown)
    assert (present in shown) == (present <= len(errors)) == (curve.present is not None)
    heights = [float(each.split()[1]) for each in curve.kernel_path[1:].split("L")]
    assert heights == sorted(heights)
    costs = [float(each.split()[1]) for each in curve.cost_path[1:].split("L")]
    for each, height in zip(curve.points, costs, strict=True):
        assert (height < curve.standard_height) == (each.ratio > 1) or abs(height - curve.standard_height) < 0.02
    assert [each.is_allowed for each in curve.points] == [rank <= 64 for rank in shown]
