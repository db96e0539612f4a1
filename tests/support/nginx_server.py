"""Debian's nginx as a process of its own, with the nginx.conf that is deployed."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.deployed import DEPLOY
from tests.support.sepviz_server import free_port, serving


def program() -> str:
    # Debian has it where only root looks.
    found = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    assert found, "no nginx on PATH; on Debian or Ubuntu: sudo apt-get install nginx-light"
    return found


def configure(folder: Path, port: int, replicas: list[str], *more: Path) -> list[str]:
    """The command that runs deploy/nginx.conf with what belongs to this machine put in its place.

    Three things are: the port, on 127.0.0.1; /tmp, which is `folder`; and replicas.conf, which has `replicas`.
    """
    text = (DEPLOY / "nginx.conf").read_text()
    assert text.count("listen 8080;") == 1
    assert "include replicas.conf;" in text
    text = text.replace("listen 8080;", f"listen 127.0.0.1:{port};").replace("/tmp/", f"{folder}/")  # noqa: S108
    (folder / "nginx.conf").write_text(text)
    (folder / "replicas.conf").write_text("".join(f"server {each} max_fails=0;\n" for each in replicas))
    for file in more:
        shutil.copy(file, folder)
    # Started by root it would else work as somebody who may not enter the folder.
    user = "user root;" if os.geteuid() == 0 else ""
    return [program(), "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", f"daemon off; {user}"]


def check(command: list[str]) -> str:
    """What nginx has against its configuration: nothing, if it is as it should be."""
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    return "" if checked.returncode == 0 else checked.stderr


@contextmanager
def nginx(folder: Path, replicas: list[str]) -> Iterator[str]:
    """Its address, until the block ends."""
    port = free_port()
    command = configure(folder, port, replicas)
    assert check(command) == ""
    with serving(command, f"http://127.0.0.1:{port}/static/favicon.svg", {}):
        yield f"http://127.0.0.1:{port}"


def send(address: str, path: str) -> socket.socket:
    """A GET that is sent, and whose answer nobody has read yet."""
    port = int(address.rpartition(":")[2])
    client = socket.create_connection(("127.0.0.1", port), timeout=60)
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
    return client


def read(client: socket.socket) -> bytes:
    """The whole answer."""
    with client, client.makefile("rb") as answer:
        return answer.read()
