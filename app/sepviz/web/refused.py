"""A page of a layer that is refused: its controls as they were given, its refusals, and nothing of another layer."""

from collections.abc import Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from fastapi import Response

from sepviz.errors import BadParameter, InvalidParameters, shown
from sepviz.layer.bounds import bounds
from sepviz.layer.plan import plan
from sepviz.layer.size import Size
from sepviz.layer.spec import LayerSpec, parse
from sepviz.web.queries import PageQuery
from sepviz.web.rendering import layer_context, refused_context
from sepviz.web.services import Services

Query = TypeVar("Query", bound=PageQuery)
Pairs = Sequence[tuple[str, str]]


def nearest(model: type[Query], pairs: Pairs) -> tuple[Query, dict[str, BadParameter]]:
    """The query, or the nearest one that has a layer, and what is refused, by its name; nothing where all is good."""
    bad: tuple[BadParameter, ...] = ()
    try:
        found = parse(model, pairs)
    except InvalidParameters as error:
        found, bad = _without(model, dict(pairs), error.bad)
    try:
        plan(found.layer)
    except InvalidParameters as error:
        bad += error.bad
        found = found.model_copy(update={"kernel_size": Size.square(bounds(found.layer)["kernel_size"][1])})
    return found, {each.parameter: each for each in bad}


def page_context(near: PageQuery, bad: dict[str, BadParameter], pairs: Pairs) -> dict[str, Any]:
    """What a page with controls is filled with, where `near` is the nearest to what was given."""
    if not bad.keys() - PageQuery.LOOK:
        return layer_context(near.layer, near.look) | {"bad": bad}
    given = {name: value for name, value in pairs if name in LayerSpec.model_fields}
    kept = {name: value for name, value in given.items() if name != "kind"}
    controls = refused_context(near.layer, kept) | {"look": near.look}
    idle = {name: reason for name, reason in controls["idle"].items() if name not in bad}
    return controls | {
        "idle": idle,
        "refused": True,
        "bad": bad,
        "given": given,
        "query": urlencode(near.layer.parameters() | kept),
        "values": near.layer.values() | kept,
    }


def refused_page(services: Services, near: PageQuery, bad: dict[str, BadParameter]) -> Response:
    """The refusals alone, and the way to the nearest layer: where a page has no controls to mend them with."""
    body = services.templates.get_template("refused.html").render(
        {"spec": near.layer, "look": near.look, "refused": True, "bad": bad}
    )
    return Response(body, 422, media_type="text/html; charset=utf-8", headers={"Cache-Control": "no-store"})


def _without(
    model: type[Query], left: dict[str, str], bad: tuple[BadParameter, ...]
) -> tuple[Query, tuple[BadParameter, ...]]:
    """What is left without the refused parameters, and all that are refused; the default where none go together."""
    while refusable := {each.parameter for each in bad} & set(map(shown, left)):
        left = {name: value for name, value in left.items() if shown(name) not in refusable}
        try:
            return parse(model, left.items()), bad
        except InvalidParameters as error:
            bad += error.bad
    return model(), bad
