"""Rate limits of an address, and the proxies that may set it."""

import asyncio
import io
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from limits import RateLimitItemPerSecond
from PIL import Image
from sepviz.compute.rate_limits import RateLimiter, network
from sepviz.errors import RateLimited
from sepviz.settings import Settings
from sepviz.web import app as main
from sepviz.web import server
from starlette.testclient import TestClient

from tests.support.here import create_app

HERE, THERE = "203.0.113.7", "203.0.113.8"
FEW = (RateLimitItemPerSecond(3, 3600), RateLimitItemPerSecond(5, 7200))
SMALL = "in_channels=2&out_channels=3&size=8"


@pytest.fixture
def now(monkeypatch):
    """A clock that only the test moves."""
    moment = [1_000_000_000.0]
    monkeypatch.setattr(time, "time", lambda: moment[0])
    return moment


def apart(work):
    """Run in a new thread: the browser tests leave an event loop running in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def granted(limits, address=HERE):
    try:
        await limits.hit(address)
    except RateLimited as refused:
        return refused.retry_after
    return None


def test_burst_of_sixty_is_allowed_and_the_next_after_retry_after(now):
    async def scenario():
        limits = RateLimiter()
        burst = [await granted(limits) for _ in range(61)]
        other = await granted(limits, THERE)
        now[0] += burst[-1] - 1
        early = await granted(limits)
        now[0] += 1
        return burst, other, early, await granted(limits)

    burst, other, early, then = apart(scenario())
    assert burst[:60] == [None] * 60
    assert 1 <= burst[60] <= 10
    assert other is None
    assert early is not None
    assert then is None


def test_steady_client_gets_thirty_in_ten_seconds(now):
    minutes = 20

    async def scenario():
        limits, times = RateLimiter(), []
        for _ in range(minutes * 60 * 5):
            now[0] += 0.2
            if await granted(limits) is None:
                times.append(now[0])
        return times

    times = apart(scenario())
    assert minutes * 180 * 0.95 <= len(times) <= (minutes + 1) * 180
    for seconds, most in ((10, 60), (60, 180)):
        together = max(sum(first <= each < first + seconds for each in times) for first in times[::50])
        assert together <= 2 * most


def test_client_that_waits_for_retry_after_is_allowed(now):
    async def scenario():
        limits, waits = RateLimiter(), []
        for _ in range(1000):
            wait = await granted(limits)
            if wait is not None:
                waits.append(wait)
                now[0] += wait
                assert await granted(limits) is None
        return waits

    waits = apart(scenario())
    assert len(waits) > 10
    assert max(waits) <= 60


def test_refused_request_does_not_count_in_the_other_window(now):
    async def scenario():
        limits = RateLimiter((RateLimitItemPerSecond(2, 10), RateLimitItemPerSecond(4, 3600)))
        first = [await granted(limits) for _ in range(50)]
        now[0] += 20
        return [
            sum(each is None for each in outcomes) for outcomes in (first, [await granted(limits) for _ in range(50)])
        ]

    assert apart(scenario()) == [2, 2]


def test_without_rules_nothing_is_limited():
    async def scenario():
        limits = RateLimiter(())
        return [await granted(limits) for _ in range(1000)]

    assert apart(scenario()) == [None] * 1000


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.7", "203.0.113.7", True),
        ("203.0.113.7", "203.0.113.8", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:203.0.113.7", "203.0.113.7", True),
        ("::ffff:203.0.113.7", "::ffff:203.0.113.8", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("testclient", "another", True),
    ],
)
def test_ipv6_addresses_of_one_network_share_a_limit(one, other, same):
    assert (network(one) == network(other)) is same


def test_invalid_address_is_replaced_by_a_short_word():
    assert len(network("x\n" * 10_000)) <= 40


# Over HTTP


@pytest.fixture
def public(monkeypatch):
    monkeypatch.setattr(main, "RULES", FEW)
    with TestClient(create_app(Settings(mode="public")), base_url="http://localhost", client=(HERE, 1)) as made:
        yield made


def computed(client, seed, **headers):
    return client.get(f"/api/tensors?{SMALL}&seed={seed}", headers=headers)


def picture():
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "#123456").save(file, "PNG")
    return {"file": file.getvalue()}


def test_address_over_its_limit_gets_429_only_for_computations(public):
    tag = computed(public, 0).headers["etag"]
    for _ in range(10):
        assert computed(public, 0).status_code == 200
        assert computed(public, 0, **{"if-none-match": tag}).status_code == 304
        assert public.get("/diagrams/cost.svg").status_code == 200
    assert [computed(public, seed).status_code for seed in (1, 2)] == [200, 200]
    refused = computed(public, 3)
    assert refused.status_code == 429
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["cache-control"] == "no-store"
    assert 1 <= int(refused.headers["retry-after"]) <= 3600
    assert f"{HERE}: " in refused.json()["detail"]
    assert "3 in 3600 s" in refused.json()["detail"]
    shown = public.get(f"/feature-maps/depthwise.png?{SMALL}")
    assert (shown.status_code, shown.headers["content-type"]) == (429, "image/png")
    assert public.post("/api/images", files=picture()).status_code == 429
    for path in ("/", "/api/layer", "/api/code", "/diagrams/separable.svg", "/fragment", "/healthz"):
        assert public.get(path).status_code == 200, path
    assert computed(public, 0).status_code == 200


def test_upload_counts_as_a_computation(public):
    statuses = [public.post("/api/images", files=picture()).status_code for _ in range(4)]
    assert statuses == [201, 201, 201, 429]


@pytest.mark.parametrize("mode", ["local", "classroom"])
def test_local_and_classroom_mode_have_no_limits(monkeypatch, mode):
    monkeypatch.setattr(main, "RULES", FEW)
    with TestClient(create_app(Settings(mode=mode)), base_url="http://localhost", client=(HERE, 1)) as client:
        assert {computed(client, seed).status_code for seed in range(10)} == {200}


# Behind a proxy


@pytest.fixture
def behind(monkeypatch):
    """Makes a client, with an address, of the app as the server runs it with trusted proxies."""
    monkeypatch.setattr(main, "RULES", FEW)
    monkeypatch.setattr(server.sys, "setswitchinterval", lambda _seconds: None)
    configs, opened = [], []
    monkeypatch.setattr(server.Server, "run", lambda self, **_sockets: configs.append(self.config))

    def made(proxies, address):
        with socket.create_server(("127.0.0.1", 0)) as listening:
            server.run(create_app(Settings(mode="public")), listening, threading.Event(), proxies)
        configs[-1].load()
        client = TestClient(configs[-1].loaded_app, base_url="http://localhost", client=(address, 1))
        opened.append(client.__enter__())
        return client

    yield made
    for client in opened:
        client.__exit__()


@pytest.mark.parametrize(("proxies", "address"), [(None, "127.0.0.1"), ("10.0.0.7,10.1.0.0/16", HERE)])
def test_forwarded_headers_of_an_untrusted_address_are_ignored(behind, caplog, proxies, address):
    client = behind(proxies, address)
    with caplog.at_level("INFO", "sepviz.access"):
        statuses = [
            computed(
                client, seed, **{"x-forwarded-for": f"198.51.100.{seed}", "x-forwarded-proto": "https"}
            ).status_code
            for seed in range(5)
        ]
    assert statuses == [200, 200, 200, 429, 429]
    lines = [json.loads(line) for line in caplog.messages if line.startswith("{")]
    assert len(lines) == 5
    assert "198.51.100" not in caplog.text
    assert "http://localhost/oembed" in client.get("/", headers={"x-forwarded-proto": "https"}).text


@pytest.mark.parametrize(
    ("proxies", "address"), [("10.0.0.7", "10.0.0.7"), ("10.0.0.7, 10.1.0.0/16", "10.1.2.3"), ("*", HERE)]
)
def test_forwarded_headers_of_a_trusted_proxy_set_address_and_scheme(behind, proxies, address):
    client = behind(proxies, address)
    said = {"x-forwarded-for": "198.51.100.1", "x-forwarded-proto": "https"}
    assert [computed(client, seed, **said).status_code for seed in range(4)] == [200, 200, 200, 429]
    assert computed(client, 4, **{"x-forwarded-for": "198.51.100.2"}).status_code == 200
    assert "https://localhost/oembed" in client.get("/", headers=said).text


def test_only_the_last_forwarded_address_is_trusted(behind):
    client = behind("10.0.0.7", "10.0.0.7")
    forged = [computed(client, seed, **{"x-forwarded-for": f"192.0.2.{seed}, {HERE}"}).status_code for seed in range(4)]
    assert forged == [200, 200, 200, 429]
