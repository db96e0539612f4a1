"""The name of each kind of layer, for every text that people read."""

from sepviz.layer.spec import Kind

KIND_NAMES: dict[Kind, str] = {
    "depthwise-separable": "Depthwise separable",
    "spatially-separable": "Spatially separable",
    "standard": "Standard",
}


def adjective(kind: Kind) -> str:
    """The name of a kind within a sentence: `depthwise separable`."""
    return KIND_NAMES[kind].lower()
