"""Every route with every parameter that the app itself describes, each given what it is not meant to be given.

Most cases go into the app in this process, as a server hands them over; a part goes over the wire.
"""

import asyncio
import html
import json
import logging
import random
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote

from fastapi import FastAPI
from sepviz.web.app import create_app

from tests.soak.values import NESTED, UNKNOWN, hostile, legal
from tests.soak.verdict import faultless
from tests.support.client import Connection
from tests.support.sepviz_server import Server
from tests.support.table import Row

CASES, OVER_THE_WIRE = 20_000, 2_000
MOST_OF_A_PROBLEM = 4096
AT_ONCE = 4
PATHS = {
    "name": ("separable", "cost", "ratio"),
    "form": ("svg", "png", "pdf"),
    "stage": ("input", "depthwise"),
    "channel": ("0", "2"),
}
# A part of a path that holds one of these is another path.
NOT_IN_A_PATH = re.compile(rb"%2[Ff]|[?#\s/\x00-\x20\x7f-\xff]")
FORMS = (b"", b"x" * 100, b"--b--\r\n", b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--b--\r\n')
TYPES = (b"multipart/form-data; boundary=b", b"multipart/form-data", b"application/json", b"text/plain", b"")


class Case(NamedTuple):
    """One request, and the names that stand in it; in a path, those of the path's parts."""

    method: str
    path: bytes
    query: bytes
    names: frozenset[str]
    body: bytes = b""
    media_type: bytes = b""

    @property
    def told(self) -> str:
        return f"{self.method} {self.path.decode('latin-1')}?{self.query[:200].decode('latin-1')}"


class Reply(NamedTuple):
    status: int
    headers: dict[bytes, bytes]
    body: bytes


def cases(document: dict[str, Any], count: int, seed: int) -> Iterator[Case]:
    """As many cases, the same for the same seed; every route comes as often as any other."""
    operations = [
        (method.upper(), path, found.get("parameters", []))
        for path, methods in document["paths"].items()
        for method, found in methods.items()
    ]
    operations += [("GET", path, []) for path in ("/healthz", "/metrics", "/nosuch", "/static/nosuch", "/docs")]
    for number in range(count):
        rng = random.Random(f"{seed}-{number}")
        yield _case(rng, *operations[number % len(operations)])


def _case(rng: random.Random, method: str, path: str, parameters: list[dict[str, Any]]) -> Case:
    names, pairs = set(), []
    for place in re.findall(r"{(\w+)}", path):
        value = hostile(rng) if rng.random() < 0.2 else rng.choice(PATHS[place])
        if NOT_IN_A_PATH.search(value.encode()) or not value or len(value) > 1000:
            value = rng.choice(PATHS[place])
        path = path.replace(f"{{{place}}}", value)
        names.add(place)
    asked = [each for each in parameters if each["in"] == "query"]
    for each in rng.sample(asked, min(len(asked), rng.randint(0, 4))):
        names.add(each["name"])
        value = hostile(rng) if rng.random() < 0.4 else legal(rng, each["schema"])
        pairs.append(f"{each['name']}{rng.choice(NESTED) if rng.random() < 0.03 else ''}={value}")
        if rng.random() < 0.03:
            pairs.append(pairs[-1])
    if rng.random() < 0.05:
        pairs.append(f"{rng.choice(UNKNOWN)}={hostile(rng)}")
    query = rng.choice(("&", "&", "&", "&&", ";")).join(pairs).encode("utf-8", "surrogateescape")
    # Over the wire these would end the line; in an address they are quoted.
    query = re.sub(rb"[\x00-\x20\x7f]", b"%20", query)
    if method == "POST":
        return Case(method, path.encode(), query, frozenset(names), rng.choice(FORMS), rng.choice(TYPES))
    return Case(method, path.encode(), query, frozenset(names))


def judged(case: Case, reply: Reply) -> str | None:
    """What is wrong with the answer, or None."""
    status, headers, body = reply
    if status >= 500 and not (status == 503 and b"retry-after" in headers):
        # An address that asks for a format of oEmbed that is not made: the standard says 501.
        return None if status == 501 and case.path == b"/oembed" else f"{case.told}: {status}"
    if status < 400:
        return None
    kind = headers.get(b"content-type", b"").decode()
    if kind.startswith("application/problem+json"):
        return _document(case, status, body)
    if kind == "image/png":
        return None if body.startswith(b"\x89PNG") else f"{case.told}: a PNG that is none"
    return _words(case, status, kind, body)


def _document(case: Case, status: int, body: bytes) -> str | None:
    if len(body) > MOST_OF_A_PROBLEM:
        return f"{case.told}: a problem of {len(body)} bytes"
    problem = json.loads(body, parse_constant=lambda name: f"{name} in JSON")
    if problem.get("status") != status:
        return f"{case.told}: says {problem.get('status')}, is {status}"
    named = {each["parameter"] for each in problem.get("errors", ())}
    if status in (404, 405) and not case.names:
        return None  # there is no such route, and nothing that could be named
    missing = status in (404, 405) and b"nosuch" in case.path
    return None if named or missing else f"{case.told}: {status}, names nothing"


def _words(case: Case, status: int, kind: str, body: bytes) -> str | None:
    """A figure or the page; its words have the name of a parameter that was given or of one that does not fit it."""
    text = html.unescape(body.decode())
    if not kind.startswith(("image/svg+xml", "text/html")):
        return f"{case.told}: {status} as {kind or 'nothing'}"
    given = {unquote(part.partition("=")[0]) for part in case.query.decode("latin-1").split("&")}
    known = case.names | given | {"kernel_size", "query"}
    return None if any(name[:20] in text for name in known if name) else f"{case.told}: {status}, names nothing"


async def _into_app(app: FastAPI, case: Case) -> Reply:
    """One request, as a server hands it over."""
    headers = [(b"host", b"127.0.0.1"), (b"content-type", case.media_type), (b"content-length", b"%d" % len(case.body))]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": case.method, "scheme": "http",
        "path": unquote(case.path.decode("latin-1")), "raw_path": case.path, "query_string": case.query,
        "root_path": "", "headers": headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    messages = [{"type": "http.request", "body": case.body, "more_body": False}]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return messages.pop() if messages else await asyncio.Future()

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return Reply(sent[0]["status"], dict(sent[0]["headers"]), b"".join(each.get("body", b"") for each in sent))


async def in_process(count: int, seed: int = 1) -> tuple[list[str], Counter[int]]:
    """What went wrong, and how often each status came."""
    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # it warns of each broken form
    app = create_app()
    statuses: Counter[int] = Counter()
    faults: list[str] = []
    waiting = cases(app.openapi(), count, seed)

    async def worker() -> None:
        for case in waiting:
            try:
                reply = await _into_app(app, case)
            except Exception as error:  # noqa: BLE001 - whatever comes out of the app would have been a 500
                faults.append(f"{case.told}: {error!r}")
                continue
            statuses[reply.status] += 1
            faults.extend(filter(None, [judged(case, reply)]))

    async with app.router.lifespan_context(app):
        await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    return faults, statuses


async def over_the_wire(server: Server, count: int, seed: int = 2) -> tuple[list[str], Counter[int]]:
    """The same against a running server; its parser may refuse an address as well."""
    statuses: Counter[int] = Counter()
    faults: list[str] = []
    connection = None
    for case in cases(create_app().openapi(), count, seed):
        head = b"%s %s?%s HTTP/1.1\r\nHost: 127.0.0.1\r\n" % (case.method.encode(), case.path, case.query)
        head += b"Content-Type: %s\r\nContent-Length: %d\r\n\r\n" % (case.media_type, len(case.body))
        try:
            connection = connection or await Connection.open(server.port)
            answer = await connection.ask(head + case.body)
        except (OSError, EOFError) as error:
            faults.append(f"{case.told}: {error!r}")
            if connection is not None:
                connection.close()
            connection = None
            continue
        statuses[answer.status] += 1
        # What is no HTTP is refused by the server, before there is a parameter, and the connection is closed.
        if answer.headers.get(b"connection") == b"close":
            connection.close()
            connection = None
        if answer.status != 400 or answer.headers.get(b"content-type", b"").startswith(b"application/problem"):
            faults.extend(filter(None, [judged(case, Reply(answer.status, answer.headers, answer.body))]))
    if connection is not None:
        connection.close()
    return faults, statuses


def rows(server: Server) -> Iterator[Row]:
    for what, work in (
        (f"parameters: {CASES - OVER_THE_WIRE:,} cases", in_process(CASES - OVER_THE_WIRE)),
        (f"  and {OVER_THE_WIRE:,} over the wire", over_the_wire(server, OVER_THE_WIRE)),
    ):
        faults, statuses = asyncio.run(work)
        yield from faultless(what, faults)
        yield Row("  ", ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items())))
