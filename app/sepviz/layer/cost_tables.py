"""What a layer costs as a table: for a spreadsheet, and for a page of documentation."""

import csv
import io
from collections.abc import Iterator
from typing import NamedTuple

from sepviz.layer.cost import Comparison, OperationCost, StageCost, compare, compared
from sepviz.layer.spec import LayerSpec


class Row(NamedTuple):
    """A line of the table; `row` is `stage`, `total` or `replaced`, shapes are those of PyTorch."""

    row: str
    name: str
    weight_shape: str
    output_shape: str
    macs: int
    params: int
    formula: str
    flops_per_byte: str


def rows(costs: Comparison) -> Iterator[Row]:
    """Each stage, the whole layer, and the one convolution that it replaces."""
    for each in costs.layer.operations:
        yield _row("stage", each)
    last = costs.layer.operations[-1]
    intensity = 2 * costs.layer.macs / costs.layer.bytes_moved
    yield Row(
        "total",
        "",
        "",
        _shape(last.operation.output_shape),
        costs.layer.macs,
        costs.layer.params,
        " + ".join(str(stage.macs) for stage in costs.layer.stages),
        f"{intensity:.3f}",
    )
    for each in costs.baseline.operations:
        yield _row("replaced", each)


def cost_csv(spec: LayerSpec) -> str:
    """The table as CSV with a line of names; `InvalidParameters` where the output would be empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([Row._fields, *rows(compare(spec))])
    return text.getvalue()


def cost_markdown(spec: LayerSpec) -> str:
    """The table as GitHub's Markdown has it, and the ratios in words below; errors as `cost_csv`."""
    costs = compare(spec)
    lines = ["| stage | weight | output | MACs | params | MACs by formula |", "|---|---|---|---:|---:|---|"]
    for each in rows(costs):
        name = {"stage": each.name, "total": "**total**", "replaced": f"instead: {each.name}"}[each.row]
        if costs.is_baseline and each.row != "stage":
            continue  # it would be the same line three times
        shapes = (each.weight_shape.replace("x", " × "), each.output_shape.replace("x", " × "))
        lines.append(f"| {' | '.join((name, *shapes, f'{each.macs:,}', f'{each.params:,}', each.formula))} |")
    if not costs.is_baseline:
        instead = f"one {costs.baseline.stages[0].name} convolution"
        ratios = ((costs.macs_ratio, "MACs"), (costs.params_ratio, "params"))
        lines += ["", *(f"- {compared(ratio, unit)} {instead}" for ratio, unit in ratios)]
    return "\n".join(lines) + "\n"


def _row(row: str, cost: OperationCost) -> Row:
    shapes = (
        _shape(cost.operation.weight_shape) if isinstance(cost, StageCost) else "",
        _shape(cost.operation.output_shape),
    )
    return Row(row, cost.name, *shapes, cost.macs.value, cost.params, str(cost.macs), f"{cost.flops_per_byte:.3f}")


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))
