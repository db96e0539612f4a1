"""`sepviz cost`: prints the cost of a layer as text, JSON, CSV or Markdown."""

import json
import sys
from collections.abc import Iterator

import click

from sepviz.cli.layer_options import Values, add_layer_options, query_pairs
from sepviz.cli.output import STANDARD_OUTPUT, write
from sepviz.layer.cost import Comparison, LayerCost, OperationCost, compare, compared, counting_rules, document
from sepviz.layer.cost_tables import cost_csv, cost_markdown
from sepviz.layer.kinds import KINDS
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
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="text", help="json is the response of /api/layer."
)
@add_layer_options(LayerSpec)
def cost(form: str, **layer: Values) -> None:
    """Print MACs and params of a layer, beside those of the convolution that it replaces."""
    spec = LayerSpec.parse(query_pairs(layer))
    if form == "text":
        text = "\n".join((*_text_lines(spec, compare(spec)), ""))
        # The terminal's encoding may lack a letter of a formula; the numbers are printed all the same.
        write(STANDARD_OUTPUT, text.encode(sys.stdout.encoding, "replace"))
    elif form == "json":
        write(STANDARD_OUTPUT, f"{json.dumps(document(spec), indent=2)}\n".encode())
    else:
        write(STANDARD_OUTPUT, (cost_csv if form == "csv" else cost_markdown)(spec).encode())


def _text_lines(spec: LayerSpec, costs: Comparison) -> Iterator[str]:
    operations, (baseline, *_) = costs.layer.operations, costs.baseline.stages
    first, last = operations[0].operation, operations[-1].operation
    (m, *before), (n, *after) = first.input_shape, last.output_shape
    sizes = f"{m} x {before[0]} x {before[1]} to {n} x {after[0]} x {after[1]}"
    yield f"{KINDS[spec.kind].title}: {sizes} (channels, height, width)"
    macs, params = (costs.layer.macs, costs.macs_ratio), (costs.layer.params, costs.params_ratio)
    for unit, (total, ratio) in (("MACs", macs), ("params", params)):
        rows = list(_rows(costs.layer, unit))
        if not costs.is_baseline:
            rows += [("total", f"{total:,}", "", ""), *_rows(costs.baseline, unit, "instead: ")]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        yield from ("", unit)
        for name, number, letters, numbers in rows:
            line = f"  {name:{widths[0]}}  {number:>{widths[1]}}"
            yield line + (f"  = {letters:{widths[2]}}  = {numbers}" if letters else "")
        if not costs.is_baseline:
            yield f"  {compared(ratio, unit)} one {baseline.name} convolution"
    yield from ("", counting_rules(costs))


def _rows(cost: LayerCost, unit: str, prefix: str = "") -> Iterator[tuple[str, str, str, str]]:
    """The operations that have any of it."""
    for each in cost.operations:
        if each.macs.value if unit == "MACs" else each.params:
            yield _row(each, unit, prefix)


def _row(cost: OperationCost, unit: str, prefix: str = "") -> tuple[str, str, str, str]:
    """The name of a stage, its number, and its formula in letters and in numbers."""
    term, number, bias = (cost.macs, cost.macs.value, 0) if unit == "MACs" else (cost.weights, cost.params, cost.biases)
    letters = str(term) + (" + bias" if bias else "")
    numbers = " · ".join(str(factor.value) for factor in term.factors) + (f" + {bias}" if bias else "")
    return prefix + cost.name, f"{number:,}", letters, numbers
