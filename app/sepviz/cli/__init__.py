"""The commands: `sepviz serve`, `sepviz diagram`, `sepviz maps` and `sepviz cost`.

A build may draw hundreds of figures, each in a process of its own, so the modules here import little. Each command
imports the rest when it runs: only `serve` and `maps` import torch.
"""

import click

from sepviz import __version__
from sepviz.cli.cost_command import cost
from sepviz.cli.diagram_command import diagram
from sepviz.cli.invalid_input import InvalidInput
from sepviz.cli.layer_options import option_name
from sepviz.cli.maps_command import maps
from sepviz.cli.serve_command import serve
from sepviz.errors import BadParameter, InvalidParameters, SepvizError

EXAMPLES = """\b
Examples:
  sepviz serve --port 8000
  sepviz diagram separable --in-channels 64 --out-channels 128 -o separable.svg
  sepviz maps depthwise --in-channels 8 -o depthwise.png
  sepviz cost --in-channels 64 --out-channels 128 --size 112

\b
Exit codes: 0 success; 1 the output cannot be written; 2 the input is invalid.
Completion, for bash (zsh and fish likewise): eval "$(_SEPVIZ_COMPLETE=bash_source sepviz)"
"""


class Commands(click.Group):
    """A group that reports any `SepvizError` of its commands, with the option in place of the parameter."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; `InvalidInput` in place of `SepvizError`."""
        try:
            return super().invoke(ctx)
        except InvalidParameters as error:
            raise InvalidInput("\n".join(map(_describe, error.bad))) from None
        except SepvizError as error:
            raise InvalidInput(str(error)) from None


def _describe(bad: BadParameter) -> str:
    option = option_name(bad.parameter)
    typed = option if bad.value is None else f"{option} {bad.value}"
    return f"{typed}: {bad.why or 'not allowed'}; {bad.allowed}"


@click.group(
    cls=Commands,
    epilog=EXAMPLES,
    context_settings={"help_option_names": ["-h", "--help"], "show_default": True, "max_content_width": 100},
)
@click.version_option(__version__, prog_name="sepviz")
def main() -> None:
    """See what a separable convolution does, stage by stage, and what it costs."""


for command in (serve, diagram, maps, cost):
    main.add_command(command)
