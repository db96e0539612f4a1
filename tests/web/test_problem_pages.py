"""Problems: a page for a browser, JSON for other clients."""

import pytest
from fastapi.testclient import TestClient
from sepviz.web.app import create_app

# What browsers send for an address that is typed, and what programs send.
BROWSERS = {
    "chromium": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "firefox": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
}
PROGRAMS = {
    "curl": "*/*",
    "nothing": "",
    "json": "application/json",
    "problem": "application/problem+json, text/html;q=0.1",
}
REFUSED = {
    "/nothing": (404, "there is nothing at /nothing"),
    "/%3Cscript%3E": (404, "there is nothing at /<script>"),
    "/use/diagrams/nothing": (404, "separable, depthwise"),
    "/api/layer?kernel_size=99": (422, "kernel_size=99"),
    "/api/code?framework=<b>": (404, "pytorch"),
    "/oembed": (422, "url"),
    "/api/tensors?input=upload-" + 32 * "0": (410, "input"),
}


@pytest.fixture(scope="module")
def client():
    with TestClient(create_app(), base_url="http://localhost") as made:
        yield made


@pytest.mark.parametrize("accept", BROWSERS.values(), ids=BROWSERS)
@pytest.mark.parametrize("path", REFUSED)
def test_problem_is_a_page_for_a_browser(client, path, accept):
    answer = client.get(path, headers={"Accept": accept})
    status, words = REFUSED[path]
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "Accept" in answer.headers["vary"].split(", ")
    assert answer.headers["cache-control"] == "no-store"
    text = answer.text.replace("&lt;", "<").replace("&gt;", ">")
    assert f"<h1>{status} " in text
    assert words in text
    assert "<script>" not in answer.text
    assert "<b>" not in answer.text


@pytest.mark.parametrize("accept", PROGRAMS.values(), ids=PROGRAMS)
@pytest.mark.parametrize("path", REFUSED)
def test_problem_is_json_for_a_program(client, path, accept):
    answer = client.get(path, headers={"Accept": accept})
    status, words = REFUSED[path]
    assert answer.status_code == answer.json()["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Accept" in answer.headers["vary"].split(", ")
    assert words in answer.text


@pytest.mark.parametrize("path", ["/diagrams/nothing.svg", "/diagrams/cost.png?kernel_size=99"])
def test_problem_at_a_figure_s_address_is_a_figure_for_a_browser(client, path):
    answer = client.get(path, headers={"Accept": BROWSERS["firefox"]})
    assert answer.headers["content-type"].startswith("image/")


def test_problem_of_a_post_is_json(client):
    answer = client.post("/api/images", headers={"Accept": BROWSERS["firefox"]})
    assert answer.headers["content-type"] == "application/problem+json"
