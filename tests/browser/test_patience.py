"""A server that is busy or has forgotten: the page keeps what it shows, says so, and asks again by itself."""

import io
import json

import httpx2
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.support.sepviz_server import sepviz

SIDE = 40  # of the pictures here


@pytest.fixture(scope="module")
def server():
    """A server with room for one picture: the next takes its place."""
    with sepviz(SEPVIZ_UPLOAD_BYTES=str(SIDE * SIDE * 5)) as running:
        yield running.url


def noise(seed):
    """A PNG file of random pixels."""
    buffer = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 255, (SIDE, SIDE, 3), np.uint8)
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def first_output(page):
    return page.locator('[data-column="output"] canvas').first.evaluate("(canvas) => canvas.toDataURL()")


def refuse(page, status, times):
    """so many views are refusals, to be tried again in a second; then the server's own."""
    told = {
        "title": "Service Unavailable",
        "status": status,
        "detail": "the server is busy: 64 computations wait already",
    }
    seen = []

    def answer(route):
        seen.append(route.request.url)
        if len(seen) > times:
            route.continue_()
            return
        headers = {"Content-Type": "application/problem+json", "Retry-After": "1"}
        route.fulfill(status=status, headers=headers, body=json.dumps(told))

    page.route("**/view?*", answer)
    return seen


@pytest.mark.parametrize("status", [503, 429])
def test_request_is_repeated_while_the_server_is_busy(visit, painted, status):
    page = visit(allow=str(status))
    before = first_output(page)
    seen = refuse(page, status, 2)
    page.locator("#kernel_size-number").fill("9")
    expect(page.locator('[data-problem="page"]')).to_contain_text("the server is busy: 64 computations wait already.")
    expect(page.locator('[data-problem="page"]')).to_contain_text("asks again by itself")
    assert first_output(page) == before
    assert page.locator("html").get_attribute("data-painted").find("kernel_size=3") >= 0
    painted(page, kernel_size=9)
    expect(page.locator('[data-problem="page"]')).to_be_empty()
    assert page.locator("html").get_attribute("data-busy") is None
    assert len(seen) == 3
    assert first_output(page) != before


def test_newer_change_is_requested_at_once(visit, painted):
    page = visit(allow="503")
    seen = refuse(page, 503, 1)
    page.locator("#kernel_size-number").fill("9")
    expect(page.locator('[data-problem="page"]')).to_contain_text("busy")
    page.locator("#kernel_size-number").fill("5")
    painted(page, kernel_size=5)
    expect(page.locator('[data-problem="page"]')).to_be_empty()
    assert [("kernel_size=9" in url, "kernel_size=5" in url) for url in seen] == [(True, False), (False, True)]


def test_requests_end_after_six_busy_responses(visit):
    page = visit(allow="503")
    page.clock.install()
    seen = refuse(page, 503, 100)
    page.locator("#kernel_size-number").fill("9")
    for tries in range(1, 7):
        expect(page.locator('[data-problem="page"]')).to_contain_text("busy")
        for _ in range(200):
            if len(seen) >= tries:
                break
            page.clock.run_for(100)
        assert len(seen) == tries
    expect(page.locator("html")).not_to_have_attribute("data-busy", "")
    expect(page.locator("#strip")).to_be_visible()
    expect(page.locator(".diagram svg")).to_contain_text("3 × 3")
    page.clock.run_for(60_000)
    assert len(seen) == 6


def test_expired_picture_is_uploaded_again(visit, painted, server):
    page = visit(allow="410")
    page.locator("#upload input").set_input_files({"name": "mine.png", "mimeType": "image/png", "buffer": noise(1)})
    painted(page, input="upload-[0-9a-f]{32}")
    layer = page.evaluate("document.documentElement.dataset.painted")
    other = httpx2.post(f"{server}/api/images", files={"file": ("other.png", noise(2))}, timeout=60)
    assert other.status_code == 201
    assert httpx2.get(f"{server}/api/tensors?{layer}", timeout=60).status_code == 410
    sent = []
    page.on("request", lambda request: request.method == "POST" and sent.append(request.url))
    page.locator("#kernel_size-number").fill("7")
    painted(page, kernel_size=7, input="upload-[0-9a-f]{32}")
    assert len(sent) == 1
    expect(page.locator('[data-problem="page"]')).to_be_empty()
