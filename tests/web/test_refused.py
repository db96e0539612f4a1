"""The page of an invalid layer: given values, errors, and no figure, map or verdict of another layer."""

import re
from html import unescape
from urllib.parse import parse_qsl, urlencode

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec
from sepviz.web.app import create_app
from sepviz.web.queries import PageQuery
from sepviz.web.refused import nearest

REFUSED = {
    "a bound": {"in_channels": "9999", "stride": "2"},
    "two bounds": {"in_channels": "9999", "size": "0"},
    "a choice": {"weights": "trained"},
    "the kind": {"kind": "grouped", "out_channels": "5"},
    "the input": {"input": "dog"},
    "an unknown name": {"foo": "1", "stride": "2"},
    "a combination": {"kind": "spatially-separable", "out_channels": "5"},
    "an empty output": {"dilation": "16", "padding": "valid", "size": "8"},
    "markup": {"padding": '"><script>', "size": "24"},
}


@pytest.fixture(scope="module")
def client():
    with TestClient(create_app(), base_url="http://localhost") as made:
        yield made


FIGURE = re.compile(r'<svg[^>]* role="img"|class="verdict"|<img src="/feature-maps|class="formula"|data-use\b')


def query_of(text):
    return dict(
        parse_qsl(unescape(re.search(r'<main id="maps" data-query="([^"]*)"', text)[1]), keep_blank_values=True)
    )


@pytest.mark.parametrize("path", ["/", "/embed"])
@pytest.mark.parametrize("parameters", REFUSED.values(), ids=REFUSED)
def test_page_of_an_invalid_layer_shows_no_other_layer(client, path, parameters):
    answer = client.get(path, params=parameters)
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("text/html")
    assert FIGURE.search(answer.text) is None
    assert "data-refused" in answer.text
    assert "<script>" not in answer.text.replace('<script src="/static/js/theme.js"></script>', "")
    refusals = re.search(r'class="refusal".*?<ul>(.*?)</ul>', answer.text, re.DOTALL)[1]
    assert "<li>" in refusals
    link = re.search(r'<a href="\?([^"]*)">show the nearest layer', answer.text)[1]
    mended = client.get(f"{path}?{unescape(link)}")
    assert mended.status_code == 200
    assert "data-refused" not in mended.text
    assert FIGURE.search(mended.text)


@pytest.mark.parametrize("parameters", REFUSED.values(), ids=REFUSED)
def test_page_of_an_invalid_layer_keeps_given_values(client, parameters):
    held = query_of(client.get("/", params=parameters).text)
    known = {name: value for name, value in parameters.items() if name in LayerSpec.model_fields and name != "kind"}
    assert held | known == held


def test_two_invalid_parameters_are_both_reported(client):
    text = client.get("/?in_channels=9999&size=0").text
    assert re.search(r'id="problem-in_channels"[^>]*>in_channels=9999: too large', text)
    assert re.search(r'id="problem-size"[^>]*>size=0: too small', text)
    assert text.count("<li>") == 2


def test_parameter_that_the_kind_lacks_is_shown_with_its_error(client):
    text = client.get("/?kind=spatially-separable&out_channels=5").text
    control = re.search(r'data-control="out_channels"([^>]*)>(.*?)</div>', text, re.DOTALL)
    assert "hidden" not in control[1]
    assert "works per channel" in control[2]


def test_embedded_page_of_an_invalid_layer_keeps_its_options(client):
    text = client.get("/embed?in_channels=9999&hide=diagram&lock=kind&theme=dark").text
    assert 'data-hidden="diagram"' in text
    assert 'data-theme="dark"' in text
    assert "in_channels=3&amp;" in text


@pytest.mark.parametrize("path", ["/gallery", "/use/diagrams/separable", "/use/feature-maps/input"])
@pytest.mark.parametrize("parameters", REFUSED.values(), ids=REFUSED)
def test_page_without_controls_reports_errors_and_links_the_nearest_layer(client, path, parameters):
    answer = client.get(path, params=parameters)
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("text/html")
    assert FIGURE.search(answer.text) is None
    link = unescape(re.search(r'<a href="\?([^"]*)">show the nearest layer', answer.text)[1])
    assert client.get(f"{path}?{link}").status_code == 200


NAMES = st.sampled_from([*LayerSpec.model_fields, "foo"])
VALUES = st.sampled_from(
    ["1", "2", "8", "16", "9999", "-1", "x", "", "valid", "standard", "spatially-separable", "true"]
)


@given(st.lists(st.tuples(NAMES, VALUES), max_size=6))
def test_nearest_layer_is_always_valid(pairs):
    found, bad = nearest(PageQuery, pairs)
    plan(found.layer)
    again, refused = nearest(PageQuery, parse_qsl(found.query()))
    assert (again.layer, refused) == (found.layer, {})
    if not bad:
        assert found.layer == LayerSpec.parse(parse_qsl(urlencode(pairs), keep_blank_values=True))


@pytest.mark.parametrize("parameter", ["lock", "hide", "theme", "input", "foo"])
def test_error_repeats_no_control_character(client, parameter):
    text = client.get("/embed", params={parameter: "a\0b\x1b\u202ec"}).text
    refusals = re.search(r'class="refusal".*?<ul>(.*?)</ul>', text, re.DOTALL)[1]
    assert "a\ufffdb\ufffd\ufffdc" in refusals
    assert not {"\0", "\x1b", "\u202e"} & set(refusals)
