"""What several servers share through a real Redis: uploaded pictures and the limits of addresses."""

import asyncio
import io
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from limits import RateLimitItemPerSecond
from PIL import Image
from sepviz.circuit_breaker import OPEN_SECONDS
from sepviz.compute.rate_limits import RateLimiter
from sepviz.errors import RateLimited, StoreUnavailable, UploadGone
from sepviz.settings import Settings
from sepviz.uploads.redis_store import PREFIX, RedisStore
from sepviz.uploads.store import MemoryStore
from sepviz.web import app as main
from starlette.testclient import TestClient

from tests.support.here import create_app
from tests.support.redis_server import RedisServer, until

SMALL = "in_channels=2&out_channels=3&size=8"
CONTENT, OTHER = (np.random.default_rng(seed).bytes(1800) for seed in (7, 8))
PLENTY, MINUTE_S = 2**20, 60
FEW = (RateLimitItemPerSecond(3, 3600), RateLimitItemPerSecond(5, 7200))


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()
    server.client.close()


@pytest.fixture
def redis(running):
    """The server, empty."""
    running.start()
    running.client.flushall()
    return running


@pytest.fixture
def app_at(redis):
    """Makes clients of apps of their own that share the Redis."""
    opened = []

    def made(clock=None, address="203.0.113.7", **settings):
        app = create_app(Settings(redis_url=redis.url, **settings), *([clock] if clock else []))
        client = TestClient(app, base_url="http://localhost", client=(address, 50000))
        opened.append(client.__enter__())
        return opened[-1]

    yield made
    for client in opened:
        client.__exit__()


@pytest.fixture
def stores(redis):
    opened = []

    def made(**options):
        opened.append(RedisStore(redis.url, **{"max_bytes": PLENTY, "seconds": MINUTE_S, **options}))
        return opened[-1]

    yield made
    for store in opened:
        store.close()


def png(seed=0):
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (16, 24, 3), dtype=np.uint8)).save(file, "PNG")
    return file.getvalue()


def uploaded(client, seed=0):
    answer = client.post("/api/images", files={"file": png(seed)})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def assert_problem(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()["detail"]


# Uploads


@pytest.mark.parametrize("content", [CONTENT, b"", b"\0"])
def test_content_that_one_store_added_is_found_by_all(stores, content):
    name = stores().add(content)
    assert name == MemoryStore(PLENTY, MINUTE_S).add(content)
    other = stores()
    for _ in range(2):  # fetched, then cached
        assert other.get(name) == content


def test_upload_expires_after_its_time_which_adding_renews(redis, stores):
    store = stores(seconds=100)
    name = store.add(CONTENT)
    assert 90_000 < redis.client.pttl(PREFIX + name) <= 100_000
    redis.client.pexpire(PREFIX + name, 5_000)
    stores(seconds=100).add(CONTENT)
    assert redis.client.pttl(PREFIX + name) > 90_000
    redis.client.pexpire(PREFIX + name, 5_000)
    store.get(name)
    assert redis.client.pttl(PREFIX + name) <= 5_000


def test_cached_upload_is_gone_when_redis_has_it_no_more(redis, stores):
    store = stores()
    name = store.add(CONTENT)
    store.get(name)
    redis.client.delete(PREFIX + name)
    for _ in range(2):
        with pytest.raises(UploadGone, match="is not kept any more"):
            store.get(name)
    assert not store._cache


def test_content_is_fetched_once_and_every_get_counts_as_a_use(redis, stores):
    store = stores()
    name = store.add(CONTENT)
    redis.client.config_resetstat()
    for _ in range(5):
        store.get(name)
    calls = {name: told["calls"] for name, told in redis.client.info("commandstats").items()}
    assert calls["cmdstat_get"] == 1
    assert calls["cmdstat_touch"] == 4


def test_cache_stays_below_its_limit(stores):
    store = stores(max_bytes=3 * (400 + 1024))
    contents = [bytes([number]) * 400 for number in range(6)]
    for name, content in [(store.add(content), content) for content in contents]:
        assert store.get(name) == content
    assert len(store._cache) == 3
    tiny = stores(max_bytes=10)
    assert tiny.get(store.add(CONTENT)) == CONTENT


@pytest.mark.parametrize("spoil", [slice(0), slice(-1), slice(1, None)])
def test_changed_content_is_gone(redis, stores, spoil):
    store = stores()
    name = store.add(CONTENT)
    redis.client.set(PREFIX + name, redis.client.get(PREFIX + name)[spoil])
    with pytest.raises(UploadGone):
        store.get(name)


def test_content_of_another_id_is_gone(redis, stores):
    store = stores()
    name, other = (store.add(content) for content in (CONTENT, OTHER))
    redis.client.rename(PREFIX + other, PREFIX + name)
    with pytest.raises(UploadGone):
        store.get(name)


def test_full_redis_refuses_uploads_and_still_finds_others(redis, stores):
    store = stores()
    name = store.add(CONTENT)
    redis.client.config_set("maxmemory", 1)
    try:
        with pytest.raises(StoreUnavailable, match="just now"):
            store.add(OTHER)
        assert store.get(name) == CONTENT
    finally:
        redis.client.config_set("maxmemory", 0)


def test_upload_to_one_server_is_an_input_of_another(app_at):
    one, other = app_at(), app_at()
    address = f"/api/tensors?{SMALL}&input={uploaded(one)}"
    answers = [client.get(address) for client in (other, one)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].content == answers[1].content


def test_upload_expires_on_all_servers_at_once(app_at):
    one, other = app_at(upload_seconds=1), app_at(upload_seconds=1)
    name = uploaded(one)
    seeds = iter(range(10**6))

    def status(client):
        return client.get(f"/api/tensors?{SMALL}&input={name}&seed={next(seeds)}").status_code

    until(lambda: status(other) == 410, 20)
    assert status(one) == 410
    uploaded(one)
    assert status(other) == 200


def test_uploads_alone_get_503_while_redis_is_down(app_at, redis):
    clock = Clock()
    client = app_at(clock)
    name = uploaded(client)
    assert client.get(f"/api/tensors?{SMALL}&input={name}").status_code == 200
    redis.kill()
    told = client.get(f"/api/tensors?{SMALL}&input={name}&seed=1")
    detail = assert_problem(told, 503)
    assert "just now" in detail
    assert "redis" not in detail.lower()
    assert told.headers["retry-after"] == str(OPEN_SECONDS)
    refused = client.post("/api/images", files={"file": png(1)})
    assert "just now" in assert_problem(refused, 503)
    assert refused.headers["retry-after"] == str(OPEN_SECONDS)
    assert client.get(f"/feature-maps/input.png?{SMALL}&input={name}").status_code == 503
    for path in ("/", "/api/tensors", "/feature-maps/depthwise.png", "/diagrams/cost.svg", "/api/layer", "/healthz"):
        assert client.get(path).status_code == 200, path
    assert client.get("/readyz").json() == {"status": "ready", "without": ["store"]}
    redis.start()
    # It is asked again after the pause, or when it was found to answer.
    assert client.get(f"/api/tensors?{SMALL}&input={name}&seed=2").status_code == 503
    clock.now += OPEN_SECONDS
    assert client.get(f"/api/tensors?{SMALL}&input={name}&seed=3").status_code == 410
    assert uploaded(client) == name
    assert client.get(f"/api/tensors?{SMALL}&input={name}&seed=4").status_code == 200
    assert client.get("/readyz").json() == {"status": "ready", "without": []}


def test_frozen_redis_is_waited_for_once(app_at, redis):
    client = app_at(Clock())
    name = uploaded(client)
    redis.client.config_resetstat()
    redis.freeze()
    try:
        # The first runs into the time limit; the clock of the pause stands still, so that the others ask no more.
        for seed in range(10):
            assert_problem(client.get(f"/api/tensors?{SMALL}&input={name}&seed={seed}"), 503)
    finally:
        redis.thaw()
    assert client.get("/readyz").status_code == 200
    assert client.get(f"/api/tensors?{SMALL}&input={name}&seed=99").status_code == 200
    # One that came while it stood still, at most, and the last.
    assert redis.client.info("commandstats")["cmdstat_get"]["calls"] <= 2


def test_redis_restart_loses_no_request(app_at, redis):
    """The connections that it closed are made anew at once."""
    client = app_at(Clock())
    uploaded(client)
    redis.kill()
    redis.start()
    name = uploaded(client)
    assert client.get(f"/api/tensors?{SMALL}&input={name}").status_code == 200


# Limits


def apart(work):
    """In a thread of its own: the browser's tests leave an event loop running in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def had(limits, address, most=10):
    """How many computations an address is granted, and how long it is then to wait."""
    for count in range(most):
        try:
            await limits.hit(address)
        except RateLimited as refused:
            return count, refused.retry_after
    return most, 0


def test_servers_share_counters(redis):
    async def scenario():
        one, other = RateLimiter(FEW, redis.url), RateLimiter(FEW, redis.url)
        await one.hit("203.0.113.7")
        told = await had(other, "203.0.113.7"), await had(one, "203.0.113.7"), await had(other, "203.0.113.8")
        await one.close()
        await other.close()
        return told

    (rest, seconds), (none, _), (all_of_another, _) = apart(scenario())
    assert (rest, none, all_of_another) == (2, 0, 3)
    assert 1 <= seconds <= 3600
    keys = redis.client.keys("sepviz:limits*")
    assert keys
    assert all(redis.client.pttl(key) > 0 for key in keys)


def test_limits_hold_for_all_servers_together(app_at, monkeypatch):
    monkeypatch.setattr(main, "RULES", FEW)
    one, other = app_at(mode="public"), app_at(mode="public")
    statuses = [
        client.get(f"/api/tensors?{SMALL}&seed={seed}").status_code for seed, client in enumerate([one, other] * 2)
    ]
    assert statuses == [200, 200, 200, 429]
    assert app_at(mode="public", address="203.0.113.8").get(f"/api/tensors?{SMALL}&seed=9").status_code == 200


def test_no_address_is_limited_while_redis_is_down(redis):
    clock = Clock()

    async def scenario():
        limits = RateLimiter(FEW, redis.url, clock)
        redis.kill()
        without = await had(limits, "203.0.113.7")
        redis.start()
        in_the_pause = await had(limits, "203.0.113.7")
        clock.now += OPEN_SECONDS
        after = await had(limits, "203.0.113.7")
        await limits.close()
        return [count for count, _ in (without, in_the_pause, after)]

    assert apart(scenario()) == [10, 10, 3]


def test_redis_address_is_in_no_response_or_log(app_at, redis, caplog):
    with caplog.at_level("DEBUG"):
        client = app_at(mode="public")
        name = uploaded(client)
        redis.kill()
        answers = [client.get(path) for path in (f"/api/tensors?{SMALL}&input={name}", "/readyz", "/metrics")]
    told = (
        caplog.text
        + "".join(answer.text for answer in answers)
        + json.dumps(client.app.state.services.settings.model_dump(mode="json"))
    )
    assert "sesame" not in told + repr(client.app.state.services)
