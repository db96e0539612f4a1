"""`sepviz diagram`: writes a figure as SVG, PNG or PDF."""

import click

from sepviz.cli.invalid_input import InvalidInput
from sepviz.cli.layer_options import Values, add_layer_options, query_pairs
from sepviz.cli.output import STANDARD_OUTPUT, parse_suffix, write
from sepviz.figures.export import ExportUnavailable, pdf, png
from sepviz.figures.figure_spec import FigureSpec

SUFFIXES = (".svg", ".png", ".pdf")
DEFAULT_PNG_SCALE = 2.0

EXAMPLES = """\b
Examples:
  sepviz diagram separable --in-channels 64 --out-channels 128 -o separable.svg
  sepviz diagram comparison --kernel-size 5 --theme light --width 900 -o comparison.pdf
  sepviz diagram cost --theme dark --scale 3 -o cost.png
  sepviz diagram depthwise --animate -o - > depthwise.svg
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
@add_layer_options(FigureSpec)
def diagram(name: str, output: str, scale: float | None, **figure: Values) -> None:
    """Draw the figure NAME of a layer: separable, depthwise, comparison, cost, ...

    `-o -` writes the same bytes as the response of /diagrams/NAME.svg. PNG and PDF need the extra `export`, have the
    light theme unless --theme is dark, and show an animated figure without motion.
    """
    from sepviz.figures import draw  # noqa: PLC0415 - imports svgwrite

    suffix = ".svg" if output == STANDARD_OUTPUT else parse_suffix(output, SUFFIXES)
    if scale is not None and suffix != ".png":
        raise InvalidInput(f"--scale {scale:g}: only a PNG has pixels; end the name in .png, or use --width")
    spec = FigureSpec.parse(query_pairs(figure))
    svg = draw(name, spec.layer, spec.options)
    try:
        body = _encode(suffix, svg, scale or DEFAULT_PNG_SCALE)
    except ExportUnavailable as error:
        raise click.ClickException(f"cannot write {output}: {error}") from None
    write(output, body)


def _encode(suffix: str, svg: str, scale: float) -> bytes:
    if suffix == ".png":
        return png(svg, scale)
    return pdf(svg) if suffix == ".pdf" else svg.encode()
