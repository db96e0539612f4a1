"""What is answered before it is parsed, under pressure: from what is kept, or that the server is busy.

To parse a request, find its route and answer or refuse it takes a millisecond or two; this takes a twentieth of it.
Only what is computed is answered so, and only while the loop is late or the queue is full.
"""

import asyncio
import json
import re
import time
from collections.abc import Mapping, Sequence
from email.utils import formatdate
from http import HTTPStatus
from typing import NamedTuple

from cachetools import LRUCache
from fastapi import Request

from app.compute import Compute
from app.routes.headers import EVERYWHERE
from app.routes.problems import PROBLEM, UNCACHED, document
from app.routes.responses import tagged

COMPUTED = (b"/view", b"/api/tensors")
MOST_KNOWN = 4096  # addresses
LATE_S = 0.01  # from here on what is kept is answered before it is parsed
# So late, with so many requests to be parsed, it is by requests alone: many of those who ask have left before they are
# heard, and the queue stays short.
TOO_LATE_S = 0.025
CROWD = 16
BEAT_S = 0.01
# A whole request for what is computed, in the strictest form: what two parsers might read in two ways is left to the
# one that there is.
_PLAIN = re.compile(
    rb"GET ((?:/view|/api/tensors)\?[!-~]*) HTTP/1\.1\r\n((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t -~\x80-\xff]*\r\n)+)\r\n"
)
# Who sends one of these wants more than an answer: what it holds is compared, a body is read, the connection closed.
_MORE = {
    b"if-none-match",
    b"content-length",
    b"transfer-encoding",
    b"expect",
    b"upgrade",
    b"range",
}
_USUAL = b"keep-alive"


class _Known(NamedTuple):
    """Of an address: the key of its result, and how long that may be kept."""

    key: str
    cache: str


class Pressure:
    """Sees whether the event loop is late, and answers meanwhile; `start` is called in it.

    `hosts` are the names of this server, `*` for any.
    """

    def __init__(self, compute: Compute, hosts: Sequence[str] = ("*",)) -> None:
        self._compute = compute
        self._hosts = frozenset(host.lower() for host in hosts)
        self._due = float("inf")
        self._timer: asyncio.TimerHandle | None = None
        self._strained = False  # whether it was too late the last time as well: one crowd alone finds room in the queue
        self._coming = 0  # requests that were left to the parser and are not yet heard
        self._known: LRUCache[bytes, _Known] = LRUCache(MOST_KNOWN)

    def start(self) -> None:
        """Begin to watch the loop."""
        self._strained = self.late_s >= TOO_LATE_S
        # Not by the loop's own time, which may stand still while it is at work.
        self._due = time.monotonic() + BEAT_S
        self._coming = 0
        self._timer = asyncio.get_running_loop().call_later(BEAT_S, self.start)

    def stop(self) -> None:
        """No longer."""
        if self._timer is not None:
            self._timer.cancel()

    @property
    def late_s(self) -> float:
        """How many seconds ago the loop should have come to what was due."""
        return max(0.0, time.monotonic() - self._due)

    def heard(self, request: Request, key: str, cache: str) -> None:
        """A good request asks for the result of that key, which may be kept so long."""
        scope = request.scope
        if scope["raw_path"] in COMPUTED:
            self._known[scope["raw_path"] + b"?" + scope["query_string"]] = _Known(key, cache)

    def at_once(self, request: bytes) -> tuple[bytes, bytes] | None:
        """The whole answer, head and body, to a whole request; None: it is to be parsed."""
        plain = _PLAIN.fullmatch(request)
        if plain is None:
            return None
        answer = self._answer(plain[1], plain[2])
        self._coming += answer is None
        return answer

    def _answer(self, target: bytes, lines: bytes) -> tuple[bytes, bytes] | None:
        late = self.late_s
        full = self._compute.waiting + self._coming >= self._compute.queue
        if late < LATE_S and not full:
            return None
        headers = _headers(lines)
        if headers is None or not self._is_ours(headers[b"host"]):
            return None
        known = self._known.get(target)
        if known and (answer := self._kept(known)):
            return answer
        too_late = self._strained and late >= TOO_LATE_S and self._coming >= CROWD
        on_its_way = known is not None and self._compute.expected(known.key)
        return self._refusal() if too_late or (full and not on_its_way) else None

    def _kept(self, known: _Known) -> tuple[bytes, bytes] | None:
        encoded = self._compute.kept(known.key)
        if encoded is None:
            return None
        return _whole(HTTPStatus.OK, encoded.media_type, encoded.body, EVERYWHERE | tagged(known.key, known.cache))

    def _refusal(self) -> tuple[bytes, bytes]:
        self._compute.counts.turned_away += 1
        busy = self._compute.busy()
        status = HTTPStatus.SERVICE_UNAVAILABLE
        told = document(status, str(busy), [])
        more = {"Retry-After": str(busy.retry_after), **UNCACHED}
        return _whole(status, PROBLEM, json.dumps(told).encode(), EVERYWHERE | more)

    def _is_ours(self, host: bytes) -> bool:
        return "*" in self._hosts or re.sub(r":\d*$", "", host.decode("latin-1").lower()) in self._hosts


def _headers(lines: bytes) -> dict[bytes, bytes] | None:
    """The headers by their names in small letters; None where they want more than an answer, or name no one host."""
    headers: dict[bytes, bytes] = {}
    for line in lines.splitlines():
        name, _, value = line.partition(b":")
        name, value = name.lower(), value.strip()
        wants_more = name in _MORE or (name == b"connection" and value.lower() != _USUAL)
        if wants_more or (name == b"host" and name in headers):
            return None
        headers[name] = value
    return headers if b"host" in headers else None


def _whole(status: HTTPStatus, media_type: str, body: bytes, headers: Mapping[str, str]) -> tuple[bytes, bytes]:
    told = {"Date": formatdate(usegmt=True), "Content-Type": media_type, "Content-Length": str(len(body)), **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"HTTP/1.1 {status.value} {status.phrase}\r\n{lines}\r\n".encode(), body
