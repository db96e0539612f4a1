"""The lenses: what the zone above the maps shows of a layer.

A new lens is a row of `LENSES` and a template of its name in `templates/lenses`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sepviz.compute.jobs import Approximation, Composed, Job, Pixel
from sepviz.layer.cell import Cell, output_cell
from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec
from sepviz.web.groups_lens import describe_groups

LensName = Literal["diagram", "pixel", "composed", "approximation", "groups"]

MakeJob = Callable[..., Job]  # of a layer, a cell, and the options of the lens by name
Describe = Callable[[LayerSpec], object]


@dataclass(frozen=True, slots=True)
class Lens:
    """A lens: its name in addresses, the words of its tab, and what has to be computed for it."""

    name: LensName
    title: str
    make_job: MakeJob | None = None  # of a job whose result is JSON, the `document` of the template
    describe: Describe | None = None  # the `document` where nothing has to be computed
    options: tuple[str, ...] = ()  # of the page's query, that the job takes as well


def _make_composed_job(spec: LayerSpec, cell: Cell) -> Job:
    return Composed(spec, output_cell(plan(spec), cell).channel)


def _make_approximation_job(spec: LayerSpec, cell: Cell) -> Job:
    return Approximation(spec, output_cell(plan(spec), cell).channel, has_pictures=True)


LENSES: dict[LensName, Lens] = {
    row.name: row
    for row in (
        Lens("diagram", "Diagram"),
        Lens("pixel", "One pixel", Pixel, options=("through",)),
        Lens("composed", "As one standard kernel", _make_composed_job),
        Lens("approximation", "What is given up", _make_approximation_job),
        Lens("groups", "Groups", describe=describe_groups),
    )
}
