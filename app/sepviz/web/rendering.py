"""The HTML of a layer: the templates and their contexts. No HTTP, and no maps are computed."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, select_autoescape

from sepviz import __version__
from sepviz.errors import BadParameter, OverBudget
from sepviz.figures import Options, draw
from sepviz.figures.ratio_sketch import draw_ratio_sketch
from sepviz.layer.bounds import bounds
from sepviz.layer.budget import check_budget
from sepviz.layer.cell import default_cell, output_cell
from sepviz.layer.cost import compared, separable_comparison
from sepviz.layer.kinds import KINDS, SEPARABLE
from sepviz.layer.plan import plan
from sepviz.layer.selection import Selection, stage_names
from sepviz.layer.spec import GENERATED, LayerSpec, allowed, properties
from sepviz.palette import ANCHORS, COLOURS, MIN_SPARSE_SHARE, channel_role
from sepviz.pictures.samples import SAMPLES
from sepviz.uploads.store import is_upload
from sepviz.web.approximation_curve import approximation_curve
from sepviz.web.lenses import LENSES
from sepviz.web.map_columns import describe_operation, map_panes
from sepviz.web.number_cells import (
    cell_background,
    cell_style,
    common_decimals,
    format_decimals,
    format_percent,
    format_value,
)
from sepviz.web.pixel_lens import pixel_view
from sepviz.web.wording import compared_costs, description, operation_names, remark, verdict

# What networks put between and after the stages.
USUAL_OPERATIONS = ("none", "relu", "relu6", "norm", "norm,relu", "norm,relu6", "norm,silu", "norm,hard-swish", "gelu")
COLORMAP_NAMES: dict[str, str] = {"diverging": "blue negative, red positive", "viridis": "viridis", "grey": "grey"}
SCALE_NAMES: dict[str, str] = {"channel": "of each map", "stage": "of each stage"}
FIRST_CHANNELS = 16  # of each stage, painted at first
NO_COLUMNS: dict[str, Any] = {"columns": (), "operations": (), "default_cell": "", "max_channels": 0}


def create_environment(folder: Path) -> Environment:
    """The Jinja2 environment with the globals and filters of all templates."""
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=select_autoescape(),
        auto_reload=False,  # looking for changed files takes a tenth of the time of a fragment
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "cell_background": cell_background,
        "cell_style": cell_style,
        "common_decimals": common_decimals,
        "format_decimals": format_decimals,
        "format_macs": format_macs,
        "format_percent": format_percent,
        "format_value": format_value,
    }
    environment.globals |= {
        "version": __version__,
        "samples": SAMPLES,
        "generated": GENERATED,
        "allowed": allowed,
        "properties": properties(LayerSpec),
        "palette": COLOURS,
        "colormaps": ANCHORS,
        "min_sparse_share": MIN_SPARSE_SHARE,
        "colormap_names": COLORMAP_NAMES,
        "scale_names": SCALE_NAMES,
        "usual_operations": USUAL_OPERATIONS,
        "look": {},
        "page_query": page_query,
        "pixel_view": pixel_view,
        "compared": compared,
        "first_channels": FIRST_CHANNELS,
        "lenses": tuple(LENSES.values()),
        "approximation_curve": approximation_curve,
        "output_cell": output_cell,
        "channel_role": channel_role,
        "separable_kind": SEPARABLE,
        "operation_names": operation_names,
        "lens_html": "",
        "lens_query": "",
        # Only an embedded page has any.
        "locked": frozenset(),
        "left_out": frozenset(),
        # Only a page of a refused layer has any.
        "bad": {},
        "given": {},
        "refused": False,
    }
    return environment


def format_macs(count: int) -> str:
    """A count of MACs in millions, or in G (10^9) and T (10^12) where millions are many; a small one in full."""
    if count < 10**5:
        return f"{count:,}"
    power, letter = (12, "T") if count >= 10**12 else (9, "G") if count >= 10**9 else (6, "M")
    return f"{count / 10**power:,.2f} {letter}"


def page_query(spec: LayerSpec, look: Mapping[str, str]) -> str:
    """The canonical query string of a page with this layer and look."""
    return "&".join([spec.query(), *(f"{name}={value}" for name, value in look.items())])


def layer_context(spec: LayerSpec, look: Mapping[str, str]) -> dict[str, Any]:
    """The context of a page; `InvalidParameters` where the output would be empty.

    `look` are the colours and ranges of the maps, as the address of the page has them.
    """
    return (
        _geometry_context(spec.geometry(), remark(spec))
        | _spec_context(spec)
        | {
            "look": look,
            "colours": {name: value for name, value in look.items() if name in ("colormap", "scale")},
            "lens_query": page_query(spec, look),
            "over_budget": _over_budget(spec),
        }
    )


def _over_budget(spec: LayerSpec) -> BadParameter | None:
    """Why the layer has no maps: even its first channels exceed the budget of a request; None where they do not."""
    try:
        check_budget(spec, Selection(channels=range(FIRST_CHANNELS)))
    except OverBudget as error:
        return error.bad[0]
    return None


def refused_context(nearest: LayerSpec, given: dict[str, str]) -> dict[str, Any]:
    """The context of the controls of a refused layer, without a figure, map or verdict of any other layer."""
    kinds = []
    for kind in KINDS:
        parameters = nearest.as_kind(kind).parameters()
        kept = {name: value for name, value in given.items() if name in parameters}
        kinds.append((kind, KINDS[kind].title, urlencode(parameters | kept)))
    return _spec_context(nearest) | {"kinds": kinds, "diagram": "", "panes": ()} | NO_COLUMNS


def render_fragment(environment: Environment, spec: LayerSpec) -> str:
    """The parts of the page that depend on the layer, but for the pixels: diagram, formulas, costs, headings."""
    drawn = _render_geometry(environment, spec.geometry(), remark(spec))
    return environment.get_template("fragment.html").render(_spec_context(spec) | {"drawn": drawn})


# Inputs, weights and seeds change while the geometry stays.
@lru_cache(maxsize=64)
def _render_geometry(environment: Environment, geometry: LayerSpec, words: str | None) -> str:
    return environment.get_template("drawn.html").render(_geometry_context(geometry, words))


def _geometry_context(geometry: LayerSpec, words: str | None) -> dict[str, Any]:
    """The context that depends on the geometry and the remark alone."""
    planned = plan(geometry)
    beside = separable_comparison(geometry)
    panes = map_panes(planned, words)
    columns = [column for pane in panes for column in pane]
    return {
        "panes": panes,
        "columns": [column.description() for column in columns],
        "operations": [describe_operation(each) for each in planned.operations],
        "default_cell": default_cell(planned).text,
        "max_channels": max(column.number for column in columns),
        "diagram": draw(_figure_name(geometry), geometry, Options(theme="page")),
        "verdict": verdict(geometry, beside),
        "ratio_sketch": draw_ratio_sketch(geometry),
        "compared_costs": compared_costs(geometry, beside),
    }


def _spec_context(spec: LayerSpec) -> dict[str, Any]:
    """The context that depends on the input, the weights and the seed as well."""
    return {
        "spec": spec,
        "query": spec.query(),
        "values": spec.values(),
        "stage_names": stage_names(spec),
        "description": description(spec),
        "bounds": bounds(spec.geometry()),
        "groups": spec.possible_groups,
        "idle": _unused_parameters(spec),
        "figure": _figure_name(spec),
        "kinds": [(kind, KINDS[kind].title, spec.as_kind(kind).query()) for kind in KINDS],
        "uploaded": is_upload(spec.input),
    }


def _unused_parameters(spec: LayerSpec) -> dict[str, str]:
    """The parameters without effect on the layer, each with the reason."""
    return {} if spec.is_random else {"seed": "changes nothing: neither the weights nor the input is random"}


def _figure_name(spec: LayerSpec) -> str:
    return plan(spec.geometry()).kind.figure
