"""`sepviz maps`: writes the maps of a layer as a picture or as tensors."""

import re
from typing import TYPE_CHECKING

import click

from sepviz.cli.invalid_input import InvalidInput
from sepviz.cli.layer_options import Values, add_layer_options, query_pairs
from sepviz.cli.output import parse_suffix, write
from sepviz.cli.picture_option import add_image_option, load_picture, refuse_two_inputs
from sepviz.errors import UnknownName
from sepviz.layer.budget import check_picture
from sepviz.layer.selection import Selection, channels_of, stage_names
from sepviz.layer.spec import LayerSpec

if TYPE_CHECKING:  # imports torch
    from sepviz.encoded import DType, Scale
    from sepviz.palette import ColorMap
    from sepviz.tensors.trace import Trace

PICTURE_SUFFIXES = (".png", ".svg")
SUFFIXES = (*PICTURE_SUFFIXES, ".npz", ".safetensors")
COLORMAPS = ("diverging", "diverging-dark", "grey", "viridis")
SCALES = ("channel", "stage")
DTYPES = ("float32", "float16", "uint8")

EXAMPLES = """\b
Examples:
  sepviz maps depthwise --in-channels 8 -o depthwise.png
  sepviz maps pointwise --image photo.jpg --scale stage --colormap viridis -o pointwise.png
  sepviz maps --kernel-size 5 --weights random -o layer.npz
  sepviz maps depthwise pointwise --channels 0-15 -o part.safetensors
"""


class ChannelRange(click.ParamType[range]):
    """The type of an option such as 0-15."""

    name = "range"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> range:
        """The channels from the first to the last, both included."""
        bounds = re.fullmatch(r"([0-9]{1,6})-([0-9]{1,6})", str(value))
        if bounds is None or int(bounds[1]) > int(bounds[2]):
            self.fail(f"{value} is not a range of channels such as 0-15, the lower number first", param, ctx)
        return range(int(bounds[1]), int(bounds[2]) + 1)


@click.command(epilog=EXAMPLES)
@click.argument("stages", nargs=-1, metavar="[STAGE]...")
@click.option("-o", "--output", required=True, metavar="FILE", help="The .png, .svg, .npz or .safetensors to write.")
@add_image_option
@click.option("--colormap", type=click.Choice(COLORMAPS), default=COLORMAPS[0], help="The colours of a picture.")
@click.option(
    "--scale",
    type=click.Choice(SCALES),
    default=SCALES[0],
    help="Whether each channel or the whole stage has its own range of colours.",
)
@click.option(
    "--dtype", type=click.Choice(DTYPES), default=DTYPES[0], help="The data type of the maps in a file of tensors."
)
@click.option(
    "--channels", type=ChannelRange(), metavar="FIRST-LAST", help="The channels of each stage to write, such as 0-15."
)
@add_layer_options(LayerSpec)
def maps(
    stages: tuple[str, ...],
    output: str,
    image: str | None,
    colormap: "ColorMap",
    scale: "Scale",
    dtype: "DType",
    channels: range | None,
    **layer: Values,
) -> None:
    """Compute the maps of one STAGE as a labelled grid, or the tensors of several or all stages.

    The stages are input and those of the kind, such as depthwise and pointwise. A picture has the maps of one stage;
    .npz (NumPy) and .safetensors have maps and kernels of the named stages, or of all: the arrays of /api/tensors.
    """
    suffix = parse_suffix(output, SUFFIXES)
    if suffix in PICTURE_SUFFIXES and len(stages) != 1:
        raise InvalidInput(f"--output {output}: a picture is of one stage, and {len(stages)} are named; name one STAGE")
    refuse_two_inputs(image, layer["input"])
    spec = LayerSpec.parse(query_pairs(layer))
    if suffix in PICTURE_SUFFIXES and stages[0] in stage_names(spec):
        check_picture(spec, stages[0], len(Selection(stages, channels).wanted(stages[0], channels_of(spec)[stages[0]])))
    trace = _compute(spec, stages, channels, image)

    from sepviz.tensors.encoders.grid import grid_png, grid_svg  # noqa: PLC0415 - imports torch
    from sepviz.tensors.encoders.npz import encode_npz  # noqa: PLC0415
    from sepviz.tensors.encoders.tensors import encode  # noqa: PLC0415

    if suffix in PICTURE_SUFFIXES:
        encoded = (grid_png if suffix == ".png" else grid_svg)(trace.selected_maps()[stages[0]], colormap, scale)
    else:
        encoded = (encode_npz if suffix == ".npz" else encode)(trace, dtype)
    write(output, encoded.body)


def _compute(spec: LayerSpec, stages: tuple[str, ...], channels: range | None, image: str | None) -> "Trace":
    """The trace of the layer for its input, or for a picture file."""
    from sepviz.tensors.inputs import Inputs  # noqa: PLC0415 - imports torch
    from sepviz.tensors.trace import run  # noqa: PLC0415

    spec, picture = load_picture(spec, image)
    for stage in stages:
        if stage not in stage_names(spec):
            raise UnknownName("stage", stage, stage_names(spec))
    return run(spec, Inputs(), Selection(stages, channels), picture)
