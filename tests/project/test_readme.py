"""The README tells every parameter, route, setting, target and figure that there is, with its numbers."""

import re
from pathlib import Path

import pytest
from sepviz.figures import NAMES
from sepviz.figures.figure_spec import FigureSpec
from sepviz.layer.spec import GENERATED, SAMPLES, LayerSpec, properties
from sepviz.settings import Settings
from sepviz.web.queries import CodeQuery, MapsQuery, PageQuery, TensorsQuery

from tests.support.here import create_app

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
ROWS = {
    cells[0]: cells[1:]
    for line in README.splitlines()
    if line.startswith("| `") and (cells := [cell.strip() for cell in line.strip("|").split("|")])
}


def routes(found):
    """The (method, path) pairs of routes and of the routers that are included."""
    for route in found:
        if router := getattr(route, "original_router", None):
            yield from routes(router.routes)
        elif methods := getattr(route, "methods", None):
            yield from ((method, route.path) for method in methods - {"HEAD"})


@pytest.mark.parametrize("name", LayerSpec.model_fields)
def test_every_parameter_has_a_row_with_its_letter_default_and_bounds(name):
    letter, default, allowed, meaning = ROWS[f"`{name}`"]
    schema = properties(LayerSpec)[name]
    assert letter == schema.get("letter", "")
    assert default == f"`{LayerSpec().parameters()[name]}`"
    assert meaning
    for each in schema.get("anyOf", [schema]):
        if "minimum" in each:
            assert f"{each['minimum']} to {each['maximum']}" in allowed
        for word in [*each.get("enum", ()), *([each["const"]] if "const" in each else ())]:
            assert f"`{word}`" in allowed


def test_there_is_no_parameter_that_does_not_exist():
    table = README.partition("| name | letter |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `(\w+)`", table, re.MULTILINE) == list(LayerSpec.model_fields)


def test_every_route_has_a_row_and_every_row_a_route():
    app = create_app()
    found = {f"{method} {path}" for method, path in routes(app.routes)}
    described = {
        f"{method.upper()} {path}" for path, methods in app.openapi()["paths"].items() for method in methods
    } | {"GET /healthz", "GET /docs"}
    told = {row.strip("`") for row in ROWS if re.match(r"`(GET|POST) /", row)}
    assert described <= found
    assert told == found


@pytest.mark.parametrize("model", [FigureSpec, PageQuery, MapsQuery, TensorsQuery, CodeQuery])
def test_every_option_of_a_route_is_told(model):
    for name in model.model_fields.keys() - LayerSpec.model_fields.keys():
        assert f"`{name}` = " in README
        schema = properties(model)[name]
        for each in schema.get("anyOf", [schema]):
            assert all(f"`{word}`" in README for word in each.get("enum", ()))


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_has_a_row_with_its_default(name):
    assert ROWS[f"`SEPVIZ_{name.upper()}`"][0] == str(Settings.model_fields[name].default)


def test_every_make_target_is_told():
    makefile = (ROOT / "Makefile").read_text()
    targets = {name for line in re.findall(r"^\.PHONY:(.*)$", makefile, re.MULTILINE) for name in line.split()}
    assert {"serve", "test"} <= targets
    assert targets - set(re.findall(r"`?make ([a-z-]+)", README)) == set()


def test_every_figure_sample_and_generated_tensor_is_told():
    for name in (*NAMES, *SAMPLES, *GENERATED):
        assert f"`{name}`" in README


def test_every_module_has_a_row():
    package = ROOT / "app/sepviz"
    modules = {each.name for each in package.glob("*.py")} - {"__init__.py"}
    folders = {f"{each.parent.name}/" for each in package.glob("*/__init__.py")}
    assert [each for each in modules | folders if f"`{each}`" not in README] == []
