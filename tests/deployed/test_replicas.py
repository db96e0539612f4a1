"""Two Sepviz, Redis and nginx as they are deployed: what one was given the other has, and one may die."""

import io
import os
import signal
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import httpx2
import psutil
import pytest
from PIL import Image

from tests.support.nginx_server import nginx
from tests.support.sepviz_server import sepviz

REQUESTS, AT_ONCE, KILLED_AT = 240, 8, 80
PATIENCE_S = 60
FIGURE = "/diagrams/separable.svg?in_channels=5"


@pytest.fixture(scope="module")
def replicas(tmp_path_factory):
    """Two of them and the address of nginx before both; the last test kills one."""
    from tests.support.redis_server import RedisServer

    redis = RedisServer(tmp_path_factory.mktemp("redis"))
    redis.start()
    try:
        settings = {"SEPVIZ_REDIS_URL": redis.url, "SEPVIZ_FORWARDED_ALLOW_IPS": "127.0.0.1"}
        with sepviz(**settings) as one, sepviz(**settings) as other:
            ports = [f"127.0.0.1:{each.port}" for each in (one, other)]
            with nginx(tmp_path_factory.mktemp("nginx"), ports) as address:
                yield one, other, address
    finally:
        redis.kill()


def picture(seed: int) -> dict[str, tuple[str, bytes, str]]:
    """A form with a picture that no other seed has."""
    file = io.BytesIO()
    Image.linear_gradient("L").rotate(seed, fillcolor=seed % 256).convert("RGB").save(file, "PNG")
    return {"file": ("a.png", file.getvalue(), "image/png")}


def get(address: str) -> httpx2.Response:
    return httpx2.get(address, timeout=PATIENCE_S)


def kill(server) -> None:
    """At once, with the processes it has started: as when a machine goes."""
    family = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
    os.kill(server.pid, signal.SIGKILL)
    for each in family[1:]:
        each.kill()


def test_upload_to_one_replica_is_found_by_the_other(replicas):
    one, other, address = replicas
    sent = httpx2.post(f"{one.url}/api/images", files=picture(1), timeout=PATIENCE_S)
    assert sent.status_code == 201
    path = f"/feature-maps/depthwise.png?input={sent.json()['id']}"
    answers = [get(f"{each}{path}") for each in (one.url, other.url, address, address)]
    assert [each.status_code for each in answers] == [200] * 4
    assert len({each.content for each in answers}) == 1
    assert Image.open(io.BytesIO(answers[1].content)).size[0] > 128
    # It is its owner's: no proxy keeps it.
    assert {each.headers["Cache-Control"].partition(",")[0] for each in answers} == {"private"}


def test_replica_killed_under_load_loses_no_request(replicas):
    one, other, address = replicas
    sent = httpx2.post(f"{address}/api/images", files=picture(2), timeout=PATIENCE_S)
    upload = f"/feature-maps/depthwise.png?size=64&input={sent.json()['id']}"
    before = {path: get(f"{address}{path}").content for path in (upload, FIGURE)}
    numbers, lock, killed = count(), threading.Lock(), threading.Event()
    answers = []

    def ask(client, number):
        if number % 24 == 7:
            return client.post("/api/images", files=picture(number))
        path = (
            f"/feature-maps/pointwise.png?in_channels=32&out_channels=32&weights=random&seed={number}",
            f"/api/tensors?in_channels=16&tile=32&dtype=uint8&weights=random&seed={number}",
            f"{upload}&weights=random&seed={number}",
            f"/fragment?seed={number}",
        )[number % 4]
        return client.get(path)

    def person():
        with httpx2.Client(base_url=address, timeout=PATIENCE_S) as client:
            while (number := next(numbers)) < REQUESTS:
                begun_after = killed.is_set()
                answer = ask(client, number)
                with lock:
                    answers.append((answer.request.method, answer, begun_after))
                    if len(answers) == KILLED_AT:
                        kill(one)
                        killed.set()

    with ThreadPoolExecutor(AT_ONCE) as people:
        for each in [people.submit(person) for _ in range(AT_ONCE)]:
            each.result()

    assert not psutil.pid_exists(one.pid) or psutil.Process(one.pid).status() == psutil.STATUS_ZOMBIE
    assert Counter(answer.status_code for method, answer, _ in answers if method == "GET") == {200: REQUESTS * 23 // 24}
    for method, answer, begun_after in answers:
        assert answer.content
        # What was sent to the one that died may not be sent again; it is told so. After that, all is well.
        if method == "POST" and answer.status_code != 201:
            assert (answer.status_code, begun_after) == (503, False)
            assert int(answer.headers["Retry-After"]) >= 1
    assert sum(begun_after for _, _, begun_after in answers) > REQUESTS // 2
    assert {path: get(f"{address}{path}").content for path in before} == before

    kill(other)
    kept = get(f"{address}{FIGURE}")
    assert (kept.status_code, kept.content) == (200, before[FIGURE])
    lost = get(f"{address}{FIGURE}&seed=1")
    assert (lost.status_code, lost.headers["Content-Type"]) == (503, "application/problem+json")
    assert int(lost.headers["Retry-After"]) >= 1
