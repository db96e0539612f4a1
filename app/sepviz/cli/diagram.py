"""`sepviz diagram`: a figure as SVG, PNG or PDF."""

import click

from sepviz.cli.output import STANDARD_OUTPUT, ending, write
from sepviz.cli.parameters import Given, pairs, parameters
from sepviz.cli.refusal import Refused
from sepviz.figures.export import ExportUnavailable, pdf, png
from sepviz.figures.figure_spec import FigureSpec

ENDINGS = (".svg", ".png", ".pdf")
PNG_SCALE = 2.0

EXAMPLES = """\b
Examples:
  sepviz diagram separable --in-channels 64 --out-channels 128 -o separable.svg
  sepviz diagram comparison --kernel-size 5 --theme light --width 900 -o comparison.pdf
  sepviz diagram cost --theme dark --scale 3 -o cost.png
  sepviz diagram depthwise --animate -o - > depthwise.svg
"""


def _complete(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    from sepviz.figures import NAMES  # noqa: PLC0415 - with it comes svgwrite

    return [name for name in NAMES if name.startswith(incomplete)]


@click.command(epilog=EXAMPLES)
@click.argument("name", shell_complete=_complete)
@click.option(
    "-o", "--output", required=True, metavar="FILE", help="An .svg, .png or .pdf to write; -: SVG to standard output."
)
@click.option(
    "--scale",
    type=click.FloatRange(0.1, 16),
    metavar="FACTOR",
    help=f"Pixels of a PNG for each pixel of the figure, 0.1 to 16. Default: {PNG_SCALE:g}.",
)
@parameters(FigureSpec)
def diagram(name: str, output: str, scale: float | None, **figure: Given) -> None:
    """Draw the figure NAME of a layer: separable, depthwise, comparison, cost, ...

    With `-o -` these are the very bytes that /diagrams/NAME.svg answers. PNG and PDF need the extra `export`; they are
    of the light theme unless --theme says dark, and show an animated figure standing still.
    """
    from sepviz.figures import draw  # noqa: PLC0415 - with it comes svgwrite

    form = ".svg" if output == STANDARD_OUTPUT else ending(output, ENDINGS)
    if scale is not None and form != ".png":
        raise Refused(f"--scale {scale:g}: only a PNG has pixels; end the name in .png, or give --width")
    asked = FigureSpec.parse(pairs(figure))
    svg = draw(name, asked.layer, asked.options)
    try:
        body = _made(form, svg, scale or PNG_SCALE)
    except ExportUnavailable as error:
        raise click.ClickException(f"cannot write {output}: {error}") from None
    write(output, body)


def _made(form: str, svg: str, scale: float) -> bytes:
    if form == ".png":
        return png(svg, scale)
    return pdf(svg) if form == ".pdf" else svg.encode()
