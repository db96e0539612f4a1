"""Version, pins, vendored files and the audit of dependencies are consistent across the project's files."""

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


def test_newest_changelog_entry_has_package_version():
    newest = re.search(
        r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d{2}-\d{2}$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    assert newest
    assert newest[1] == sepviz.__version__


def test_constraints_pin_every_dependency():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in pins)
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project, build = settings["project"], settings["build-system"]
    wanted = [*build["requires"], *project["dependencies"], *project["optional-dependencies"]["test"]]
    names = {canonicalize_name(re.match(r"[\w.-]+", each)[0]) for each in wanted}
    assert names <= {canonicalize_name(pin.split("==")[0]) for pin in pins}


def test_javascript_lock_has_no_registry_url():
    lock = json.loads((ROOT / "tests/js/package-lock.json").read_text())
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]


@pytest.mark.parametrize("folder", [each for each in VENDORED.iterdir() if each.is_dir()], ids=lambda each: each.name)
def test_vendored_files_match_checksums_and_readme_row(folder):
    sums = dict(line.split()[::-1] for line in (folder / "SHA256SUMS").read_text().splitlines())
    assert {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in sums} == sums
    metadata = {"LICENSE", "NOTICE", "SHA256SUMS", "VERSION"}
    assert {each.name for each in folder.iterdir()} - metadata == {name for name in sums if name not in metadata}
    assert "LICENSE" in sums
    version = (folder / "VERSION").read_text().strip()
    assert re.fullmatch(r"\d+(\.\d+)+", version)
    [row] = re.findall(rf"^\| `{folder.name}/` (.*)$", (VENDORED / "README.md").read_text(), re.MULTILINE)
    _, files, stated_version, licence, used, _ = [cell.strip() for cell in row.split("|")]
    assert stated_version == version
    assert all(f"`{name}`" in files for name in sums if name.endswith((".js", ".css")))
    phrases = {"Apache-2.0": "Apache License", "MIT": "Permission is hereby granted, free of charge"}
    assert phrases[licence.partition(" ")[0]] in (folder / "LICENSE").read_text()
    assert used


def test_vendored_folders_have_readme_rows():
    rows = re.findall(r"^\| `([\w-]+)/`", (VENDORED / "README.md").read_text(), re.MULTILINE)
    assert sorted(rows) == sorted(each.name for each in VENDORED.iterdir() if each.is_dir())


class Database(BaseHTTPRequestHandler):
    """OSV with one vulnerability, in all versions of the package `leaky`."""

    def do_POST(self):
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        affected = [{"package": query["package"], "ranges": [{"type": "ECOSYSTEM", "events": [{"fixed": "9.9"}]}]}]
        vulnerability = {"id": "PYSEC-0000-1", "summary": "it leaks", "affected": affected}
        body = json.dumps({"vulns": [vulnerability]} if query["package"]["name"] == "leaky" else {}).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.mark.parametrize(
    ("pins", "code", "message"),
    [
        ("sound==1.0\nsafe==2.1\n", 0, "Audited: 2 versions, 0 known vulnerabilities"),
        ("sound==1.0\nleaky==2.1\n", 1, "leaky 2.1: PYSEC-0000-1, fixed in 9.9: it leaks"),
        ("sound=1.0\n", 1, ""),
    ],
)
def test_audit_exits_1_for_known_vulnerability_or_invalid_pins(pins, code, message, tmp_path, capfd):
    (tmp_path / "pins.txt").write_text(pins)
    with ThreadingHTTPServer(("127.0.0.1", 0), Database) as database:
        threading.Thread(target=database.serve_forever, args=(0.02,)).start()
        options = "--osv-url", f"http://127.0.0.1:{database.server_port}", "--cache-dir", str(tmp_path / "cache")
        assert audit(tmp_path / "pins.txt", *options) == code
        database.shutdown()
    assert message in capfd.readouterr().out


def test_audit_with_unreachable_database_exits_0_with_message(tmp_path, capfd):
    (tmp_path / "pins.txt").write_text("sound==1.0\n")
    unreachable = f"http://127.0.0.1:{free_port()}"
    assert audit(tmp_path / "pins.txt", "--osv-url", unreachable, "--cache-dir", str(tmp_path / "cache")) == 0
    assert capfd.readouterr().out.startswith("Not audited: the database of vulnerabilities is unreachable")
