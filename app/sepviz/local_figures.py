"""`draw_locally`: a figure of a command or of a documentation build, without a server or worker processes."""

from sepviz.errors import SepvizError
from sepviz.figures import draw, refuse_unmapped
from sepviz.figures.options import Options
from sepviz.layer.spec import LayerSpec


class MapsUnavailable(SepvizError):
    """Maps cannot be computed: PyTorch is not installed."""


def draw_locally(name: str, spec: LayerSpec, options: Options, picture: bytes | None = None) -> str:
    """The SVG of a figure, the response of `/diagrams/NAME.svg`; only one with maps imports torch.

    `picture` is the stored content of the picture that the spec names as its input. Raises what `draw` raises, and
    `MapsUnavailable`.
    """
    if not options.maps:
        return draw(name, spec, options)
    refuse_unmapped(name, options)
    try:
        from sepviz.tensors.figure_maps import draw_with_maps  # noqa: PLC0415 - imports torch
        from sepviz.tensors.inputs import Inputs  # noqa: PLC0415
    except ImportError as error:
        missing = "PyTorch" if error.name == "torch" else str(error.name)
        raise MapsUnavailable(f"maps=true needs {missing}, which is not installed: pip install sepviz") from None
    return draw_with_maps(name, spec, options, Inputs(), picture)
