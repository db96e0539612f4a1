"""Every figure at a glance, with its address: where somebody who writes documentation begins."""

from fastapi import APIRouter, Request, Response

from sepviz.encoded import Encoded
from sepviz.figures import MAPPED, NAMES
from sepviz.figures.animation import ANIMATED
from sepviz.layer.kinds import KINDS
from sepviz.layer.spec import LayerSpec
from sepviz.web.queries import PageQuery, documented
from sepviz.web.refused import nearest, refused_page
from sepviz.web.responses import REVALIDATED, address, not_modified, respond
from sepviz.web.routes.snippets import diagram_picture, origin
from sepviz.web.services import Provided

router = APIRouter(tags=["page"])

PURPOSES = {
    "separable": "The whole layer: first space, then channels.",
    "depthwise": "Why each channel has a kernel of its own, and stays apart.",
    "pointwise": "How a 1 × 1 convolution mixes the channels.",
    "standard": "What a depthwise separable layer replaces: every kernel through all channels.",
    "spatial": "The other kind of separable: a column, then a row.",
    "comparison": "The convolution that is replaced, and below it the layer, with their costs.",
    "cost": "MACs and parameters as bars, to scale.",
    "groups": "From standard to depthwise: what groups do.",
    "window": "Which cells make one output cell: stride, padding and dilation.",
    "ratio": "How much is saved, over kernel sizes and channels.",
    "block": "The layer in its network block, with normalisation and activations.",
}

EXAMPLES: dict[str, dict[str, str]] = {
    "the default layer": {},
    "MobileNet, 512 → 512 at 14 × 14": {"in_channels": "512", "out_channels": "512", "size": "14"},
    "64 → 128 at 112 × 112, stride 2": {"in_channels": "64", "out_channels": "128", "size": "112", "stride": "2"},
    "12 × 12 × 3, 5 × 5 valid, 256 kernels": {
        "out_channels": "256",
        "kernel_size": "5",
        "padding": "valid",
        "size": "12",
    },
    f"{KINDS['spatially-separable'].title}, 5 × 5": {"kind": "spatially-separable", "kernel_size": "5"},
    "costs more: 1 output": {"in_channels": "4", "out_channels": "1", "size": "16"},
}


@router.get("/gallery", openapi_extra=documented(PageQuery))
async def gallery(request: Request, services: Provided) -> Response:
    """All figures of a layer, as HTML."""
    query, bad = nearest(PageQuery, request.query_params.multi_items())
    if bad:
        return refused_page(services, query, bad)
    own = origin(request, services)
    key = f"{own} {address(request, query)}"
    if response := not_modified(request, key, REVALIDATED):
        return response
    spec = query.layer
    examples = {words: LayerSpec.parse(given.items()) for words, given in EXAMPLES.items()}
    context = {
        "spec": spec,
        "look": query.look,
        "short": spec.non_default(),
        "figures": [(diagram_picture(name, spec, own), name, name in ANIMATED) for name in NAMES],
        "mapped": {name: diagram_picture(name, spec, own, maps=True) for name in MAPPED},
        "purposes": PURPOSES,
        "examples": [(words, each.query(), each.non_default()) for words, each in examples.items()],
        "own_layer": spec not in examples.values(),
    }
    body = services.templates.get_template("gallery.html").render(context)
    return respond(request, key, Encoded(body.encode(), "text/html; charset=utf-8"), REVALIDATED)
