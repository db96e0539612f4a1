"""What is answered before it is parsed: only what is computed, only whole, and only under pressure."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime

import h11
import pytest
from fastapi import Request
from starlette.testclient import TestClient

from app.compute.admission import Counts
from app.encoders import Encoded
from app.errors import Busy
from app.routes import pressure
from app.routes.pressure import CROWD, LATE_S, TOO_LATE_S, Pressure
from app.routes.responses import CACHED
from tests.here import create_app
from tests.test_server import Transport, running, watched  # noqa: F401 - a fixture

VIEW = b"GET /view?kernel_size=5 HTTP/1.1\r\nHost: localhost\r\n\r\n"
QUEUE = 64


class Compute:
    """What pressure asks of the real one."""

    queue = QUEUE

    def __init__(self, waiting=0, kept=None, expected=()):
        self.waiting, self._kept, self._expected = waiting, kept or {}, expected
        self.counts = Counts()

    def kept(self, key):
        return self._kept.get(key)

    def expected(self, key):
        return key in self._expected

    def busy(self):
        return Busy("the server is busy: 64 computations wait already; try again in 3 s", 3)


class Late(Pressure):
    late_s = 0.0


def late(seconds, hosts=("localhost",), coming=0, strained=True, **compute):
    """The pressure of a loop that is so late; it has heard `VIEW`, whose result has the key `v`.

    So many requests for other results are still to be parsed.
    """
    found = Late(Compute(**compute), hosts)
    for _ in range(coming):
        assert found.at_once(VIEW) is None
    found.late_s, found._strained = seconds, strained
    scope = {"type": "http", "raw_path": b"/view", "query_string": b"kernel_size=5"}
    found.heard(Request(scope), "v", CACHED)
    return found


def parsed(answer):
    """The answer, head and body, as an HTTP library reads it."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "localhost")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(b"".join(answer))
    head, body, end = connection.next_event(), connection.next_event(), connection.next_event()
    assert isinstance(end, h11.EndOfMessage)
    assert connection.trailing_data == (b"", False)
    return head.status_code, dict(head.headers), bytes(body.data)


@pytest.mark.parametrize(
    ("seconds", "waiting", "coming", "away"),
    [
        (0, QUEUE - 1, 0, False),
        (0, QUEUE, 0, True),
        (0, QUEUE // 2, QUEUE // 2, True),  # those that are still to be parsed come first
        (2 * LATE_S, 0, CROWD, False),
        (2 * TOO_LATE_S, 0, CROWD, True),
        (100 * TOO_LATE_S, 0, CROWD - 1, False),
    ],
)
def test_where_there_is_no_place_or_the_loop_is_very_late(seconds, waiting, coming, away):
    found = late(seconds, coming=coming, waiting=waiting)
    assert (found.at_once(VIEW) is not None) == away
    assert found._compute.counts.turned_away == away


def test_one_crowd_alone_finds_room_in_the_queue():
    assert late(2 * TOO_LATE_S, coming=CROWD, strained=False).at_once(VIEW) is None
    assert late(2 * TOO_LATE_S, coming=QUEUE, strained=False).at_once(VIEW) is not None


def test_what_was_parsed_before_the_last_beat_comes_no_more():
    found = late(0, coming=QUEUE - 1)

    async def beat():
        found.start()
        found.stop()

    # In a thread of its own: the browser's tests leave an event loop running in this one.
    with ThreadPoolExecutor(1) as apart:
        apart.submit(asyncio.run, beat()).result()
    assert found._coming == 0


def test_what_is_on_its_way_is_joined_unless_the_loop_is_very_late():
    assert late(0, waiting=QUEUE, expected=["v"]).at_once(VIEW) is None
    assert late(0, waiting=QUEUE, expected=["w"]).at_once(VIEW) is not None
    assert late(2 * TOO_LATE_S, coming=CROWD, expected=["v"]).at_once(VIEW) is not None


def test_the_answer_is_a_problem_that_says_when_to_come_again():
    status, headers, body = parsed(late(1, waiting=QUEUE).at_once(VIEW))
    document = json.loads(body)
    assert status == 503
    assert headers[b"content-type"] == b"application/problem+json"
    assert headers[b"cache-control"] == b"no-store"
    assert headers[b"access-control-allow-origin"] == b"*"
    assert headers[b"retry-after"] == b"3"
    assert document["status"] == 503
    assert "try again in 3 s" in document["detail"]


def test_what_is_kept_is_answered_with_the_very_headers_of_the_route():
    with TestClient(create_app(), base_url="http://localhost") as client:
        pressure = client.app.state.services.pressure
        pressure.stop()
        plain = client.get("/view?size=8")
        assert plain.headers["content-type"] == "application/octet-stream"
        request = b"GET /view?size=8 HTTP/1.1\r\nhost: localhost:8000\r\n\r\n"
        pressure._due = float("inf")
        assert pressure.at_once(request) is None, "the loop is not late"
        pressure._due = float("-inf")
        status, headers, body = parsed(pressure.at_once(request))
        assert (status, body) == (200, plain.content)
        told = {name.decode(): value.decode() for name, value in headers.items()}
        assert parsedate_to_datetime(told.pop("date")), "which uvicorn adds to what the app answers"
        assert told == dict(plain.headers)
        for other in (b"GET /view?size=9", b"GET /view?size=8&"):
            assert pressure.at_once(request.replace(b"GET /view?size=8", other)) is None


KEPT = {"v": Encoded(b"kept", "text/plain")}


@pytest.mark.parametrize(
    ("hosts", "host", "ours"),
    [
        (["localhost"], b"localhost", True),
        (["localhost"], b"LOCALHOST:8000", True),
        (["localhost"], b"evil.example", False),
        (["localhost"], b"localhost.evil.example", False),
        (["localhost"], b"", False),
        (["*"], b"anything", True),
        (["[::1]"], b"[::1]:8000", True),
        (["Sepviz.example.org"], b"sepviz.example.org", True),
    ],
)
def test_what_is_kept_is_for_those_who_know_the_name(hosts, host, ours):
    request = VIEW.replace(b"localhost", host)
    assert (late(2 * LATE_S, hosts, kept=KEPT).at_once(request) is not None) == ours


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /diagrams/cost.svg HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /api/images HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /viewer?a=1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        VIEW[:-1],
        VIEW + VIEW,
        VIEW + b"x",
        VIEW.replace(b"\r\nHost", b"\r\nHost: evil.example\r\nHost"),
        VIEW.replace(b"Host", b"If-None-Match: *\r\nHost"),
        VIEW.replace(b"Host", b"X: 1\nContent-Length: 43\r\nHost"),
        VIEW.replace(b"Host", b"X: 1\nTransfer-Encoding: chunked\r\nHost"),
        VIEW.replace(b"Host", b"X: 1\nIf-None-Match: *\r\nHost"),
        VIEW.replace(b"Host", b"Content-Length : 5\r\nHost"),
        VIEW.replace(b"Host", b"X bad\r\nHost"),
        VIEW.replace(b"Host", b": empty\r\nHost"),
        VIEW.replace(b"Host", b"X: a\0b\r\nHost"),
        VIEW.replace(b"Host", b" folded: 1\r\nHost"),
        VIEW.replace(b"\r\n\r\n", b"\r\n .evil.example\r\n\r\n"),
        VIEW.replace(b"HTTP/1.1", b"http/1.1"),
        VIEW.replace(b"HTTP/1.1", b"foo HTTP/1.1"),
        VIEW.replace(b"HTTP/1.1\r\n", b"HTTP/1.0\r\nX: http/1.1\r\n"),
        VIEW.replace(b"Host", b"Connection: keep-alive\r\nConnection: close\r\nHost"),
        b"GET /view?kernel_size=5 HTTP/1.1\r\n\r\n",
        VIEW.replace(b"Host", b"Content-Length: 9\r\nHost"),
        VIEW.replace(b"Host", b"transfer-encoding: chunked\r\nHost"),
        VIEW.replace(b"Host", b"Connection: close\r\nHost"),
        VIEW.replace(b"Host", b"connection:close\r\nHost"),
        VIEW.replace(b"Host", b"Connection: keep-alive, close\r\nHost"),
        VIEW.replace(b"1.1", b"1.0"),
    ],
)
def test_everything_else_is_heard(request_):
    assert late(1, waiting=QUEUE, kept=KEPT).at_once(request_) is None


def test_a_quiet_connection_is_answered_and_stays_open(watched):  # noqa: F811
    protocol, transport, _ = watched
    written, shown = [], []
    transport.write = written.append
    protocol._at_once = lambda data: shown.append(data) or (b"head", b"body")
    protocol.data_received(VIEW[:20])
    assert (shown, written) == ([VIEW[:20]], [b"head", b"body"])
    protocol._at_once = lambda _: None
    protocol.data_received(VIEW[:20])  # half a request is being read: what comes now is the rest of it
    protocol._at_once = lambda data: shown.append(data) or (b"head", b"body")
    protocol.data_received(VIEW[20:])
    assert written == [b"head", b"body"]
    assert not transport.aborted


def test_an_answer_at_once_begins_the_waiting_anew(watched):  # noqa: F811
    protocol, transport, loop = watched
    transport.write = lambda _: None
    protocol._at_once = lambda _: (b"head", b"body")
    for _ in range(3):
        before = running(loop)
        protocol.data_received(VIEW)
        assert all(timer.cancelled for timer in before)
        assert sorted(timer.seconds for timer in running(loop)) == [5, 15]


def test_who_takes_no_answer_gets_no_more_at_once(watched):  # noqa: F811
    protocol, transport, _ = watched
    written = []
    transport.write = written.append
    protocol._at_once = lambda _: (b"head", b"body")
    transport.untaken = 1
    protocol.data_received(VIEW)
    assert b"head" not in written


def test_the_prefixes_are_those_of_routes():
    paths = set(create_app().openapi()["paths"])
    assert {each.decode() for each in pressure.COMPUTED} <= paths
