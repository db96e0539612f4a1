"""The real server as a process of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

import psutil

ROOT = Path(__file__).resolve().parents[2]
MAIN = "from sepviz.cli import main; main()"
COMMAND = (sys.executable, "-c", MAIN)
START_WITHIN_S = 60


class Server(NamedTuple):
    """Where it listens, and its process."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def sepviz(first: str = "", **settings: str) -> Iterator[Server]:
    """Sepviz with its defaults and these `SEPVIZ_*` settings, until the block ends; it begins with `first`, Python."""
    port = free_port()
    command = [sys.executable, "-c", f"{first}\n{MAIN}", "serve", "--port", str(port)]
    with serving(command, f"http://127.0.0.1:{port}/readyz", settings) as process:
        yield Server(port, process.pid)


@contextmanager
def serving(command: list[str], health: str, settings: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The process from when it answers until the block ends."""
    process = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(process, health)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def worker_processes(pid: int) -> list[psutil.Process]:
    """Return the server's workers: each leads a session of its own."""
    return [each for each in _forked(pid) if os.getsid(each.pid) == each.pid]


def decoder_processes(pid: int) -> list[psutil.Process]:
    """Return the server's processes that decode pictures."""
    return [each for each in _forked(pid) if os.getsid(each.pid) != each.pid]


def _forked(pid: int) -> list[psutil.Process]:
    """Return what the server's fork server has started."""
    return [each for child in psutil.Process(pid).children() for each in child.children()]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


def _wait(process: subprocess.Popen[bytes], address: str) -> None:
    until = time.monotonic() + START_WITHIN_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode} before it answered")
        try:
            with urlopen(address, timeout=2):  # noqa: S310 - http, and to this machine
                return
        except (URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError(f"no answer from {address} in {START_WITHIN_S} s")
