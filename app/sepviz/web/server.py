"""The server around the app: deadlines on connections, and a stop that answers what has begun.

uvicorn never closes a client that stalls. Its h11 protocol is kept, as it refuses headers over 64 KiB; a clock is
added to it.
"""

import asyncio
import logging
import math
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from types import FrameType
from typing import Any, ClassVar, NamedTuple

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from sepviz.malloc_trimmer import given_back

FINISH_WITHIN_S = 6
BACKLOG = 2048
MOST_UNTAKEN = 64 * 2**20  # bytes, and the newest answer
STANDS_S = 1.0  # who has taken nothing for so long
MOST_BEHIND = 64 * 2**10  # bytes of further requests while one is answered
# libuv, on which uvloop is built, takes one new connection from a socket each time round the loop: where the loop is
# busy, hundreds a second at most, and whoever comes first has long left. From this many copies it takes as many.
DOORS = 64
# The interpreter passes from a thread that draws a PNG to the event loop this often where both have work; the default,
# 5 ms, is as long as several answers take.
SWITCH_S = 0.001


def _nothing() -> None:
    pass


class Kept(NamedTuple):
    """Bytes that a client has still to take, for how many seconds, and whether it has stopped taking them."""

    size: int
    seconds: float
    stands: bool

    @property
    def burden(self) -> tuple[bool, float]:
        """The larger, the sooner it is given up."""
        return self.stands, self.size * self.seconds


class DeadlineProtocol(H11Protocol):
    """A connection that is closed where its client stalls: with a header, with a body, or with taking the answer.

    Answers that are not taken wait in memory. When one more comes to wait and the others are more than `MOST_UNTAKEN`
    bytes together, some are cut off: first who takes nothing, of them who has kept most for longest.
    `freed` is told when what waited is gone.
    """

    seconds: ClassVar[dict[str, float]] = {"head": 15.0, "body": 30.0, "answer": 60.0}

    def __init__(self, *args: Any, freed: Callable[[], None] = _nothing, **options: Any) -> None:
        super().__init__(*args, **options)
        self._freed = freed
        self._slow_since = math.inf  # seconds
        self._seen = 0  # bytes that it had still to take when it was last looked at
        self._moved = 0.0  # when they were last seen to be others than before
        self._judged = 0.0  # since when it has to move

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has come."""
        super().connection_made(transport)
        self._phase = ""
        self._deadline: asyncio.TimerHandle | None = None
        self._enter("head")

    def data_received(self, data: bytes) -> None:
        """The client has sent something; a phase that goes on keeps its deadline."""
        super().data_received(data)
        if self._now() == "answer" and len(self.conn.trailing_data[0]) > MOST_BEHIND:
            self.transport.abort()
        self._enter(self._now())

    def handle_events(self) -> None:
        """Nothing more is begun for who has not taken what there is: it would wait where nobody counts it."""
        if self.is_slow:
            self.flow.pause_reading()
            return
        super().handle_events()

    def send_400_response(self, msg: str) -> None:
        """What has come is no HTTP; where an answer is out already, nothing more can be said.

        Whoever is at work on what came before is told that nobody waits for it.
        """
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
        try:
            super().send_400_response(msg)
        except h11.LocalProtocolError:
            self.transport.close()

    def on_response_complete(self) -> None:
        """An answer is out; the next, where it was asked for already, has a time of its own."""
        self._enter("")
        super().on_response_complete()
        self._enter(self._now())

    def pause_writing(self) -> None:
        """The client takes more slowly than it is given."""
        super().pause_writing()
        self._untaken()
        self._slow_since = self._moved = self._judged = time.monotonic()
        self._make_room()

    def resume_writing(self) -> None:
        """It has taken nearly all of it."""
        super().resume_writing()
        self._freed()
        self._slow_since = math.inf
        if not self.transport.is_closing():
            self.flow.resume_reading()
            self.handle_events()
            self._enter(self._now())

    @property
    def is_slow(self) -> bool:
        """Whether an answer waits to be taken."""
        return self._slow_since < math.inf

    def keeps(self) -> Kept:
        """What waits to be taken."""
        size, now = self._untaken(), time.monotonic()
        return Kept(size, now - self._slow_since, stands=now - self._moved > STANDS_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone."""
        self._enter("")
        super().connection_lost(exc)
        if self.is_slow:
            self._freed()

    def _untaken(self) -> int:
        """How many bytes it has still to take; where they are others than the last time, it moves."""
        size = self.transport.get_write_buffer_size()
        if size != self._seen:
            self._seen, self._moved = size, time.monotonic()
        return size

    def _now(self) -> str:
        if self.conn.their_state is h11.SEND_BODY:
            return "body"
        cycle: RequestResponseCycle | None = self.cycle  # uvicorn's types leave out None, its code does not
        answered = cycle is None or cycle.response_complete
        return "head" if answered and not self.is_slow else "answer"

    def _enter(self, phase: str) -> None:
        if phase == self._phase:
            return
        if self._deadline is not None:
            self._deadline.cancel()
        self._phase = phase
        self._judged = time.monotonic()
        self._deadline = self.loop.call_later(self.seconds[phase], self._close) if phase else None

    def _make_room(self) -> None:
        """Cut off others, who takes nothing first, until what they keep may stay."""
        slow = (each for each in self.connections if isinstance(each, DeadlineProtocol) and each.is_slow)
        others = {each: each.keeps() for each in slow if each is not self}
        while sum(kept.size for kept in others.values()) > MOST_UNTAKEN:
            worst = max(others, key=lambda each: others[each].burden)
            del others[worst]
            worst.transport.abort()

    def _close(self) -> None:
        """Too late, unless an answer is still being taken, however slowly: it is complete when all of it is written."""
        if not self._untaken() or self._moved <= self._judged:
            self.transport.abort()
            return
        self._judged = time.monotonic()
        self._deadline = self.loop.call_later(self.seconds["answer"], self._close)


class Server(uvicorn.Server):
    """Tells the app as soon as it is to stop."""

    def __init__(self, config: uvicorn.Config, stopping: threading.Event) -> None:
        super().__init__(config)
        self._stopping = stopping

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Not ready from now on; what is in flight is answered."""
        self._stopping.set()
        super().handle_exit(sig, frame)


def run(
    app: Callable[..., Any],
    listening: socket.socket,
    stopping: threading.Event,
    proxies: str | None = None,
    **options: Any,
) -> None:
    """Serve the ASGI app on the socket until SIGTERM or Ctrl+C, which set `stopping`; `options` are uvicorn's.

    `proxies`, addresses and networks by comma or `*`, are believed when they say who asks and by which scheme.
    """
    sys.setswitchinterval(SWITCH_S)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    config = uvicorn.Config(
        app,
        http=partial(DeadlineProtocol, freed=given_back()),  # type: ignore[arg-type]  # called, not derived from
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        # uvicorn's own default is to believe whoever is on this machine.
        proxy_headers=proxies is not None,
        forwarded_allow_ips=proxies or "",
        backlog=BACKLOG,
        timeout_graceful_shutdown=FINISH_WITHIN_S,
        **options,
    )
    # uvicorn finishes what is in flight and then passes Ctrl+C on; that is how a server is stopped, no failure.
    with suppress(KeyboardInterrupt), ExitStack() as copies:
        doors = [listening, *(copies.enter_context(listening.dup()) for _ in range(DOORS - 1))]
        Server(config, stopping).run(sockets=doors)
