"""What the project says of itself in several places is the same in all of them."""

import hashlib
import json
import re
import tomllib
from pathlib import Path

import app

ROOT = Path(__file__).parent.parent
VENDORED = ROOT / "static/vendor/swagger-ui"


def test_the_newest_changelog_entry_is_the_version():
    newest = re.search(
        r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d{2}-\d{2}$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    assert newest
    assert newest[1] == app.__version__


def test_every_dependency_is_pinned():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in pins)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    names = {re.match(r"[\w.-]+", each)[0].lower() for each in wanted}
    assert names <= {pin.split("==")[0].lower() for pin in pins}


def test_the_javascript_lock_names_no_host():
    lock = json.loads((ROOT / "tests/js/package-lock.json").read_text())
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]


def test_vendored_files_are_unchanged():
    sums = dict(line.split()[::-1] for line in (VENDORED / "SHA256SUMS").read_text().splitlines())
    assert {"swagger-ui-bundle.js", "swagger-ui.css"} <= sums.keys()
    assert {name: hashlib.sha256((VENDORED / name).read_bytes()).hexdigest() for name in sums} == sums
    assert (VENDORED / "VERSION").read_text().strip() in (VENDORED.parent / "README.md").read_text()
