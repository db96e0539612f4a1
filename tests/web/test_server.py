"""The server as a process: stalled clients are closed, orders to stop are obeyed, hosts are checked."""

import os
import re
import signal
import socket
from concurrent.futures import ThreadPoolExecutor

import h11
import httpx2
import psutil
import pytest
import sepviz.web.server as server_module
import uvicorn
from sepviz.web.server import MOST_UNTAKEN, DeadlineProtocol
from uvicorn.server import ServerState

from tests.support.sepviz_server import sepviz

REQUEST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture(scope="module")
def server():
    with sepviz() as running:
        yield running


def spoken(server, data):
    """What the server answers to these bytes, until it closes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        answer = b""
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
def test_hosts_and_headers_are_checked(server, head, status):
    assert spoken(server, head).split(b" ", 2)[1] == status


def test_what_may_end_in_two_places_is_refused_and_nothing_behind_it_heard(server):
    head = b"POST /api/images HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = spoken(server, head + b"0\r\n\r\n" + REQUEST)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"connection: close" in answer.lower()
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("chunk", [b"-1\r\n", b"5\r\nabcdefg\r\n", b"zz\r\n"])
def test_a_broken_chunk_is_told_and_leaves_no_traceback(chunk, tmp_path):
    log = tmp_path / "log"
    with sepviz(f"import sys; sys.stderr = open({str(log)!r}, 'w', buffering=1)") as own:
        head = b"POST /api/images HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        assert spoken(own, head + chunk).startswith(b"HTTP/1.1 400")
        assert spoken(own, REQUEST).startswith(b"HTTP/1.1 200")
    assert "Traceback" not in log.read_text()


def test_a_header_without_an_end_is_cut_off(server):
    try:
        answer = spoken(server, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 10_000_000)
    except ConnectionError:  # closed while this was still sending
        return
    assert answer.split(b" ", 2)[1] == b"400"


def test_an_address_that_is_too_long_is_told_so(server):
    answer = spoken(server, b"GET /diagrams/cost.svg?title=" + b"a" * 3000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split(b" ", 2)[1] == b"414"
    assert b"image/svg+xml" in head
    assert b"no-store" in head
    assert b"<svg" in body


class Transport:
    """What an event loop gives a protocol, and remembers what became of it."""

    def __init__(self):
        self.aborted = False
        self.untaken = 0

    def abort(self):
        self.aborted = True

    def get_write_buffer_size(self):
        return self.untaken

    def pause_reading(self):
        """It is not read from; a read that was under way may still come."""

    def add_done_callback(self, call):
        """As a task has it."""

    def get_extra_info(self, _name):
        return None

    def is_closing(self):
        return self.aborted


@pytest.fixture
def watched(monkeypatch):
    """A connection whose clock is turned by hand: (protocol, transport, the seconds of each timer)."""

    class Loop:
        def __init__(self):
            self.timers = []

        def call_later(self, seconds, call):
            timer = type("Timer", (), {"seconds": seconds, "call": staticmethod(call), "cancelled": False})()
            timer.cancel = lambda: setattr(timer, "cancelled", True)
            self.timers.append(timer)
            return timer

        def create_task(self, work):
            work.close()
            return Transport()

    async def app(scope, receive, send):
        """Never answers."""

    config = uvicorn.Config(app, http=DeadlineProtocol, log_config=None)
    config.load()
    loop = Loop()
    protocol = DeadlineProtocol(config, ServerState(), {}, loop)
    transport = Transport()
    protocol.connection_made(transport)
    return protocol, transport, loop


def running(loop):
    return [timer for timer in loop.timers if not timer.cancelled]


def test_a_stalled_head_is_given_fifteen_seconds(watched):
    protocol, transport, loop = watched
    protocol.data_received(b"GET / HT")
    protocol.data_received(b"TP/1.1\r\nHost:")
    (timer,) = running(loop)
    assert timer.seconds == 15
    timer.call()
    assert transport.aborted


def test_a_stalled_body_is_given_thirty_seconds(watched):
    protocol, transport, loop = watched
    protocol.data_received(b"POST /api/images HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc")
    assert protocol.conn.their_state is h11.SEND_BODY
    protocol.data_received(b"def")
    (timer,) = running(loop)
    assert timer.seconds == 30
    timer.call()
    assert transport.aborted


def test_an_answer_that_is_not_taken_is_given_sixty_seconds(watched):
    protocol, _, loop = watched
    protocol.data_received(REQUEST)
    assert [timer.seconds for timer in running(loop)] == [60]


def test_an_answer_that_is_taken_slowly_is_not_cut_off(watched):
    _, transport, loop = watched
    transport.untaken = 1000
    for left in (900, 800):
        running(loop)[-1].call()
        assert not transport.aborted
        assert running(loop)[-1].seconds == 60
        transport.untaken = left
    running(loop)[-1].call()
    assert not transport.aborted
    running(loop)[-1].call()  # a minute in which nothing was taken
    assert transport.aborted


def test_who_takes_nothing_of_a_large_answer_is_cut_off_after_sixty_seconds(watched):
    protocol, transport, loop = watched
    protocol.data_received(REQUEST)
    transport.untaken = 1000
    protocol.pause_writing()
    protocol.cycle.response_complete = True  # all of it is said, and waits
    protocol.on_response_complete()
    assert [timer.seconds for timer in running(loop) if timer.seconds != 5] == [60]
    running(loop)[-1].call()
    assert transport.aborted


def test_who_keeps_most_of_the_answers_for_longest_makes_room(watched, monkeypatch):
    protocol, _, loop = watched
    clock = [0.0]
    monkeypatch.setattr(server_module.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(server_module, "MOST_UNTAKEN", 1000)

    def another():
        one = DeadlineProtocol(protocol.config, protocol.server_state, {}, loop)
        one.connection_made(Transport())
        return one

    def slow(one, bytes_, at):
        clock[0] = at
        one.transport.untaken = bytes_
        one.pause_writing()

    small, large, later, fresh, prompt = (another() for _ in range(5))
    slow(protocol, 600, at=0)
    protocol.resume_writing()
    slow(small, 10, at=1)
    slow(large, 600, at=50)
    prompt.transport.untaken = 600  # not more than a socket takes at once
    slow(later, 600, at=55)
    slow(fresh, 5000, at=60)  # whose size is no reason to cut off more of the others
    cut = [each.transport.aborted for each in (protocol, small, large, later, fresh, prompt)]
    assert cut == [False, False, True, False, False, False]


def test_who_takes_nothing_makes_room_before_who_takes_slowly(watched, monkeypatch):
    protocol, _, loop = watched
    clock = [0.0]
    monkeypatch.setattr(server_module.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(server_module, "MOST_UNTAKEN", 1000)
    steady, stalled, fresh = (DeadlineProtocol(protocol.config, protocol.server_state, {}, loop) for _ in range(3))
    for each, bytes_ in ((steady, 900), (stalled, 300)):
        each.connection_made(Transport())
        each.transport.untaken = bytes_
        each.pause_writing()
    clock[0], steady.transport.untaken = 5.0, 800
    fresh.connection_made(Transport())
    fresh.transport.untaken = 100
    fresh.pause_writing()
    assert [each.transport.aborted for each in (steady, stalled, fresh)] == [False, True, False]


def computed(server):
    return int(re.search(r'^sepviz_jobs_total\{outcome="computed"\} (\d+)', metrics(server.port), re.MULTILINE)[1])


def test_nothing_more_is_computed_for_who_does_not_take_what_there_is(server):
    large = "/api/tensors?in_channels=64&out_channels=128&size=128&weights=random&stages=pointwise&seed="
    asked = [f"GET {large}{seed} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() for seed in (8001, 8002)]
    before = computed(server)
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
        client.sendall(b"".join(asked))
        client.recv(1, socket.MSG_PEEK)
        # What is asked for later is begun later: the second answer would have been computed by now.
        httpx2.get(f"{server.url}/view?size=8&seed=8003", timeout=60).raise_for_status()
        assert computed(server) == before + 2
        with client.makefile("rb") as answers:
            assert [is_whole(answers), is_whole(answers)] == [True, True]
    assert computed(server) == before + 3


def test_who_sends_more_requests_than_fit_behind_an_answer_is_cut_off(watched):
    protocol, transport, _ = watched
    protocol.data_received(REQUEST)
    protocol.data_received(REQUEST * (server_module.MOST_BEHIND // len(REQUEST)))
    assert not transport.aborted
    protocol.data_received(REQUEST * 2)
    assert transport.aborted


def test_answers_that_nobody_takes_do_not_fill_the_memory(server):
    """Four times as many bytes are asked for as may wait: some are cut off, not the last, and others are answered."""
    query = "in_channels=64&out_channels=128&size=128&weights=random&stages=pointwise"
    asking = []
    try:
        for seed in range(4 * MOST_UNTAKEN // (128 * 128 * 128 * 4)):
            client = socket.create_connection(("127.0.0.1", server.port), timeout=60)
            asking.append(client)
            client.sendall(f"GET /api/tensors?{query}&seed={seed} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            assert client.recv(12, socket.MSG_PEEK) == b"HTTP/1.1 200"
        assert httpx2.get(f"{server.url}/healthz", timeout=60).status_code == 200
        whole = [is_whole(each.makefile("rb")) for each in asking]
        assert len(whole) / 8 < sum(whole) < len(whole) * 2 / 3
        assert whole[-1]
    finally:
        for each in asking:
            each.close()


def is_whole(answers):
    """Whether all of the next answer comes, now that it is taken."""
    head = b"".join(iter(answers.readline, b"\r\n"))
    expected = int(re.search(rb"content-length: (\d+)", head)[1])
    try:
        return len(answers.read(expected)) == expected
    except ConnectionError:
        return False


def test_stalled_clients_do_not_keep_others_waiting(server):
    stalled = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(200)]
    try:
        for each in stalled:
            each.sendall(b"GET / HTTP/1.1\r\nHost: local")
        assert httpx2.get(f"{server.url}/healthz", timeout=60).status_code == 200
    finally:
        for each in stalled:
            each.close()


def test_sigterm_answers_what_has_begun():
    queries = [f"seed={seed}&in_channels=64&out_channels=64&weights=random&channels=0-7" for seed in range(8)]
    with sepviz() as own, ThreadPoolExecutor(len(queries)) as asking:
        process = psutil.Process(own.pid)
        (worker,) = (each for each in process.children() if "sepviz.compute.worker" in each.cmdline())
        worker.suspend()  # what begins now does not end before the order to stop
        answers = [asking.submit(httpx2.get, f"{own.url}/api/tensors?{query}", timeout=60) for query in queries]
        # Two are being computed.
        waiting = rf"^sepviz_queue_length {len(queries) - 2}"
        while not re.search(waiting, metrics(own.port), re.MULTILINE):
            pass
        process.terminate()
        worker.resume()
        found = [each.result() for each in answers]
        process.wait(timeout=60)
    assert [each.status_code for each in found] == [200] * len(queries)
    assert len({len(each.content) for each in found}) == 1


def test_what_is_not_done_when_the_server_stops_is_to_be_asked_again():
    with (
        sepviz("import sepviz.web.server; sepviz.web.server.FINISH_WITHIN_S = 1") as own,
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
