"""A client that costs little: it speaks as much HTTP/1.1 as the server answers, and keeps its connection.

Whoever makes load shares the machine with the server, so that every instruction here is taken from what is measured.
"""

import asyncio
import time
from typing import NamedTuple, Self

NO_ANSWER = (OSError, EOFError)


class CutOff(EOFError):
    """The connection has ended in the middle of an answer."""


class Answer(NamedTuple):
    """What came, headers by their names in small letters, and how long it took from the first byte sent."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes
    ms: float


class Connection:
    """One connection to a port of this machine."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> Self:
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=2**22))

    async def ask(self, request: bytes) -> Answer:
        """The answer, read to its end; raises `OSError` or `EOFError` where the connection ends before."""
        begun = time.perf_counter()
        self._writer.write(request)
        head, *lines = (await self._reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[:-2]
        parts = (line.partition(b": ") for line in lines)
        headers = {name.lower(): value for name, _, value in parts}
        try:
            body = await self._reader.readexactly(int(headers.get(b"content-length", 0)))
        except NO_ANSWER as error:
            raise CutOff(f"in the middle of an answer: {error!r}") from error
        return Answer(int(head.split(b" ", 2)[1]), headers, body, (time.perf_counter() - begun) * 1000)

    def close(self) -> None:
        self._writer.transport.abort()


class Keeping:
    """Asks on one connection, which it keeps; on a new one where the server has closed that meanwhile, as a browser."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection: Connection | None = None

    async def ask(self, request: bytes) -> Answer:
        """The answer, read to its end; raises `OSError` or `EOFError` where the connection ends before."""
        kept, self._connection = self._connection, None
        if kept is not None:
            try:
                return await self._on(kept, request)
            except CutOff:
                raise
            except NO_ANSWER as error:
                if getattr(error, "partial", b""):
                    raise
        return await self._on(await Connection.open(self._port), request)

    async def _on(self, connection: Connection, request: bytes) -> Answer:
        try:
            answer = await connection.ask(request)
        except BaseException:  # cancelled, too: an answer that is half read is nobody's
            connection.close()
            raise
        self._connection = connection
        return answer

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def get(target: str, **headers: str) -> bytes:
    """The request for a path and query."""
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\n{more}\r\n".encode()
