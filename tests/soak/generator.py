"""What makes load is a process of its own, so that its work does not wait for that of the sections.

It runs on the same cores as the server: times hold for both together, and a machine for the server alone does better.
A generator is a module with `async def run(...)`: arguments and result are JSON.
"""

import asyncio
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from typing import Any

from tests.support.sepviz_server import ROOT

GRACE_S = 60  # for the start of a generator, and for the last answers


class Generator:
    """A module of this package at work; `result` waits for its end."""

    def __init__(self, module: str, within: float, /, **arguments: Any) -> None:
        """Begin; more than `within` seconds and some grace it may not take."""
        command = [sys.executable, "-m", "tests.soak.generator", module, json.dumps(arguments)]
        # Sepviz sets it for its worker processes; here `tests` is found in the working directory.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
        self._until = time.monotonic() + within + GRACE_S
        self._told = tempfile.TemporaryFile()  # noqa: SIM115 - a pipe would fill while nobody reads
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=self._told, env=environment)

    @property
    def running(self) -> bool:
        return self._process.poll() is None and time.monotonic() < self._until

    def result(self) -> dict[str, Any]:
        with self._told as told:
            try:
                code = self._process.wait(max(0, self._until - time.monotonic()))
            finally:
                self._process.kill()
                self._process.wait()
            if code:
                raise RuntimeError(f"the generator ended with {code}")
            told.seek(0)
            return json.load(told)


if __name__ == "__main__":
    work = importlib.import_module(f"tests.soak.{sys.argv[1]}").run(**json.loads(sys.argv[2]))
    print(json.dumps(asyncio.run(work)))
