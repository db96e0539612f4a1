"""What is turned away before it is parsed: to refuse a thousand a second in words would take all there is."""

import asyncio
import json
import time
from http import HTTPStatus

from app.compute import Compute

# To parse a request, find its route and refuse it takes a millisecond; this takes a fiftieth of it. Only what is
# computed is turned away, and of that what is known already is lost too, for as long as the loop is late.
COMPUTED = (b"GET /view?", b"GET /api/tensors?")
LATE_S = 0.02
CROWDED = 0.5  # of the queue
# So late, with so many requests begun, it is by requests alone: many of those who ask have left before they are heard,
# and the queue stays short.
TOO_LATE_S = 0.05
CROWD = 32
BEAT_S = 0.01
_END = b"\r\n\r\n"
# What has one of these wants more than an answer: a body is read, or the connection closed. It is parsed.
_MORE = (b"\r\ncontent-length:", b"\r\ntransfer-encoding:", b"\r\nconnection: close", b"\r\nexpect:", b"\r\nupgrade:")


class Pressure:
    """Whether the event loop is late while many wait; `start` is called in it."""

    def __init__(self, compute: Compute) -> None:
        self._compute = compute
        self._due = float("inf")
        self._timer: asyncio.TimerHandle | None = None

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

    def refusal(self, request: bytes, begun: int) -> bytes | None:
        """The whole answer to a whole request that is turned away while `begun` others go on; None: it is heard."""
        late = self.late_s
        crowded = self._compute.waiting >= CROWDED * self._compute.queue
        if late < LATE_S or not (crowded or (late >= TOO_LATE_S and begun >= CROWD)):
            return None
        if not request.startswith(COMPUTED) or request.find(_END) != len(request) - len(_END):
            return None
        folded = request.lower()
        if b" http/1.1\r\n" not in folded or any(each in folded for each in _MORE):
            return None
        self._compute.counts.turned_away += 1
        busy = self._compute.busy()
        status = HTTPStatus.SERVICE_UNAVAILABLE
        document = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": str(busy)}
        body = json.dumps(document).encode()
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/problem+json\r\n"
            f"Content-Length: {len(body)}\r\nRetry-After: {busy.retry_after}\r\nCache-Control: no-store\r\n"
            "Access-Control-Allow-Origin: *\r\nX-Content-Type-Options: nosniff\r\n\r\n"
        )
        return head.encode() + body
