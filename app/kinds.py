"""What people read of each kind of layer, said once."""

from app.spec import Kind

KIND_NAMES: dict[Kind, str] = {
    "depthwise-separable": "Depthwise separable",
    "spatially-separable": "Spatially separable",
    "standard": "Standard",
}


def adjective(kind: Kind) -> str:
    """The kind within a sentence: `depthwise separable`."""
    return KIND_NAMES[kind].lower()
