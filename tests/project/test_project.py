"""What the project says of itself in several places is the same in all of them."""

import hashlib
import json
import re
import threading
import tomllib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import sepviz
from packaging.utils import canonicalize_name

from tests.support.audit import audit
from tests.support.sepviz_server import free_port

ROOT = Path(__file__).parents[2]
VENDORED = ROOT / "static/vendor"


def test_the_newest_changelog_entry_is_the_version():
    newest = re.search(
        r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d{2}-\d{2}$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    assert newest
    assert newest[1] == sepviz.__version__


def test_every_dependency_is_pinned():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in pins)
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project, build = settings["project"], settings["build-system"]
    wanted = [*build["requires"], *project["dependencies"], *project["optional-dependencies"]["test"]]
    names = {canonicalize_name(re.match(r"[\w.-]+", each)[0]) for each in wanted}
    assert names <= {canonicalize_name(pin.split("==")[0]) for pin in pins}


def test_the_javascript_lock_names_no_host():
    lock = json.loads((ROOT / "tests/js/package-lock.json").read_text())
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]


@pytest.mark.parametrize("folder", [each for each in VENDORED.iterdir() if each.is_dir()], ids=lambda each: each.name)
def test_vendored_files_are_unchanged_and_told(folder):
    sums = dict(line.split()[::-1] for line in (folder / "SHA256SUMS").read_text().splitlines())
    assert {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in sums} == sums
    about = {"LICENSE", "NOTICE", "SHA256SUMS", "VERSION"}
    assert {each.name for each in folder.iterdir()} - about == {name for name in sums if name not in about}
    assert "LICENSE" in sums
    version = (folder / "VERSION").read_text().strip()
    assert re.fullmatch(r"\d+(\.\d+)+", version)
    [row] = re.findall(rf"^\| `{folder.name}/` (.*)$", (VENDORED / "README.md").read_text(), re.MULTILINE)
    _, what, told, licence, used, _ = [cell.strip() for cell in row.split("|")]
    assert told == version
    assert all(f"`{name}`" in what for name in sums if name.endswith((".js", ".css")))
    words = {"Apache-2.0": "Apache License", "MIT": "Permission is hereby granted, free of charge"}
    assert words[licence.partition(" ")[0]] in (folder / "LICENSE").read_text()
    assert used


def test_every_vendored_thing_has_a_row():
    rows = re.findall(r"^\| `([\w-]+)/`", (VENDORED / "README.md").read_text(), re.MULTILINE)
    assert sorted(rows) == sorted(each.name for each in VENDORED.iterdir() if each.is_dir())


class Database(BaseHTTPRequestHandler):
    """Knows one hole, in any version of one package, in OSV's words."""

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        affected = [{"package": asked["package"], "ranges": [{"type": "ECOSYSTEM", "events": [{"fixed": "9.9"}]}]}]
        hole = {"id": "PYSEC-0000-1", "summary": "it leaks", "affected": affected}
        body = json.dumps({"vulns": [hole]} if asked["package"]["name"] == "leaky" else {}).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.mark.parametrize(
    ("pins", "code", "told"),
    [
        ("sound==1.0\nsafe==2.1\n", 0, "Audited: 2 versions, 0 known holes"),
        ("sound==1.0\nleaky==2.1\n", 1, "leaky 2.1: PYSEC-0000-1, mended in 9.9: it leaks"),
        ("sound=1.0\n", 1, ""),
    ],
)
def test_a_known_hole_fails_the_audit(pins, code, told, tmp_path, capfd):
    (tmp_path / "pins.txt").write_text(pins)
    with ThreadingHTTPServer(("127.0.0.1", 0), Database) as database:
        threading.Thread(target=database.serve_forever, args=(0.02,)).start()
        options = "--osv-url", f"http://127.0.0.1:{database.server_port}", "--cache-dir", str(tmp_path / "cache")
        assert audit(tmp_path / "pins.txt", *options) == code
        database.shutdown()
    assert told in capfd.readouterr().out


def test_a_database_out_of_reach_is_told(tmp_path, capfd):
    (tmp_path / "pins.txt").write_text("sound==1.0\n")
    nowhere = f"http://127.0.0.1:{free_port()}"
    assert audit(tmp_path / "pins.txt", "--osv-url", nowhere, "--cache-dir", str(tmp_path / "cache")) == 0
    assert capfd.readouterr().out.startswith("Not audited: the database of known holes cannot be reached")
