"""`sepviz cost`: what a layer costs, for a person, a spreadsheet, a page or a program."""

import json
import sys
from collections.abc import Iterator

import click

from sepviz.cli.output import STANDARD_OUTPUT, write
from sepviz.cli.parameters import Given, pairs, parameters
from sepviz.layer.cost import COUNTED, Comparison, StageCost, compare, compared, document
from sepviz.layer.cost_tables import cost_csv, cost_markdown
from sepviz.layer.kinds import KIND_NAMES
from sepviz.layer.spec import LayerSpec

FORMATS = ("text", "json", "csv", "markdown")

EXAMPLES = """\b
Examples:
  sepviz cost --in-channels 64 --out-channels 128 --size 112
  sepviz cost --kind spatially-separable --kernel-size 7 --format markdown
  sepviz cost --in-channels 64 --out-channels 128 --format csv > cost.csv
  sepviz cost --format json | jq .ratio.macs
"""


@click.command(epilog=EXAMPLES)
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", help="json is what /api/layer answers.")
@parameters(LayerSpec)
def cost(form: str, **layer: Given) -> None:
    """MACs and params of a layer, beside the convolution that it replaces."""
    spec = LayerSpec.parse(pairs(layer))
    if form == "text":
        text = "\n".join((*_as_text(spec, compare(spec)), ""))
        # A terminal's encoding may lack a letter of a formula; the numbers are to be seen all the same.
        write(STANDARD_OUTPUT, text.encode(sys.stdout.encoding, "replace"))
    elif form == "json":
        write(STANDARD_OUTPUT, f"{json.dumps(document(spec), indent=2)}\n".encode())
    else:
        write(STANDARD_OUTPUT, (cost_csv if form == "csv" else cost_markdown)(spec).encode())


def _as_text(spec: LayerSpec, costs: Comparison) -> Iterator[str]:
    stages, (whole,) = costs.layer.stages, costs.standard.stages
    (m, *before), (n, *after) = stages[0].shape.input_shape, stages[-1].shape.output_shape
    sizes = f"{m} x {before[0]} x {before[1]} to {n} x {after[0]} x {after[1]}"
    yield f"{KIND_NAMES[spec.kind]}: {sizes} (channels, height, width)"
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
