"""The built wheel and sdist, and the wheel installed beside a project that has a package `app` of its own."""

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
from pathlib import Path
from types import SimpleNamespace
from zipfile import ZipFile

import httpx2
import pytest
import sepviz
from sepviz.figures import draw
from sepviz.layer.spec import LayerSpec

ROOT = Path(__file__).parents[2]
DIST_INFO = f"sepviz-{sepviz.__version__}.dist-info"
ASSETS = ("templates", "static")
CONF = """\
import app
import sepviz

assert app.OWNER == "the project"
assert "site-packages" in sepviz.__file__
extensions = ["sepviz.extensions.sphinx"]
"""
PAGE = "Page\n====\n\n.. sepviz:: separable\n   :in_channels: 4\n"


def build(source, folder, *targets):
    """Build with hatchling as it is installed here, so that nothing is downloaded."""
    command = [sys.executable, "-m", "hatchling", "build", "-d", folder]
    subprocess.run([*command, *(f"--target={each}" for each in targets)], cwd=source, check=True)


def contents(wheel):
    with ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def source_files(folder):
    found = (ROOT / folder).rglob("*")
    return {str(each.relative_to(ROOT)) for each in found if each.is_file() and "__pycache__" not in each.parts}


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    build(ROOT, folder, "sdist", "wheel")
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return SimpleNamespace(wheel=wheel, sdist=sdist)


@pytest.fixture(scope="module")
def project(dist, tmp_path_factory):
    """A folder with a package `app`, and the commands of an environment that has the wheel."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "app").mkdir()
    (folder / "app/__init__.py").write_text('OWNER = "the project"\n')
    environment = folder / ".venv"
    venv.create(environment, with_pip=False, symlinks=True)
    python = environment / "bin/python"
    install = ["install", "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check", dist.wheel]
    subprocess.run([sys.executable, "-m", "pip", "--python", python, *install], check=True)
    # The dependencies are those of the environment that runs the tests. A folder that is named in a .pth file has its
    # own .pth files ignored, so the editable installation of this checkout stays out of sight.
    site = sysconfig.get_path("purelib", vars={"base": str(environment)})
    Path(site, "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return SimpleNamespace(folder=folder, python=python, command=environment / "bin/sepviz")


def run(project, *command):
    # A server that ran in this process before has told its workers to look for no module where they start.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    command = list(map(str, command))
    ran = subprocess.run(command, cwd=project.folder, env=environment, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout


def test_wheel_has_the_package_with_its_assets_and_nothing_else(dist):
    files = {name for name in contents(dist.wheel) if not name.startswith(f"{DIST_INFO}/")}
    package = {name.removeprefix("app/") for name in source_files("app/sepviz")}
    assets = {f"sepviz/{name}" for folder in ASSETS for name in source_files(folder)}
    assert "sepviz/cli/__main__.py" in package
    assert {"sepviz/templates/page.html", "sepviz/static/favicon.svg"} <= assets
    assert files == package | assets


def test_wheel_built_from_the_sdist_is_the_same(dist, tmp_path):
    with tarfile.open(dist.sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    build(source, tmp_path, "wheel")
    (wheel,) = tmp_path.glob("*.whl")
    assert contents(wheel) == contents(dist.wheel)


def test_installed_package_is_the_wheel_not_the_checkout(project):
    code = "import app, sepviz; print(app.__file__); print(sepviz.__file__)"
    theirs, ours = map(Path, run(project, project.python, "-c", code).decode().splitlines())
    assert theirs == project.folder / "app/__init__.py"
    assert ours.is_relative_to(project.folder / ".venv")


@pytest.mark.parametrize("as_module", [False, True])
def test_installed_command_draws_the_figure(project, as_module):
    command = [project.python, "-m", "sepviz.cli"] if as_module else [project.command]
    svg = run(project, *command, "diagram", "separable", "--in-channels", 4, "-o", "-")
    assert svg == draw("separable", LayerSpec(in_channels=4)).encode()


def test_installed_server_answers_with_page_and_static_files(project):
    command = [project.command, "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=project.folder, stdout=subprocess.PIPE, text=True) as server:
        try:
            address = re.search(r"http://[0-9.]+:[0-9]+", server.stdout.readline())[0]
            # The port is bound before the first line is printed: a request waits until the server takes it.
            with httpx2.Client(base_url=address, timeout=60, trust_env=False) as client:
                page = client.get("/")
                styles = re.search(r'href="(/static/[^"]+\.css)', page.text)[1]
                responses = page, client.get(styles), client.get("/healthz")
            assert [each.status_code for each in responses] == [200, 200, 200]
            assert responses[1].content == (ROOT / styles.removeprefix("/")).read_bytes()
        finally:
            server.terminate()
            server.communicate(timeout=30)


def test_sphinx_build_finds_the_installed_extension(project):
    (project.folder / "docs").mkdir()
    (project.folder / "docs/conf.py").write_text(CONF)
    (project.folder / "docs/index.rst").write_text(PAGE)
    run(project, project.python, "-m", "sphinx", "-q", "-W", "docs", "out")
    (figure,) = (project.folder / "out/_images").glob("*.svg")
    assert figure.read_text() == draw("separable", LayerSpec(in_channels=4))
