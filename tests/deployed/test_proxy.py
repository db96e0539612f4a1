"""What deploy/nginx.conf does before two replicas, stand-ins here: answers are kept, shared, asked for elsewhere."""

import threading
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2
import pytest
from sepviz.web.responses import CACHED, PRIVATE

from tests.support.deployed import DEPLOY
from tests.support.nginx_server import check, configure, nginx, read, send

FIGURE = "/diagrams/separable.svg"


class Replica(ThreadingHTTPServer):
    """Answers everything with its status and headers, and remembers what it was asked."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.status, self.headers = 200, {"Cache-Control": CACHED, "Vary": "Accept-Encoding", "ETag": '"1"'}
        self.asked, self.seen = Counter(), []
        self.go_on = threading.Event()
        self.go_on.set()

    def stop(self):
        """Nobody listens there any more."""
        self.go_on.set()
        self.shutdown()
        self.server_close()


class Answer(BaseHTTPRequestHandler):
    """One request: the connection ends with it, so that a replica that is away has no old ones."""

    def do_GET(self):
        self.answer()

    def do_POST(self):
        self.answer()

    def answer(self):
        self.server.asked[self.command, self.path] += 1
        self.server.seen.append(self.headers)
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.startswith(FIGURE):
            self.server.go_on.wait()
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        body = f"{self.path} {self.headers.get('Accept-Encoding', '')}".encode()
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextmanager
def replica():
    with Replica() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,)).start()
        yield server
        server.stop()


@pytest.fixture
def replicas():
    with replica() as one, replica() as other:
        yield one, other


@pytest.fixture
def client(replicas, tmp_path):
    with (
        nginx(tmp_path, [f"127.0.0.1:{each.server_port}" for each in replicas]) as address,
        httpx2.Client(base_url=address, timeout=60) as client,
    ):
        for each in replicas:
            each.asked.clear()
        yield client


def asked(replicas, method, path):
    return sum(each.asked[method, path] for each in replicas)


@pytest.mark.parametrize("folder", [DEPLOY, DEPLOY / "kubernetes"])
def test_nginx_accepts_the_configuration(folder, tmp_path):
    proxies = folder / "proxies.conf"
    command = configure(tmp_path, 8080, [], *([proxies] if proxies.exists() else []))
    given = (folder / "replicas.conf").read_text()
    names = {line.split()[1].partition(":")[0] for line in given.splitlines() if line.startswith("server ")}
    for name in names:
        given = given.replace(f"server {name}:", "server 127.0.0.1:")
    (tmp_path / "replicas.conf").write_text(given)
    assert check(command) == ""
    (tmp_path / "replicas.conf").write_text("serve 127.0.0.1:8000;")
    assert 'unknown directive "serve"' in check(command)


def test_equal_requests_reach_one_replica_once(client, replicas):
    for each in replicas:
        each.go_on.clear()
    waiting = [send(str(client.base_url).rstrip("/"), FIGURE) for _ in range(12)]
    # What came before these has been taken up when they are answered, and a second figure had been asked for.
    assert {client.get("/healthz").status_code for _ in range(8)} == {200}
    assert asked(replicas, "GET", FIGURE) == 1
    for each in replicas:
        each.go_on.set()
    answers = [read(each) for each in waiting]
    assert {answer.split(b" ", 2)[1] for answer in answers} == {b"200"}
    assert Counter(b"X-Cache: HIT" in answer for answer in answers) == {True: 11, False: 1}
    assert asked(replicas, "GET", FIGURE) == 1


def test_figure_is_cached_once_for_all_browsers(client, replicas):
    said = ["gzip", "gzip, deflate, br", "br;q=1.0, gzip;q=0.8, *;q=0.1"]
    answers = [client.get(FIGURE, headers={"Accept-Encoding": each}) for each in said]
    assert {answer.text for answer in answers} == {f"{FIGURE} gzip"}
    assert asked(replicas, "GET", FIGURE) == 1
    plain = [client.get(FIGURE, headers={"Accept-Encoding": each}).text for each in ("identity", "gzip;q=0, br")]
    assert {each.strip() for each in plain} == {FIGURE}
    assert asked(replicas, "GET", FIGURE) == 2
    held = client.get(FIGURE, headers={"If-None-Match": '"1"'})
    assert held.status_code == 304


@pytest.mark.parametrize(
    ("path", "cache"),
    [
        (FIGURE, "no-store"),
        (FIGURE, PRIVATE),
        (FIGURE, None),
        ("/feature-maps/depthwise.png?seed=1&input=upload-0123456789abcdef0123456789abcdef", CACHED),
        ("/", CACHED),
    ],
)
def test_private_or_uncacheable_response_is_not_cached(client, replicas, path, cache):
    for each in replicas:
        each.headers = {"Cache-Control": cache} if cache else {}
    for _ in range(3):
        client.get(path)
    assert asked(replicas, "GET", path) == 3


@pytest.mark.parametrize("more", ["", ", stale-while-revalidate=86400"])
def test_stale_figure_is_served_while_no_replica_answers(client, replicas, more):
    for each in replicas:
        each.headers |= {"Cache-Control": f"public, max-age=1{more}"}
    first = client.get(FIGURE)
    for each in replicas:
        each.status, each.headers = 503, {"Cache-Control": "no-store", "Retry-After": "1"}
    answer = first
    while answer.headers["X-Cache"] in ("MISS", "HIT"):  # for a second
        threading.Event().wait(0.05)
        answer = client.get(FIGURE)
    assert (answer.status_code, answer.headers["X-Cache"], answer.text) == (200, "STALE", first.text)
    for each in replicas:
        each.stop()
    for _ in range(3):
        answer = client.get(FIGURE)
        assert (answer.status_code, answer.text) == (200, first.text)


def test_get_is_retried_at_the_other_replica_and_a_post_is_not(client, replicas):
    busy, other = replicas
    busy.status, busy.headers = 503, {"Retry-After": "3"}
    assert [client.get("/fragment").status_code for _ in range(6)] == [200] * 6
    assert busy.asked["GET", "/fragment"] >= 2
    assert other.asked["GET", "/fragment"] == 6
    answers = [client.post("/api/images", content=b"x" * 100_000) for _ in range(6)]
    assert Counter(each.status_code for each in answers) == {200: 3, 503: 3}
    assert {each.headers.get("Retry-After") for each in answers} == {None, "3"}
    assert asked(replicas, "POST", "/api/images") == 6


def test_requests_go_to_the_other_replica_while_one_is_down(client, replicas):
    away, other = replicas
    away.stop()
    assert [client.get("/fragment").status_code for _ in range(6)] == [200] * 6
    # Nothing had been sent yet, so this may go on.
    assert [client.post("/api/images", content=b"x").status_code for _ in range(6)] == [200] * 6
    assert other.asked["POST", "/api/images"] == 6


def test_503_with_retry_after_while_all_replicas_are_down(client, replicas):
    for each in replicas:
        each.stop()
    for answer in (client.get("/fragment"), client.post("/api/images", content=b"x"), client.get(FIGURE)):
        assert answer.status_code == answer.json()["status"] == 503
        assert int(answer.headers["Retry-After"]) >= 1
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["Cache-Control"] == "no-store"


def test_forwarded_headers_of_a_client_are_replaced(client, replicas):
    client.get("/fragment", headers={"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https", "Host": "a.example"})
    seen = next(each.seen[-1] for each in replicas if each.asked["GET", "/fragment"])
    assert (seen["X-Forwarded-For"], seen["X-Forwarded-Proto"]) == ("127.0.0.1", "http")
    assert seen["Host"] == "a.example"


def test_body_that_is_too_large_gets_413(client, replicas):
    answer = client.post("/api/images", content=bytes(10 * 2**20))
    assert answer.status_code == answer.json()["status"] == 413
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert asked(replicas, "POST", "/api/images") == 0


def test_metrics_are_not_public(client, replicas):
    assert client.get("/metrics").status_code == 404
    assert asked(replicas, "GET", "/metrics") == 0
