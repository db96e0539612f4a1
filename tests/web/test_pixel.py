"""`/api/pixel` and the lens "One pixel": every number against the maps and kernels of `/api/tensors`."""

import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load
from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec
from starlette.testclient import TestClient

from tests.support.here import create_app
from tests.support.layers import layers

TABLE = r'<table[^>]*aria-label="{label}">(.*?)</table>'


@pytest.fixture(scope="module")
def client():
    with TestClient(create_app(), base_url="http://localhost") as made:
        yield made


def tensors(client, query):
    return load(client.get(f"/api/tensors?{query}").content)


def lens(client, query):
    answer = client.get(f"/lens?lens=pixel&{query}")
    assert answer.status_code == 200
    return answer.text


def number(text):
    return float(text.replace("−", "-"))


def table(html, label):
    """The numbers of a table, and which of its cells are padding."""
    found = re.search(TABLE.format(label=label), html, re.DOTALL).group(1)
    rows = [re.findall(r"<td([^>]*)>([^<]*)</td>", row) for row in found.split("</tr>")[:-1]]
    numbers = np.array([[number(text) for _, text in row] for row in rows])
    return numbers, np.array([["padding" in attributes for attributes, _ in row] for row in rows])


def page_words(html, pattern):
    return re.sub(r"<[^>]*>|\s+", " ", re.search(pattern, html, re.DOTALL).group(1)).strip()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data(), layers(plain=False))
def test_value_and_windows_are_cells_of_the_tensors(client, data, spec):
    operation = data.draw(st.sampled_from(plan(spec).operations))
    channel, y, x = (data.draw(st.integers(0, size - 1)) for size in (operation.out_channels, *operation.output))
    query = f"{spec.query()}&stage={operation.name}&channel={channel}&y={y}&x={x}"
    answer = client.get(f"/api/pixel?{query}")
    assert answer.headers["content-type"] == "application/json"
    pixel, maps = answer.json(), tensors(client, spec.query())
    scale = max(1, *(float(np.abs(each).max()) for each in maps.values()))
    assert pixel["value"] == pytest.approx(maps[operation.name][channel, y, x], abs=1e-5 * scale)
    names = ["input", *(each.name for each in plan(spec).operations)]
    for step in pixel["steps"]:
        before = maps[names[names.index(step["stage"]) - 1]]
        padded = np.pad(before, ((0, 0), (200, 200), (200, 200)))
        weight = maps[f"{step['stage']}.weight"][step["channel"]]
        first = min(part["channel"] for part in step["parts"]) // weight.shape[0] * weight.shape[0]
        for part in step["parts"]:
            rows, columns = (np.array(step[name]) + 200 for name in ("rows", "columns"))
            window = padded[part["channel"]][np.ix_(rows, columns)]
            found = np.array([[value or 0 for value in row] for row in part["window"]])
            np.testing.assert_allclose(found, window, atol=1e-5 * scale)
            np.testing.assert_array_equal(np.float32(part["kernel"]), weight[part["channel"] - first])


def test_numbers_of_the_lens_are_those_of_the_tensors(client):
    html = lens(client, "cell=pointwise,5,60,40&through=2")
    maps = tensors(client, "")
    value = maps["pointwise"][5, 60, 40]
    assert number(page_words(html, r'<p class="big">(.*?)</p>')) == pytest.approx(value, abs=5e-4)
    assert number(page_words(html, r"as torch computed it: (.*?)</p>")) == pytest.approx(value, rel=2e-6)
    window, _ = table(html, "window of the input")
    np.testing.assert_allclose(window, maps["input"][2, 59:62, 39:42], atol=5e-3)
    kernel, _ = table(html, "depthwise kernel")
    np.testing.assert_allclose(kernel, maps["depthwise.weight"][2, 0], atol=5e-3)
    rows = re.findall(
        r"<tr.*?</tr>", re.search(TABLE.format(label="products and their sum"), html, re.DOTALL)[1], re.DOTALL
    )
    factors = [[number(text) for text in re.findall(r"<td>([−.\d]+)</td>", row)] for row in rows]
    for channel in range(3):
        left, right = maps["depthwise"][channel, 60, 40], maps["pointwise.weight"][5, channel, 0, 0]
        assert factors[channel] == pytest.approx([left, right, left * right], abs=5e-3)
    assert factors[3] == pytest.approx([value], abs=5e-4)


def test_padding_is_seen_and_counted(client):
    html = lens(client, "cell=depthwise,1,0,0")
    window, padding = table(html, "window of the input")
    assert padding.tolist() == [[True, True, True], [True, False, False], [True, False, False]]
    np.testing.assert_allclose(window[1:, 1:], tensors(client, "stages=input")["input"][1, :2, :2], atol=5e-3)
    assert "channel 1, green: rows −1 to 1, columns −1 to 1<" in html
    assert ">5 cells of padding<" in html
    assert "of padding" not in lens(client, "cell=depthwise,1,1,1")


def test_channels_are_links_and_the_chosen_one_is_marked(client):
    html = lens(client, "through=1")
    links = re.findall(r'<a id="through-(\d)" href="\?([^"]*)" data-go[^>]*?( aria-current="true")?>', html)
    assert [(channel, bool(current)) for channel, _, current in links] == [("0", False), ("1", True), ("2", False)]
    address = links[2][1].replace("&amp;", "&")
    assert "channel 2, blue" in client.get(f"/lens?{address}").text


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("", "The 27 are shared by all 8 outputs; a standard convolution takes 27 for every one."),
        ("out_channels=1", "9 products in each channel, then 3 across them. A standard convolution takes 27 products."),
        ("in_channels=1", "9 products in the one channel, then 1 with its weight. The 9 are shared by all 8 outputs"),
        ("in_channels=1&kernel_size=1", "The first product is shared by all 8 outputs"),
        ("depth_multiplier=2", "9 products in each depthwise map, then 6 across them. The 54 are shared"),
        ("in_channels=1&depth_multiplier=2", "9 products in each depthwise map, then 2 across them."),
        ("cell=depthwise,0,1,1", "9 products of one channel: nothing is mixed yet."),
        ("cell=depthwise,0,1,1&in_channels=1", "9 products of the one channel."),
        ("kind=standard&groups=3&out_channels=6", "9 products of one channel: nothing is mixed."),
        ("kind=spatially-separable&cell=vertical,0,1,1", "3 products of one channel: nothing is mixed."),
        ("kind=spatially-separable", "3 products for each of the 3 cells of the window, then 3 for the value."),
        ("kind=standard", "27 products for this value. Each of the 8 outputs has its own kernels"),
        ("kind=standard&in_channels=4&groups=2", "9 products in each of the 2 channels of its group: 18 products"),
        ("kind=standard&in_channels=1&out_channels=1", "9 products in the one channel: 9 products for this value."),
    ],
)
def test_sentence_counts_the_products_of_the_layer(client, query, sentence):
    assert sentence in page_words(lens(client, query), r'<p class="pixel-formula">(.*?)</p>')


@pytest.mark.parametrize(
    ("query", "formula"),
    [
        ("cell=pointwise,3,52,49", "y3(52, 49) = Σc P3,c · Σi,j Dc(i, j) · Xc(51 + i, 48 + j)"),
        ("cell=pointwise,0,0,2&stride=2&padding=0&dilation=3", "y0(0, 2) = Σc P0,c · Σi,j Dc(i, j) · Xc(3i, 4 + 3j)"),
        ("cell=depthwise,3,5,5&depth_multiplier=2", "y3(5, 5) = Σi,j D3(i, j) · X1(4 + i, 4 + j)"),
        ("cell=pointwise,0,5,5&depth_multiplier=2", "y0(5, 5) = Σc P0,c · Σi,j Dc(i, j) · X⌊c/2⌋(4 + i, 4 + j)"),
        (
            "cell=pointwise-relu,0,5,5&bias=true&after=relu",
            "ReLU(Σc P0,c · (Σi,j Dc(i, j) · Xc(4 + i, 4 + j) + bc) + b0)",
        ),
        ("cell=horizontal,1,5,5&kind=spatially-separable", "y1(5, 5) = Σj H1(j) · Σi V1(i) · X1(4 + i, 4 + j)"),
        ("cell=standard,3,5,5&kind=standard&in_channels=4&groups=2", "y3(5, 5) = Σc Σi,j S3,c(i, j) · Xc"),
    ],
)
def test_formula_has_the_indices_of_the_layer(client, query, formula):
    found = re.search(r'<p class="pixel-formula">(.*?)</p>', lens(client, query), re.DOTALL).group(1)
    text = re.sub(r"<[^>]*>", "", found)
    assert formula in re.sub(r" = \d…\d", "", text)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("in_channels=1&depth_multiplier=9&cell=depthwise,8,9,9", "0.42·1 and 8 that are zero"),
        ("cell=depthwise,1,0,0&padding=8", "all 9 products are zero"),
        ("cell=depthwise,1,0,0&padding=8&kernel_size=1", "the one product is zero"),
        ("kernel_size=31&weights=random&input=noise", "and 955 more, together"),
    ],
)
def test_products_that_are_not_written_out_are_counted(client, query, words):
    maps = tensors(client, "in_channels=1&stages=input")["input"]
    written = words.replace("0.42", f"{maps[0, 9, 9]:.2f}")  # the ninth filter is the identity
    assert written in page_words(lens(client, query), r'<p class="products">(.*?)</p>')


def test_announcement_says_the_value_and_what_it_is_made_of(client):
    maps = tensors(client, "")
    words = page_words(lens(client, "cell=pointwise,3,52,49"), r"<p class=\"unseen\" data-announcement>(.*?)</p>")
    assert words.startswith("output 3, row 52, column 49: ")
    value, terms = words.removeprefix("output 3, row 52, column 49: ").split(" = ")
    assert number(value) == pytest.approx(maps["pointwise"][3, 52, 49], abs=5e-4)
    signed = re.findall(r"(−?) ?([.\d]+) · (−?[.\d]+)", terms)
    products = [number(left) * number(right) * (-1 if sign else 1) for sign, left, right in signed]
    expected = maps["depthwise"][:, 52, 49] * maps["pointwise.weight"][3, :, 0, 0]
    assert products == pytest.approx(expected.tolist(), abs=2e-3)


def test_announcement_names_the_operations_after_the_sum(client):
    words = page_words(lens(client, "after=norm,gelu"), r"<p class=\"unseen\" data-announcement>(.*?)</p>")
    assert re.search(r": −?[.\d]+ = GELU of batch norm of −?[.\d]+ = −?[.\d]+ · ", words)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data(), layers(plain=False))
def test_announced_sum_has_all_terms_and_the_bias(client, data, spec):
    operation = data.draw(st.sampled_from(plan(spec).convolutions))
    numbers = [data.draw(st.integers(0, size - 1)) for size in (operation.out_channels, *operation.output)]
    cell = ",".join(map(str, (operation.name, *numbers)))
    words = page_words(lens(client, f"{spec.query()}&cell={cell}"), r"<p class=\"unseen\" data-announcement>(.*?)</p>")
    maps = tensors(client, spec.query())
    weight, value = maps[f"{operation.name}.weight"][numbers[0]], maps[operation.name][tuple(numbers)]
    bias = maps[f"{operation.name}.bias"][numbers[0]] if spec.bias else 0
    found = re.fullmatch(r".*? = (.*?)(?: \+ (\d+) more)?(?: \+ bias (−?[.\d]+))?", words)
    terms, more = re.split(r" [+−] ", found[1]), int(found[2] or 0)
    assert (found[3] is not None) == spec.bias
    assert number(found[3] or "0") == pytest.approx(bias, abs=6e-3)
    if operation.mixes_channels:
        assert len(terms) + more == weight.shape[0]
    else:
        place = dict(zip(("channel", "y", "x"), numbers, strict=True), stage=operation.name)
        step = client.get("/api/pixel", params=spec.parameters() | place).json()["steps"][-1]
        assert max(1, np.count_nonzero(step["parts"][0]["products"])) == len(terms) + more
    if not more:
        products = [np.prod([number(each) for each in term.split(" · ")]) for term in terms]
        signs = [1, *(1 if sign == "+" else -1 for sign in re.findall(r" ([+−]) ", found[1]))]
        assert np.dot(products, signs) + bias == pytest.approx(value, abs=0.02 * max(1, np.abs(products).sum()))


@pytest.mark.parametrize(
    ("query", "parameter", "fit"),
    [
        ("stage=vertical", "stage", "depthwise, pointwise would fit"),
        ("stage=input", "stage", "depthwise, pointwise would fit"),
        ("channel=8", "channel", "0 to 7 would fit"),
        ("stage=depthwise&channel=3", "channel", "0 to 2 would fit"),
        ("y=128", "y", "0 to 127 would fit"),
        ("x=128", "x", "0 to 127 would fit"),
        ("x=-1", "x", "0"),
        ("y=1.5", "y", "0"),
        ("in_channels=512&out_channels=512&size=1024", "size", "would fit"),
    ],
)
def test_cell_that_the_layer_has_not_is_refused_in_words(client, query, parameter, fit):
    answer = client.get(f"/api/pixel?{query}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    errors = answer.json()["errors"]
    assert [each["parameter"] for each in errors] == [parameter]
    assert fit in errors[0]["allowed"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("cell=pointwise,3,400,3", "pointwise has no row 400; 0 to 127 would fit"),
        ("cell=vertical,0,0,0", "there is no stage vertical"),
        ("in_channels=512&out_channels=512&size=1024", "above the 2 GMAC of one request"),
    ],
)
def test_lens_says_why_it_cannot_show_a_cell(client, query, words):
    html = lens(client, query)
    assert words in html
    assert "data-go" in html


def test_default_cell_is_one_of_the_last_stage(client):
    pixel = client.get("/api/pixel").json()
    assert (pixel["stage"], pixel["channel"], pixel["row"], pixel["column"]) == ("pointwise", 3, 51, 51)
    assert client.get("/api/pixel?stage=depthwise").json()["channel"] == 2


def test_every_kind_of_layer_has_the_lens_without_a_leftover(client):
    for query in (
        "between=norm,relu6&after=norm&bias=true",
        "kind=spatially-separable&kernel_size=1x7&between=gelu",
        "kind=standard&groups=2&in_channels=64&out_channels=64&size=16",
        "in_channels=1&out_channels=1&size=1&kernel_size=31",
        "kind=spatially-separable&padding=8&kernel_size=2&cell=horizontal,0,0,0",
    ):
        html = lens(client, query)
        assert "None" not in html
        assert "nan" not in html
        spec = LayerSpec.parse([pair.split("=") for pair in query.split("&") if not pair.startswith("cell")])
        for stage in plan(spec).convolutions:
            assert f">{stage.stage.title}</h2>" in html
