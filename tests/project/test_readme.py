"""The README documents every parameter, route, setting, target and figure, with its bounds and defaults."""

import re
from pathlib import Path

import pytest
from sepviz.figures import NAMES
from sepviz.figures.figure_spec import FigureSpec
from sepviz.layer.spec import GENERATED, SAMPLES, LayerSpec, properties
from sepviz.settings import Settings
from sepviz.web.queries import ApproximationQuery, CodeQuery, MapsQuery, PageQuery, TensorsQuery

from tests.support.here import create_app

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
ROWS = {
    cells[0]: cells[1:]
    for line in README.splitlines()
    if line.startswith("| `") and (cells := [cell.strip() for cell in line.strip("|").split("|")])
}


def find_routes(routes):
    """The (method, path) pairs of routes and of the routers that are included."""
    for route in routes:
        if router := getattr(route, "original_router", None):
            yield from find_routes(router.routes)
        elif methods := getattr(route, "methods", None):
            yield from ((method, route.path) for method in methods - {"HEAD"})


@pytest.mark.parametrize("name", LayerSpec.model_fields)
def test_parameter_row_has_letter_default_and_bounds_of_schema(name):
    letter, default, allowed, meaning = ROWS[f"`{name}`"]
    schema = properties(LayerSpec)[name]
    assert letter == schema.get("letter", "")
    assert LayerSpec.parse([(name, default.strip("`"))]) == LayerSpec()
    assert meaning
    for each in schema.get("anyOf", [schema]):
        if "minimum" in each:
            assert f"{each['minimum']} to {each['maximum']}" in allowed
        for word in [*each.get("enum", ()), *([each["const"]] if "const" in each else ())]:
            assert f"`{word}`" in allowed


def test_parameter_table_lists_exactly_the_parameters():
    table = README.partition("| name | letter |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `(\w+)`", table, re.MULTILINE) == list(LayerSpec.model_fields)


def test_route_table_lists_exactly_the_routes():
    app = create_app()
    found = {f"{method} {path}" for method, path in find_routes(app.routes)}
    described = {
        f"{method.upper()} {path}" for path, methods in app.openapi()["paths"].items() for method in methods
    } | {"GET /healthz", "GET /docs"}
    rows = {row.strip("`") for row in ROWS if re.match(r"`(GET|POST) /", row)}
    assert described <= found
    assert rows == found


@pytest.mark.parametrize("model", [FigureSpec, PageQuery, MapsQuery, TensorsQuery, CodeQuery, ApproximationQuery])
def test_option_of_route_is_documented_with_its_choices(model):
    for name in model.model_fields.keys() - LayerSpec.model_fields.keys():
        assert f"`{name}` = " in README
        schema = properties(model)[name]
        for each in schema.get("anyOf", [schema]):
            assert all(f"`{word}`" in README for word in each.get("enum", ()))


@pytest.mark.parametrize("name", Settings.model_fields)
def test_setting_row_has_default(name):
    assert ROWS[f"`SEPVIZ_{name.upper()}`"][0] == str(Settings.model_fields[name].default)


def test_makefile_targets_are_documented():
    makefile = (ROOT / "Makefile").read_text()
    targets = {name for line in re.findall(r"^\.PHONY:(.*)$", makefile, re.MULTILINE) for name in line.split()}
    assert {"serve", "test"} <= targets
    assert targets - set(re.findall(r"`?make ([a-z-]+)", README)) == set()


def test_figures_samples_and_generated_tensors_are_documented():
    for name in (*NAMES, *SAMPLES, *GENERATED):
        assert f"`{name}`" in README


def test_modules_are_documented():
    package = ROOT / "app/sepviz"
    modules = {each.name for each in package.glob("*.py")} - {"__init__.py"}
    folders = {f"{each.parent.name}/" for each in package.glob("*/__init__.py")}
    assert [each for each in modules | folders if f"`{each}`" not in README] == []
