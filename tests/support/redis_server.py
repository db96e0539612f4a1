"""Debian's redis-server as a process of its own, which can be stopped, killed and started again."""

import shutil
import signal
import subprocess
from pathlib import Path
from threading import Event
from time import monotonic

from redis import Redis, RedisError

from tests.support.sepviz_server import free_port

START_WITHIN_S = 20
PASSWORD = "open:sesame@redis"  # noqa: S105 - of a server that lives as long as a test
QUOTED = "open%3Asesame%40redis"


class RedisServer:
    """Listens on a free port of 127.0.0.1 and writes nothing to disk."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://:{QUOTED}@127.0.0.1:{self.port}/0"
        self.client = Redis.from_url(self.url, socket_timeout=60)
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Until it answers, if it does not run already."""
        if self._process is not None:
            return
        program = shutil.which("redis-server")
        assert program, "no redis-server on PATH; on Debian or Ubuntu: sudo apt-get install redis-server"
        options = {"port": self.port, "bind": "127.0.0.1", "save": "", "appendonly": "no", "dir": self._folder}
        given = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        self._process = subprocess.Popen(
            [program, *given, "--requirepass", PASSWORD], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until(self._answers, START_WITHIN_S)

    def kill(self) -> None:
        """At once, with all that it keeps."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """It takes connections and answers nothing."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        assert self._process
        self._process.send_signal(signal.SIGCONT)

    def _answers(self) -> bool:
        assert self._process
        assert self._process.poll() is None, "redis-server ended before it answered"
        try:
            return bool(self.client.ping())
        except RedisError:
            return False


def until(holds, seconds: float) -> None:
    """Asks again and again, so long at most."""
    end = monotonic() + seconds
    while not holds():
        assert monotonic() < end, f"it did not come to hold in {seconds} s"
        Event().wait(0.02)
