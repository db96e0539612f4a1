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
from app.routes.responses import tagged

COMPUTED = (b"GET /view?", b"GET /api/tensors?")
MOST_KNOWN = 4096  # addresses
LATE_S = 0.02
# So late, with so many requests begun, it is by requests alone: many of those who ask have left before they are heard,
# and the queue stays short.
TOO_LATE_S = 0.05
CROWD = 32
BEAT_S = 0.01
_END = b"\r\n\r\n"
# What has one of these wants more than an answer: what it holds is compared, a body is read, or the connection closed
# (but for `_USUAL`, which wants nothing). It is parsed.
_MORE = tuple(
    b"\r\n" + name
    for name in (
        b"if-none-match:",
        b"content-length:",
        b"transfer-encoding:",
        b"connection:",
        b"expect:",
        b"upgrade:",
        b"range:",
    )
)


_USUAL = b"\r\nconnection: keep-alive\r\n"


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
        self._known: LRUCache[bytes, _Known] = LRUCache(MOST_KNOWN)

    def start(self) -> None:
        """Begin to watch the loop."""
        # Not by the loop's own time, which may stand still while it is at work.
        self._due = time.monotonic() + BEAT_S
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
        if b"GET %s?" % scope["raw_path"] not in COMPUTED:
            return
        self._known[scope["raw_path"] + b"?" + scope["query_string"]] = _Known(key, cache)

    def at_once(self, request: bytes, begun: int) -> bytes | None:
        """The whole answer to a whole request, while `begun` others go on; None: it is to be parsed."""
        late = self.late_s
        # Where the loop is late, whoever is begun and waits for no job is still to be parsed, and may want a place.
        coming = begun - self._compute.watching if late >= LATE_S else 0
        full = self._compute.waiting + coming >= self._compute.queue
        if (late < LATE_S and not full) or not _is_plain(request):
            return None
        known = self._known.get(request.split(b" ", 2)[1])
        if known and self._is_ours(request) and (answer := self._kept(known)):
            return answer
        too_late = late >= TOO_LATE_S and begun >= CROWD
        if too_late or (full and not (known and self._compute.expected(known.key))):
            return self._refusal()
        return None

    def _kept(self, known: _Known) -> bytes | None:
        encoded = self._compute.kept(known.key)
        if encoded is None:
            return None
        return _whole(HTTPStatus.OK, encoded.media_type, encoded.body, EVERYWHERE | tagged(known.key, known.cache))

    def _refusal(self) -> bytes:
        self._compute.counts.turned_away += 1
        busy = self._compute.busy()
        status = HTTPStatus.SERVICE_UNAVAILABLE
        document = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": str(busy)}
        more = {"Retry-After": str(busy.retry_after), "Cache-Control": "no-store"}
        return _whole(status, "application/problem+json", json.dumps(document).encode(), EVERYWHERE | more)

    def _is_ours(self, request: bytes) -> bool:
        _, _, rest = request.lower().partition(b"\r\nhost:")
        name = re.sub(r":\d*$", "", rest.partition(b"\r\n")[0].strip().decode("latin-1"))
        return "*" in self._hosts or name in self._hosts


def _is_plain(request: bytes) -> bool:
    """Whether it is one whole request for something that is computed, and asks for no more than that."""
    if not request.startswith(COMPUTED) or request.find(_END) != len(request) - len(_END):
        return False
    folded = request.lower().replace(_USUAL, b"\r\n")
    return b" http/1.1\r\n" in folded and folded.count(b"\r\nhost:") == 1 and not any(each in folded for each in _MORE)


def _whole(status: HTTPStatus, media_type: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    told = {"Date": formatdate(usegmt=True), "Content-Type": media_type, "Content-Length": str(len(body)), **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"HTTP/1.1 {status.value} {status.phrase}\r\n{lines}\r\n".encode() + body
