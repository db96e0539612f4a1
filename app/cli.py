"""The commands: `sepviz serve`, `sepviz diagram` and `sepviz cost`.

A build may draw hundreds of figures, a process each, so little is imported here and each command
imports what it alone needs: only `serve` reaches the server, and with it torch.
"""

import json
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, TypeVar

import click

from app import __version__
from app.cost import COUNTED, Comparison, StageCost, compare, compared, document
from app.errors import BadParameter, InvalidParameters, SepvizError
from app.options import NARROWEST, THEMES, WIDEST, Options, Theme
from app.spec import GENERATED, SAMPLES, LayerSpec, allowed, properties

Command = TypeVar("Command", bound=Callable[..., Any])

FINISH_WITHIN_S = 8


class Refused(click.ClickException):
    """What was asked for cannot be done: one line for each problem, and exit code 2."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """The lines as they are, on stderr."""
        click.echo(self.message, file=file, err=True)


class Commands(click.Group):
    """A group whose commands may raise any `SepvizError`; a parameter is then named as its option."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except InvalidParameters as error:
            raise Refused("\n".join(map(_as_typed, error.bad))) from None
        except SepvizError as error:
            raise Refused(str(error)) from None


def option_name(parameter: str) -> str:
    """`kernel_size` as it is typed: `--kernel-size`."""
    return f"--{parameter.replace('_', '-')}"


def _as_typed(bad: BadParameter) -> str:
    option = option_name(bad.parameter)
    given = option if bad.value is None else f"{option} {bad.value}"
    return f"{given}: {bad.why or 'not allowed'}; {bad.allowed}"


def layer_options(command: Command) -> Command:
    """An option for each parameter of `LayerSpec`, in its order, with what is allowed and the default as help.

    Values stay text and are all kept, so that `LayerSpec.parse` refuses here what it refuses in an
    address: an option that is given twice, too.
    """
    defaults = LayerSpec().parameters()
    for name, field in reversed(LayerSpec.model_fields.items()):
        text = f"{field.description} Allowed: {allowed(name)}. Default: {defaults[name]}."
        option = click.option(
            option_name(name), name, multiple=True, metavar="VALUE", help=text, shell_complete=_complete
        )
        command = option(command)
    return command


def _complete(_context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The words that a parameter may be, for the shell's completion; numbers are left to the person."""
    schema = properties(LayerSpec)[str(parameter.name)]
    words = [str(word) for each in schema.get("anyOf", [schema]) for word in each.get("enum", ())]
    if parameter.name == "input":
        words = [*SAMPLES, *GENERATED]
    elif schema.get("type") == "boolean":
        words = ["true", "false"]
    return [word for word in words if word.startswith(incomplete)]


def _complete_figure(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    from app.diagrams import NAMES  # noqa: PLC0415 - with it comes svgwrite

    return [name for name in NAMES if name.startswith(incomplete)]


def _spec(layer: Mapping[str, tuple[str, ...]]) -> LayerSpec:
    return LayerSpec.parse((name, value) for name, values in layer.items() for value in values)


SETTINGS = {"help_option_names": ["-h", "--help"], "show_default": True}
EXAMPLES = """\b
Examples:
  sepviz serve --port 8000
  sepviz diagram separable --in-channels 64 --out-channels 128 -o separable.svg
  sepviz diagram comparison --kernel-size 5 --theme dark -o -
  sepviz cost --in-channels 64 --out-channels 128 --size 112
"""


@click.group(cls=Commands, epilog=EXAMPLES, context_settings=SETTINGS)
@click.version_option(__version__, prog_name="sepviz")
def main() -> None:
    """See what a separable convolution does, stage by stage, and what it costs."""


@main.command(epilog=EXAMPLES)
@click.option("--host", default="127.0.0.1", help="The address to listen on.")
@click.option("--port", default=8000, type=click.IntRange(0, 65535), help="0: any free port.")
def serve(host: str, port: int) -> None:
    """Start the page and the API, until Ctrl+C."""
    shown = f"[{host}]" if ":" in host else host
    try:
        # Bound before torch is loaded: a port that is taken is told at once, not after seconds.
        listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        reason = str(error.strerror).partition(" (while")[0]  # Python adds the address, which is said already
        problem = f"cannot listen on http://{shown}:{port}: {reason.lower()}"
        raise click.ClickException(f"{problem}; choose another with --host or --port") from None
    with listening:
        click.echo(f"Sepviz is at http://{shown}:{listening.getsockname()[1]} (Ctrl+C stops it)")
        _run_server(listening)


def _run_server(listening: socket.socket) -> None:
    import uvicorn  # noqa: PLC0415 - only here

    from app.main import create_app  # noqa: PLC0415 - with it comes torch

    # h11 refuses headers over 64 KiB; uvicorn's faster parser takes any.
    config = uvicorn.Config(
        create_app, factory=True, http="h11", log_level="info", timeout_graceful_shutdown=FINISH_WITHIN_S
    )
    # uvicorn finishes what is in flight and then passes Ctrl+C on; that is how a server is stopped, no failure.
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listening])


@main.command(epilog=EXAMPLES)
@click.argument("name", shell_complete=_complete_figure)
@click.option("-o", "--output", required=True, metavar="FILE", help="An .svg file to write, or - for standard output.")
@click.option("--theme", type=click.Choice(THEMES), default="auto", help="Colours; auto follows the reader's.")
@click.option("--width", type=click.IntRange(NARROWEST, WIDEST), help="Pixels across; left out: the figure's own.")
@layer_options
def diagram(name: str, output: str, theme: Theme, width: int | None, **layer: tuple[str, ...]) -> None:
    """Draw the figure NAME of a layer as SVG: separable, depthwise, comparison, cost, ...

    With `-o -` these are the very bytes that /diagrams/NAME.svg answers.
    """
    from app.diagrams import draw  # noqa: PLC0415 - with it comes svgwrite

    if output != "-" and Path(output).suffix.lower() != ".svg":
        raise Refused(f"--output {output}: figures are written as SVG only; end the name in .svg, or give -")
    svg = draw(name, _spec(layer), Options(theme, width)).encode()
    if output == "-":
        click.echo(svg, nl=False)
        return
    try:
        Path(output).write_bytes(svg)
    except OSError as error:
        raise click.FileError(output, error.strerror) from None


@main.command(epilog=EXAMPLES)
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text")
@layer_options
def cost(form: str, **layer: tuple[str, ...]) -> None:
    """MACs and params of a layer, beside the convolution that it replaces."""
    spec = _spec(layer)
    text = "\n".join(_as_text(spec, compare(spec))) if form == "text" else json.dumps(document(spec), indent=2)
    # A terminal's encoding may lack a letter of a formula; the numbers are to be seen all the same.
    click.echo(text.encode(sys.stdout.encoding, "replace"))


def _as_text(spec: LayerSpec, costs: Comparison) -> Iterator[str]:
    stages, (whole,) = costs.layer.stages, costs.standard.stages
    (m, *before), (n, *after) = stages[0].shape.input_shape, stages[-1].shape.output_shape
    yield f"{spec.kind}: {m} x {before[0]} x {before[1]} to {n} x {after[0]} x {after[1]} (channels, height, width)"
    macs, params = (costs.layer.macs, costs.macs_ratio), (costs.layer.params, costs.params_ratio)
    for unit, (total, ratio) in (("MACs", macs), ("params", params)):
        rows = [_row(each, unit) for each in stages]
        if spec.kind != "standard":
            rows += [("total", f"{total:,}", "", ""), _row(whole, unit, "instead: ")]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        yield from ("", unit)
        for name, number, letters, numbers in rows:
            line = f"  {name:{widths[0]}}  {number:>{widths[1]}}"
            yield line + (f"  = {letters:{widths[2]}}  = {numbers}" if letters else "")
        if spec.kind != "standard":
            yield f"  {compared(ratio, unit)} one {whole.name} convolution"
    yield from ("", COUNTED)


def _row(cost: StageCost, unit: str, before: str = "") -> tuple[str, str, str, str]:
    """A stage's name, its number, and the formula in letters and in numbers."""
    term, number, bias = (cost.macs, cost.macs.value, 0) if unit == "MACs" else (cost.weights, cost.params, cost.biases)
    letters = str(term) + (" + bias" if bias else "")
    numbers = " · ".join(str(factor.value) for factor in term.factors) + (f" + {bias}" if bias else "")
    return before + cost.name, f"{number:,}", letters, numbers


if __name__ == "__main__":
    main()
