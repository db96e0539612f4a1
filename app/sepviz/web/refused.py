"""The page of an invalid layer: its controls as they were given, its errors, and nothing of another layer."""

from collections.abc import Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from fastapi import Response

from sepviz.errors import BadParameter, InvalidParameters, truncate_printable
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
    """Return the query, or the nearest valid one, and the invalid parameters by name."""
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
    """Return the context of a page with controls; `near` is the nearest valid query."""
    if not bad.keys() - PageQuery.LOOK:
        return layer_context(near.layer, near.look) | {"bad": bad, "refused": False}
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
    """Return a page with the errors alone and a link to the nearest layer: for pages without controls."""
    body = services.templates.get_template("refused.html").render(
        {"spec": near.layer, "look": near.look, "refused": True, "bad": bad}
    )
    return Response(body, 422, media_type="text/html; charset=utf-8", headers={"Cache-Control": "no-store"})


def _without(
    model: type[Query], left: dict[str, str], bad: tuple[BadParameter, ...]
) -> tuple[Query, tuple[BadParameter, ...]]:
    """Return the query without the invalid parameters, and these; the default if the rest is invalid together."""
    while refusable := {each.parameter for each in bad} & set(map(truncate_printable, left)):
        left = {name: value for name, value in left.items() if truncate_printable(name) not in refusable}
        try:
            return parse(model, left.items()), bad
        except InvalidParameters as error:
            bad += error.bad
    return model(), bad
