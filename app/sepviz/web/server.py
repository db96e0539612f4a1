"""Runs the app in uvicorn, with deadlines for clients that stall and a stop that answers what has begun."""

import asyncio
import logging
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from sepviz.malloc_trimmer import start_malloc_trimmer

HEADERS_SECONDS = 15
BODY_SECONDS = 30
SHUTDOWN_SECONDS = 6  # for the requests in flight
BACKLOG = 2048
# A response of which the client takes nothing for so long is dropped, with its connection, by the kernel.
RESPONSE_STALL_SECONDS = 60
# The interpreter switches from a thread that draws a PNG to the event loop this often where both have work; the
# default, 5 ms, is as long as several responses take.
SWITCH_INTERVAL_SECONDS = 0.001


class DeadlineProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 protocol, which also closes a connection whose headers or body take too long.

    uvicorn documents that `http` may be a protocol class, but not what `H11Protocol` consists of. Used here are its
    `conn`, `loop`, `transport` and `on_response_complete`; pyproject.toml caps uvicorn for their sake.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the deadline for the first request's headers."""
        super().connection_made(transport)
        self._state: object = None  # what h11 expects of the client
        self._deadline: asyncio.TimerHandle | None = None
        self._restart_deadline()

    def data_received(self, data: bytes) -> None:
        """Restart the deadline if the headers or the body are complete now."""
        super().data_received(data)
        self._restart_deadline()

    def on_response_complete(self) -> None:
        """Restart the deadline for the next request, which may have arrived already."""
        super().on_response_complete()
        self._restart_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the deadline."""
        super().connection_lost(exc)
        if self._deadline is not None:
            self._deadline.cancel()

    def _restart_deadline(self) -> None:
        state = self.conn.their_state
        if state is self._state:
            return
        if self._deadline is not None:
            self._deadline.cancel()
        seconds = {h11.IDLE: HEADERS_SECONDS, h11.SEND_BODY: BODY_SECONDS}.get(state)
        self._state = state
        self._deadline = self.loop.call_later(seconds, self.transport.abort) if seconds is not None else None


class Server(uvicorn.Server):
    """Sets `stopping` as soon as a signal arrives; uvicorn tells the app only when all requests are answered."""

    def __init__(self, config: uvicorn.Config, stopping: threading.Event) -> None:
        super().__init__(config)
        self._stopping = stopping

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Set `stopping`, then shut down as uvicorn does."""
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

    `proxies`, addresses and networks separated by commas or `*`, are trusted to set the client's address and scheme.
    """
    start_malloc_trimmer()
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; accepted connections inherit it
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(RESPONSE_STALL_SECONDS * 1000))
    config = uvicorn.Config(
        app,
        http=DeadlineProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        # uvicorn's own default is to trust every proxy on this machine.
        proxy_headers=proxies is not None,
        forwarded_allow_ips=proxies or "",
        backlog=BACKLOG,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        **options,
    )
    # uvicorn finishes the requests in flight and then raises KeyboardInterrupt again; a server stopped by Ctrl+C has
    # not failed.
    with suppress(KeyboardInterrupt):
        Server(config, stopping).run(sockets=[listening])
