"""The server as a process: deadlines, graceful shutdown, checks of hosts and headers."""

import asyncio
import os
import re
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx2
import psutil
import pytest
import uvicorn
from sepviz.web.server import DeadlineProtocol
from uvicorn.server import ServerState

from tests.support.redis_server import until
from tests.support.sepviz_server import sepviz, worker_processes

REQUEST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture(scope="module")
def server():
    with sepviz() as running:
        yield running


def spoken(server, data, half_close=True):
    """Return what the server answers to these bytes until it closes the connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
        client.sendall(data)
        if half_close:
            client.shutdown(socket.SHUT_WR)
        answer = b""
        with suppress(ConnectionResetError):
            while part := client.recv(65536):
                answer += part
    return answer


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", b"200"),
        (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:1234\r\n\r\n", b"200"),
        (b"GET /healthz HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", b"200"),
        (b"GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n", b"400"),
        (b"GET /healthz HTTP/1.1\r\nHost: localhost.evil.example\r\n\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", b"400"),
        (b"POST /api/images HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", b"400"),
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", b"431"),
    ],
)
def test_bad_hosts_and_headers_are_refused(server, head, status):
    assert spoken(server, head).split(b" ", 2)[1] == status


def test_request_with_length_and_chunks_is_refused_and_its_connection_closed(server):
    head = b"POST /api/images HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = spoken(server, head + b"0\r\n\r\n" + REQUEST)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"connection: close" in answer.lower()
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("chunk", [b"-1\r\n", b"5\r\nabcdefg\r\n", b"zz\r\n"])
def test_broken_chunk_is_refused_and_the_server_goes_on(server, chunk):
    head = b"POST /api/images HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert spoken(server, head + chunk).startswith(b"HTTP/1.1 400")
    assert spoken(server, REQUEST).startswith(b"HTTP/1.1 200")


def test_endless_header_is_refused(server):
    try:
        answer = spoken(server, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 10_000_000)
    except ConnectionError:  # closed while this was still sending
        return
    assert answer.split(b" ", 2)[1] == b"400"


def test_long_query_is_refused_with_414(server):
    answer = spoken(server, b"GET /diagrams/cost.svg?title=" + b"a" * 3000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split(b" ", 2)[1] == b"414"
    assert b"image/svg+xml" in head
    assert b"no-store" in head
    assert b"<svg" in body


class Loop:
    """Keeps the timers that a protocol starts."""

    def __init__(self):
        self.timers = []

    def call_later(self, seconds, call):
        timer = Timer(seconds, call)
        self.timers.append(timer)
        return timer

    def create_task(self, work):
        work.close()
        return Task()

    def running(self):
        return [timer for timer in self.timers if not timer.cancelled]


class Task:
    def add_done_callback(self, call):
        pass


class Timer:
    def __init__(self, seconds, call):
        self.seconds, self.call, self.cancelled = seconds, call, False

    def cancel(self):
        self.cancelled = True


class Transport(asyncio.Transport):
    aborted = False

    def abort(self):
        self.aborted = True

    def close(self):
        pass

    def is_closing(self):
        return self.aborted


@pytest.fixture
def connection():
    """A connection whose timers run when a test calls them: (protocol, transport, loop)."""

    async def app(scope, receive, send):
        """Never answers."""

    config = uvicorn.Config(app, http=DeadlineProtocol, log_config=None)
    config.load()
    loop, transport = Loop(), Transport()
    protocol = DeadlineProtocol(config, ServerState(), {}, loop)
    protocol.connection_made(transport)
    return protocol, transport, loop


def test_connection_is_closed_after_fifteen_seconds_without_complete_headers(connection):
    protocol, transport, loop = connection
    protocol.data_received(b"GET / HT")
    protocol.data_received(b"TP/1.1\r\nHost:")
    (timer,) = loop.running()
    assert timer.seconds == 15
    timer.call()
    assert transport.aborted


def test_connection_is_closed_after_thirty_seconds_without_complete_body(connection):
    protocol, transport, loop = connection
    protocol.data_received(b"POST /api/images HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc")
    protocol.data_received(b"def")
    (timer,) = loop.running()
    assert timer.seconds == 30
    timer.call()
    assert transport.aborted


def test_complete_request_has_no_deadline(connection):
    protocol, _, loop = connection
    protocol.data_received(REQUEST)
    assert loop.running() == []


def test_lost_connection_has_no_deadline(connection):
    protocol, _, loop = connection
    protocol.connection_lost(None)
    assert loop.running() == []


def test_idle_connection_has_the_deadline_of_the_next_headers():
    """After a response the headers of the next request have their own deadline, also where it arrived already."""
    with sepviz("import sepviz.web.server; sepviz.web.server.HEADERS_SECONDS = 1") as own:
        assert spoken(own, REQUEST + REQUEST + b"GET / HT", half_close=False).count(b"HTTP/1.1 200") == 2


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="needs Linux")
def test_connection_is_dropped_when_client_reads_nothing_of_a_large_response():
    query = "in_channels=64&out_channels=128&size=128&weights=random&stages=pointwise"  # 8 MiB
    with (
        sepviz("import sepviz.web.server; sepviz.web.server.RESPONSE_STALL_SECONDS = 0.5") as own,
        socket.create_connection(("127.0.0.1", own.port), timeout=60) as client,
    ):
        client.sendall(f"GET /api/tensors?{query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert client.recv(12, socket.MSG_PEEK) == b"HTTP/1.1 200"
        address = client.getsockname()
        until(lambda: address not in [each.raddr for each in psutil.Process(own.pid).net_connections()], 60)
        assert spoken(own, REQUEST).startswith(b"HTTP/1.1 200")


def test_request_is_answered_beside_stalled_clients(server):
    stalled = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(200)]
    try:
        for each in stalled:
            each.sendall(b"GET / HTTP/1.1\r\nHost: local")
        assert httpx2.get(f"{server.url}/healthz", timeout=60).status_code == 200
    finally:
        for each in stalled:
            each.close()


def test_sigterm_lets_running_requests_finish():
    queries = [f"seed={seed}&in_channels=64&out_channels=64&weights=random&channels=0-7" for seed in range(8)]
    with sepviz() as own, ThreadPoolExecutor(len(queries)) as asking:
        process = psutil.Process(own.pid)
        until(lambda: len(worker_processes(own.pid)) == 2, 60)
        workers = worker_processes(own.pid)
        for each in workers:
            each.suspend()  # no job ends before the signal
        answers = [asking.submit(httpx2.get, f"{own.url}/api/tensors?{query}", timeout=60) for query in queries]
        # Two are being computed.
        waiting = rf"^sepviz_queue_length {len(queries) - 2}"
        while not re.search(waiting, metrics(own.port), re.MULTILINE):
            pass
        process.terminate()
        for each in workers:
            each.resume()
        found = [each.result() for each in answers]
        process.wait(timeout=60)
    assert [each.status_code for each in found] == [200] * len(queries)
    assert len({len(each.content) for each in found}) == 1


def test_unfinished_request_is_answered_503_when_shutdown_time_is_over():
    with (
        sepviz("import sepviz.web.server; sepviz.web.server.SHUTDOWN_SECONDS = 1") as own,
        socket.create_connection(("127.0.0.1", own.port), timeout=60) as stalled,
    ):
        stalled.sendall(
            b"POST /api/images HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
            b"Content-Length: 1000\r\n\r\n--x\r\n"
        )
        assert spoken(own, REQUEST).startswith(b"HTTP/1.1 200")
        os.kill(own.pid, signal.SIGTERM)
        with stalled.makefile("rb") as said:
            answer = said.read()
    assert answer.startswith(b"HTTP/1.1 503")
    assert b"retry-after: 2" in answer.lower()
    assert b"application/problem+json" in answer


def metrics(port):
    return httpx2.get(f"http://127.0.0.1:{port}/metrics", timeout=60).text
