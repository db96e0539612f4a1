"""`sepviz diagram`: writes a figure as SVG, PNG or PDF."""

import click

from sepviz.cli.invalid_input import InvalidInput
from sepviz.cli.layer_options import Values, add_layer_options, query_pairs
from sepviz.cli.output import STANDARD_OUTPUT, parse_suffix, write
from sepviz.cli.picture_option import add_image_option, load_picture, refuse_two_inputs
from sepviz.figures.export import ExportUnavailable, pdf, png
from sepviz.figures.figure_spec import FigureSpec
from sepviz.figures.map_images import MAX_BYTES

SUFFIXES = (".svg", ".png", ".pdf")
DEFAULT_PNG_SCALE = 2.0

EXAMPLES = """\b
Examples:
  sepviz diagram separable --in-channels 64 --out-channels 128 -o separable.svg
  sepviz diagram comparison --kernel-size 5 --theme light --width 900 -o comparison.pdf
  sepviz diagram cost --theme dark --scale 3 -o cost.png
  sepviz diagram depthwise --animate -o - > depthwise.svg
  sepviz diagram separable --maps --image photo.jpg -o photo.svg
"""


def _complete_name(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    from sepviz.figures import NAMES  # noqa: PLC0415 - imports svgwrite

    return [name for name in NAMES if name.startswith(incomplete)]


@click.command(epilog=EXAMPLES)
@click.argument("name", shell_complete=_complete_name)
@click.option(
    "-o", "--output", required=True, metavar="FILE", help="The .svg, .png or .pdf to write; -: SVG to standard output."
)
@click.option(
    "--scale",
    type=click.FloatRange(0.1, 16),
    metavar="FACTOR",
    help=f"Pixels of a PNG for each pixel of the figure, 0.1 to 16. Default: {DEFAULT_PNG_SCALE:g}.",
)
@add_image_option
@add_layer_options(FigureSpec)
def diagram(name: str, output: str, scale: float | None, image: str | None, **figure: Values) -> None:
    """Draw the figure NAME of a layer: separable, depthwise, comparison, cost, ...

    `-o -` writes the same bytes as the response of /diagrams/NAME.svg. PNG and PDF need the extra `export`, have the
    light theme unless --theme is dark, and show an animated figure without motion. With --maps the planes and kernels
    show the layer's real maps and weights, which takes some seconds; only then the input matters.
    """
    from sepviz.local_figures import draw_locally  # noqa: PLC0415 - imports svgwrite

    suffix = ".svg" if output == STANDARD_OUTPUT else parse_suffix(output, SUFFIXES)
    if scale is not None and suffix != ".png":
        raise InvalidInput(f"--scale {scale:g}: only a PNG has pixels; end the name in .png, or use --width")
    refuse_two_inputs(image, figure["input"])
    spec = FigureSpec.parse(query_pairs(figure))
    if image is not None and not spec.maps:
        raise InvalidInput(f"--image {image}: only a figure with maps shows its input; add --maps")
    layer, picture = load_picture(spec.layer, image)
    svg = draw_locally(name, layer, spec.options, picture)
    try:
        body = _encode(suffix, svg, scale)
        if spec.maps and suffix == ".png" and scale is None:
            from sepviz.pictures.fewer_colours import limit_png  # noqa: PLC0415 - imports Pillow

            body = limit_png(body, MAX_BYTES)
    except ExportUnavailable as error:
        raise click.ClickException(f"cannot write {output}: {error}") from None
    write(output, body)


def _encode(suffix: str, svg: str, scale: float | None) -> bytes:
    if suffix == ".png":
        return png(svg, scale or DEFAULT_PNG_SCALE)
    return pdf(svg) if suffix == ".pdf" else svg.encode()
