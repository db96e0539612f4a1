"""The same checks in Chromium and in Firefox, which Puppeteer drives: `tests/js/browser` has them."""

import json
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import CHROMIUM_ARGS, find_chromium, find_firefox
from tests.support.sepviz_server import ROOT

FOLDER = ROOT / "tests/js"
STOP_WITHIN_S = 30
CHECKS = (
    "every map is painted",
    "formulas are complete",
    "slider changes the layer and the address",
    "theme changes the page and its maps and is remembered",
    "nothing scrolls sideways at 390 pixels",
    "nothing scrolls sideways at 320 pixels",
    "each lens has a tab, an address and a step of the history",
    "cells that feed the cell under the pointer are marked",
    "arrow keys move the cell and the numbers follow",
    "playing fills the output cell by cell",
    "pictures of the composed kernel are loaded",
    "planes of the diagram show the maps",
)


def find_browser(name):
    executable = find_firefox() if name == "firefox" else find_chromium()
    if executable is None and name == "firefox":
        pytest.skip("no Firefox on PATH: make tools installs it")
    assert executable, "no Chromium: make tools installs it"
    return executable


def start(name, server):
    node = shutil.which("node", path=Path(sys.executable).parent)
    assert node, "no Node: make test installs it"
    assert (FOLDER / "node_modules/puppeteer-core").is_dir(), "no Puppeteer: make test installs it"
    browser, arguments = ("firefox", ()) if name == "firefox" else ("chrome", CHROMIUM_ARGS)
    command = [node, FOLDER / "browser/run.js", browser, find_browser(name), server, *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def read(process):
    line = process.stdout.readline()
    assert line, "the browser ended: its errors are on stderr"
    return json.loads(line)


@pytest.fixture(scope="session")
def started(server):
    """Starts each browser once, and returns its process and the names of the checks; stops all at the end."""
    processes = []

    @cache
    def opened(name):
        process = start(name, server)
        processes.append(process)
        return process, read(process)

    yield opened
    for process in processes:
        process.stdin.close()
        try:
            process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


@pytest.fixture(params=["chromium", "firefox"])
def browser_process(request, started):
    return started(request.param)


@pytest.mark.parametrize("check", CHECKS)
def test_page_passes_check_in_each_browser(browser_process, check):
    process, _ = browser_process
    process.stdin.write(f"{check}\n")
    process.stdin.flush()
    problem = read(process)
    assert problem is None, problem


def test_every_check_of_the_script_is_a_test(browser_process):
    _, names = browser_process
    assert names == [*CHECKS]
