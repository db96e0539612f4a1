"""The HTML of the lens that a page shows: computed where that is needed, a refusal in words where it is refused."""

from typing import NamedTuple

from fastapi import Request

from sepviz.errors import InvalidParameters, SepvizError
from sepviz.layer.plan import plan
from sepviz.web.computed import compute_document
from sepviz.web.lenses import LENSES
from sepviz.web.queries import PageQuery
from sepviz.web.services import Services


async def render_lens(request: Request, services: Services, query: PageQuery) -> str:
    """Return the HTML of the lens that the query names; where the layer or the cell is refused, the reasons.

    Raises what `compute_document` raises except `InvalidParameters`.
    """
    lens = LENSES[query.lens]
    spec, cell = query.layer, query.chosen_cell
    context = {"spec": spec, "planned": plan(spec), "look": query.look, "cell": cell, "lens": lens}
    template = f"lenses/{lens.name}.html"
    document: object = lens.describe(spec) if lens.describe else None
    options = {name: getattr(query, name) for name in lens.options}
    try:
        if lens.make_job:
            document = await compute_document(request, services, lens.make_job(spec, cell, **options))
    except InvalidParameters as error:
        document, template = error.bad, "lenses/refused.html"
    return services.templates.get_template(template).render(context | {"document": document})


class FirstLens(NamedTuple):
    """The lens of the first paint of a page; one that `is_unavailable` says why, and may be there a moment later."""

    html: str
    is_unavailable: bool = False


async def render_first_lens(request: Request, services: Services, query: PageQuery) -> FirstLens:
    """Return the lens for the first paint of a page; an error's message stands in its place, and the page is shown."""
    try:
        return FirstLens(await render_lens(request, services, query))
    except SepvizError as error:
        message = services.templates.get_template("lenses/unavailable.html").render({"message": str(error)})
        return FirstLens(message, is_unavailable=True)
