"""What is turned away before it is parsed: only what is computed, only whole, and only while the loop is late."""

import json
import time

import h11
import pytest

from app.compute import Compute
from app.routes import pressure
from app.routes.pressure import CROWD, CROWDED, LATE_S, TOO_LATE_S, Pressure
from tests.test_server import Transport, watched  # noqa: F401 - a fixture

VIEW = b"GET /view?kernel_size=5 HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def late(monkeypatch):
    """`late(seconds, waiting)` is the pressure of a loop that is so late while a share of the queue is taken."""
    compute = Compute(1, 10, 1, 0, 1)
    monkeypatch.setattr(Compute, "waiting", property(lambda self: len(self._waiting)))

    def made(seconds, share):
        compute._waiting = dict.fromkeys(range(round(share * compute.queue)))
        found = Pressure(compute)
        found._due = time.monotonic() - seconds
        return found

    yield made
    compute._waiting = {}
    compute.close()


def parsed(answer):
    """The answer as an HTTP library reads it."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "localhost")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(answer)
    head, body, end = connection.next_event(), connection.next_event(), connection.next_event()
    assert isinstance(end, h11.EndOfMessage)
    assert connection.trailing_data == (b"", False)
    return head.status_code, dict(head.headers), json.loads(bytes(body.data))


@pytest.mark.parametrize(
    ("seconds", "share", "begun", "away"),
    [
        (0, 1, CROWD, False),
        (2 * LATE_S, CROWDED / 2, CROWD, False),
        (2 * LATE_S, CROWDED, 0, True),
        (2 * TOO_LATE_S, 0, CROWD, True),
        (100 * TOO_LATE_S, 0, CROWD - 1, False),
    ],
)
def test_late_and_crowded_or_very_late(late, seconds, share, begun, away):
    found = late(seconds, share)
    assert (found.refusal(VIEW, begun) is not None) == away
    assert found._compute.counts.turned_away == away


def test_the_answer_is_a_problem_that_says_when_to_come_again(late):
    status, headers, document = parsed(late(1, 1).refusal(VIEW, 0))
    assert status == 503
    assert headers[b"content-type"] == b"application/problem+json"
    assert headers[b"cache-control"] == b"no-store"
    assert headers[b"access-control-allow-origin"] == b"*"
    assert 1 <= int(headers[b"retry-after"]) <= 10
    assert document["status"] == 503
    assert f"try again in {int(headers[b'retry-after'])} s" in document["detail"]


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
        VIEW.replace(b"Host", b"Content-Length: 9\r\nHost"),
        VIEW.replace(b"Host", b"transfer-encoding: chunked\r\nHost"),
        VIEW.replace(b"Host", b"Connection: close\r\nHost"),
        VIEW.replace(b"1.1", b"1.0"),
    ],
)
def test_everything_else_is_heard(late, request_):
    assert late(1, 1).refusal(request_, CROWD) is None


def test_a_quiet_connection_is_answered_and_stays_open(watched):  # noqa: F811
    protocol, transport, _ = watched
    written, shown = [], []
    transport.write = written.append
    protocol._turn_away = lambda data, _: shown.append(data) or b"answer"
    protocol.data_received(VIEW[:20])
    assert (shown, written) == ([VIEW[:20]], [b"answer"])
    protocol._turn_away = lambda *_: None
    protocol.data_received(VIEW[:20])  # half a request is being read: what comes now is the rest of it
    protocol._turn_away = lambda data, _: shown.append(data) or b"answer"
    protocol.data_received(VIEW[20:])
    assert len(written) == 1
    assert not transport.aborted


def test_the_prefixes_are_those_of_routes():
    from app.main import create_app

    paths = set(create_app().openapi()["paths"])
    assert {each.removeprefix(b"GET ").removesuffix(b"?").decode() for each in pressure.COMPUTED} <= paths
