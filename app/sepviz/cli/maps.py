"""`sepviz maps`: what a layer computes, as a picture or as tensors."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sepviz.cli.output import ending, write
from sepviz.cli.parameters import Given, pairs, parameters
from sepviz.cli.refusal import Refused
from sepviz.errors import UnknownName
from sepviz.layer.selection import Selection, stage_names
from sepviz.layer.spec import LayerSpec

if TYPE_CHECKING:  # with these comes torch
    from sepviz.encoded import DType, Scale
    from sepviz.palette import ColorMap
    from sepviz.tensors.trace import Trace

PICTURES = (".png", ".svg")
ENDINGS = (*PICTURES, ".npz", ".safetensors")
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


class Run(click.ParamType[range]):
    """A run of channels such as 0-15."""

    name = "run"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> range:
        """The channels from the first to the last."""
        numbers = re.fullmatch(r"([0-9]{1,4})-([0-9]{1,4})", str(value))
        if numbers is None or int(numbers[1]) > int(numbers[2]):
            self.fail(f"{value} is not a run of channels such as 0-15, the lower number first", param, ctx)
        return range(int(numbers[1]), int(numbers[2]) + 1)


@click.command(epilog=EXAMPLES)
@click.argument("stages", nargs=-1, metavar="[STAGE]...")
@click.option("-o", "--output", required=True, metavar="FILE", help="A .png, .svg, .npz or .safetensors to write.")
@click.option(
    "--image",
    metavar="FILE",
    help="A picture to put in: PNG, JPEG, WebP, GIF, BMP or AVIF, at most 8 MiB; in place of --input.",
)
@click.option("--colormap", type=click.Choice(COLORMAPS), default=COLORMAPS[0], help="The colours of a picture.")
@click.option("--scale", type=click.Choice(SCALES), default=SCALES[0], help="What has a range of colours of its own.")
@click.option(
    "--dtype", type=click.Choice(DTYPES), default=DTYPES[0], help="The type of the maps in a file of tensors."
)
@click.option("--channels", type=Run(), metavar="FIRST-LAST", help="Only these channels of each stage, such as 0-15.")
@parameters(LayerSpec)
def maps(
    stages: tuple[str, ...],
    output: str,
    image: str | None,
    colormap: "ColorMap",
    scale: "Scale",
    dtype: "DType",
    channels: range | None,
    **layer: Given,
) -> None:
    """Compute the maps of one STAGE as a labelled grid, or the tensors of some or all.

    A stage is input, depthwise, pointwise, ... as the kind has them. Into a picture goes one; into .npz (NumPy) or
    .safetensors go the maps and kernels of those that are named, or of all: the same arrays as /api/tensors answers.
    """
    form = ending(output, ENDINGS)
    if form in PICTURES and len(stages) != 1:
        raise Refused(f"--output {output}: a picture is of one stage, and {len(stages)} are named; name one STAGE")
    if image is not None and layer["input"]:
        raise Refused(f"--input {layer['input'][0]}: --image {image} is put in already; give one of them")
    spec = LayerSpec.parse(pairs(layer))
    trace = _carried_out(spec, stages, channels, None if image is None else _read(image))

    from sepviz.tensors.encoders.grid import grid_png, grid_svg  # noqa: PLC0415 - with these comes torch
    from sepviz.tensors.encoders.npz import encode_npz  # noqa: PLC0415
    from sepviz.tensors.encoders.tensors import encode  # noqa: PLC0415

    if form in PICTURES:
        encoded = (grid_png if form == ".png" else grid_svg)(trace.asked()[stages[0]], colormap, scale)
    else:
        encoded = (encode_npz if form == ".npz" else encode)(trace, dtype)
    write(output, encoded.body)


def _carried_out(spec: LayerSpec, stages: tuple[str, ...], channels: range | None, picture: bytes | None) -> "Trace":
    """The layer run on its input, or on a picture file's bytes."""
    from sepviz.pictures.decoding import decode  # noqa: PLC0415
    from sepviz.pictures.store import named  # noqa: PLC0415
    from sepviz.tensors.inputs import Inputs  # noqa: PLC0415 - with these comes torch
    from sepviz.tensors.trace import run  # noqa: PLC0415

    for stage in stages:
        if stage not in stage_names(spec):
            raise UnknownName("stage", stage, stage_names(spec))
    pixels = None
    if picture is not None:
        name, pixels = named(decode(picture))
        spec = spec.replace(input=name)
    return run(spec, Inputs(), Selection(stages, channels), pixels)


def _read(image: str) -> bytes:
    try:
        return Path(image).read_bytes()
    except OSError as error:
        raise Refused(f"--image {image}: {str(error.strerror).lower()}") from None
