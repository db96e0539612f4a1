"""What every test shares: how hypothesis generates, and which browser is driven."""

import os
import shutil
from typing import Any

import pytest
from hypothesis import settings

# No deadline: it would assert how fast this machine is just now. In CI the examples are the same every time.
settings.register_profile("sepviz", deadline=None)
settings.register_profile("ci", settings.get_profile("sepviz"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "sepviz")

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")

CHROMIUM_ARGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",
)


def find_chromium() -> str | None:
    """The browser that CHROMIUM names, or the first one on PATH."""
    names = filter(None, (os.environ.get("CHROMIUM"), *CHROMIUM_NAMES))
    return next(filter(None, map(shutil.which, names)), None)


def find_firefox() -> str | None:
    """The Firefox on PATH: the one of Debian, or another."""
    return shutil.which("firefox-esr") or shutil.which("firefox")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """pytest-playwright's arguments, with the system's Chromium in place of a downloaded one."""
    executable = find_chromium()
    if executable is None:
        pytest.fail(f"no Chromium: none of {', '.join(CHROMIUM_NAMES)} is on PATH; name one with CHROMIUM=/path/to/it")
    return {**browser_type_launch_args, "executable_path": executable, "args": [*CHROMIUM_ARGS]}
