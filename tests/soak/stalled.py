"""A generator: clients that begin a request and never end it; half of them send a byte now and then.

`trickling_bodies` is false behind nginx: it waits for the next byte of a body, not for the last one, and holds a
connection of its own meanwhile, and none of the server's.
"""

import asyncio
import time

HEAD = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
FORM = b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 9999\r\n\r\n--b"
BODY = b"POST /api/images HTTP/1.1\r\nHost: 127.0.0.1\r\n" + FORM
TRICKLE_S = 2.0


async def run(
    port: int, heads: int, bodies: int, patience: float, *, trickling_bodies: bool = True
) -> dict[str, object]:
    """Seconds until each was closed; `faults` are those that were not, within `patience` seconds, and any answer."""
    seen: dict[str, list] = {"head": [], "body": [], "faults": []}
    kinds = [("head", HEAD, True)] * heads + [("body", BODY, trickling_bodies)] * bodies
    await asyncio.gather(
        *(
            _stall(port, kind, begun, may_trickle and number % 2 == 0, patience, seen)
            for number, (kind, begun, may_trickle) in enumerate(kinds)
        )
    )
    return seen


async def _stall(port: int, kind: str, begun: bytes, trickles: bool, patience: float, seen: dict[str, list]) -> None:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError as error:
        seen["faults"].append(f"{kind}: not let in, {error!r}")
        return
    start = time.perf_counter()
    writer.write(begun)
    closed = asyncio.ensure_future(_closed(reader))
    while not closed.done() and time.perf_counter() - start < patience:
        if trickles:
            writer.write(b"a")
        await asyncio.wait([closed], timeout=TRICKLE_S)
    if closed.done():
        seen[kind].append(time.perf_counter() - start)
    else:
        closed.cancel()
        seen["faults"].append(f"{kind}: open after {patience:g} s")
    writer.transport.abort()


async def _closed(reader: asyncio.StreamReader) -> None:
    try:
        while await reader.read(4096):
            pass
    except OSError:
        pass
