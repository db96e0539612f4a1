"""The commands: `sepviz serve`, `sepviz diagram`, `sepviz maps` and `sepviz cost`.

A build may draw hundreds of figures, a process each, so little is imported here and each command
imports what it alone needs when it runs: only `serve` and `maps` wait for torch.
"""

import click

from sepviz import __version__
from sepviz.cli import cost, diagram, maps, serve
from sepviz.cli.parameters import option_name
from sepviz.cli.refusal import Refused
from sepviz.errors import BadParameter, InvalidParameters, SepvizError

EXAMPLES = """\b
Examples:
  sepviz serve --port 8000
  sepviz diagram separable --in-channels 64 --out-channels 128 -o separable.svg
  sepviz maps depthwise --in-channels 8 -o depthwise.png
  sepviz cost --in-channels 64 --out-channels 128 --size 112

\b
Exit codes: 0 done; 2 what was asked for is refused; 1 it could not be written.
Completion, for bash (zsh and fish likewise): eval "$(_SEPVIZ_COMPLETE=bash_source sepviz)"
"""


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


def _as_typed(bad: BadParameter) -> str:
    option = option_name(bad.parameter)
    given = option if bad.value is None else f"{option} {bad.value}"
    return f"{given}: {bad.why or 'not allowed'}; {bad.allowed}"


@click.group(
    cls=Commands,
    epilog=EXAMPLES,
    context_settings={"help_option_names": ["-h", "--help"], "show_default": True, "max_content_width": 100},
)
@click.version_option(__version__, prog_name="sepviz")
def main() -> None:
    """See what a separable convolution does, stage by stage, and what it costs."""


for command in (serve.serve, diagram.diagram, maps.maps, cost.cost):
    main.add_command(command)
