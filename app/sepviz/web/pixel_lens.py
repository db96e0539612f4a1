"""What the lens "One pixel" shows of an explained value, in the columns of the maps below it."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import chain, islice
from math import prod
from typing import Any, NamedTuple

from sepviz.layer.cell import Cell
from sepviz.layer.operations import Convolution
from sepviz.layer.plan import Plan
from sepviz.palette import channel_role
from sepviz.web.map_columns import map_panes
from sepviz.web.number_cells import common_decimals, format_decimals, format_value
from sepviz.web.pixel_words import Piece, formula, run_of, sentence
from sepviz.web.wording import column_labels, counted

MAX_TERMS = 6  # products that are written out
MAX_ANNOUNCED = 3

Document = Mapping[str, Any]  # an explanation, or a part of one, as `/api/pixel` has it


class Term(NamedTuple):
    """A product as it is written in a sum: its sign and its two factors."""

    sign: str
    value: str
    weight: str


class Products(NamedTuple):
    """The largest products of a window and a kernel, and what the others add."""

    terms: tuple[Term, ...]
    rest: str

    @property
    def texts(self) -> list[str]:
        """Each in a line, for the live region."""
        return [f"{term.sign}{term.value} · {term.weight}" for term in self.terms]


class Column(NamedTuple):
    """What a convolution does for the value, and what is done with its result."""

    operation: Convolution
    note: str
    step: Document | None  # None where nothing but padding is under the next window
    chosen: Document | None  # the part of the channel that is shown
    products: Products | None
    decimals: int  # of its sums
    kernel_decimals: int
    followers: tuple[tuple[str, Document], ...]  # by title


class PixelView(NamedTuple):
    """The columns of the lens, from the input to the value."""

    tracks: tuple[int, ...]
    source: Document | None
    source_note: str
    padding: str
    columns: tuple[Column, ...]
    mixing: Column | None  # the one whose channels can be chosen among
    channels_apart: int  # maps of each input channel before the mixing
    title: str
    place: str
    formula: list[Piece]
    sentence: str
    announcement: str

    def role_of(self, part: Document) -> str:
        """The colour of the channel that adds a part."""
        return channel_role(part["channel"] // self.channels_apart)


def pixel_view(planned: Plan, cell: Cell, document: Document) -> PixelView:
    """The view of an explained value."""
    steps = {step["stage"]: step for step in document["steps"]}
    names = [each.name for each in planned.operations]
    done = planned.operations[: names.index(cell.stage) + 1]
    columns = tuple(_columns(done, steps))
    before = [each.operation for each in columns if not each.operation.mixes_channels]
    first = columns[0].step
    source = first["source"] if first else None
    last = columns[-1]
    is_output = last.operation is planned.convolutions[-1]
    label = column_labels(planned)[last.operation.name].map
    widths = [column.width for pane in map_panes(planned) for column in pane]
    return PixelView(
        tracks=tuple(widths),
        source=source,
        source_note=_source_note(source, document["input_names"], planned.operations[0].in_channels),
        padding=_padding_note(source) if source else "",
        columns=columns,
        mixing=next((each for each in columns if each.step and len(each.step["parts"]) > 1), None),
        channels_apart=prod(each.out_channels // each.in_channels for each in before),
        title=f"{'Output' if is_output else last.operation.stage.title} {cell.channel}",
        place=f"row {cell.row}, column {cell.column}",
        formula=formula(planned, cell),
        sentence=sentence(planned, cell),
        announcement=f"{label} {cell.channel}, row {cell.row}, column {cell.column}: {_equation(document, last)}",
    )


def _columns(done: tuple[Any, ...], steps: Mapping[str, Document]) -> Iterator[Column]:
    """A column for each convolution."""
    for number, operation in enumerate(done):
        if not isinstance(operation, Convolution):
            continue
        following: list[tuple[str, Document]] = []
        for each in done[number + 1 :]:
            if isinstance(each, Convolution):
                break
            if each.name in steps:
                following.append((each.title, steps[each.name]))
        step = steps.get(operation.name)
        yield (
            _column(operation, step, tuple(following))
            if step
            else Column(operation, "nothing but padding is under the next window", None, None, None, 0, 0, ())
        )


def _column(operation: Convolution, step: Document, followers: tuple[tuple[str, Document], ...]) -> Column:
    chosen = next(each for each in step["parts"] if each["channel"] == step["through"])
    biases = [] if step["bias"] is None else [step["bias"]]
    sums = [each["sum"] for each in step["parts"]] + [step["rest"]["sum"], step["value"], *biases]
    weights = list(chain.from_iterable(chosen["kernel"]))
    kernel_decimals = max(common_decimals(weights, 2), min(common_decimals(weights), 2))
    return Column(
        operation,
        _column_note(operation, step),
        step,
        chosen,
        _products(chosen, kernel_decimals),
        common_decimals(sums),
        kernel_decimals,
        followers,
    )


def _column_note(operation: Convolution, step: Document) -> str:
    taps = prod(operation.kernel)
    if not operation.mixes_channels:
        made = len(step["output"]["rows"]) * len(step["output"]["columns"])
        each = f", for each of {counted(made, 'cell')}" if made > 1 else ""
        return f"{counted(taps, 'product')} of one channel, one sum{each}"
    fan = len(step["parts"]) + step["rest"]["count"]
    if taps > 1:
        return f"{counted(taps, 'product')} in {f'each of {fan:,} channels' if fan > 1 else 'the one channel'}, one sum"
    where = "across the channels, one sum" if fan > 1 else "with the one channel"
    return f"row {step['channel']}: {counted(fan, 'product')} {where}"


def _source_note(source: Document | None, names: list[str], channels: int) -> str:
    if source is None:
        return "the window lies outside the map: nothing but padding"
    number = source["channel"]
    channel = f"channel {number}, {names[number]}" if names else f"channel {number}"
    place = f"{run_of('row', source['rows'])}, {run_of('column', source['columns'])}"
    return f"{channel if channels > 1 else 'the one channel'}: {place}"


def _padding_note(source: Document) -> str:
    """How many cells of the window are padding; empty where none is."""
    padding = sum(value is None for row in source["values"] for value in row)
    return f"{counted(padding, 'cell')} of padding" if padding else ""


def _products(part: Document, kernel_decimals: int) -> Products:
    """The products of a part, the largest first; those that are zero are left out."""
    cells = chain.from_iterable(
        zip(*rows, strict=True) for rows in zip(part["window"], part["kernel"], part["products"], strict=True)
    )
    factors = sorted((each for each in cells if each[2]), key=lambda each: -abs(each[2]))
    shown, others = factors[:MAX_TERMS], factors[MAX_TERMS:]
    decimals = max(common_decimals((value for value, *_ in shown), 2), 2)
    terms = (
        Term(
            "−" if product < 0 else "+",
            format_decimals(abs(value), decimals),
            format_decimals(abs(weight), kernel_decimals),
        )
        for value, weight, product in shown
    )
    zeros = sum(map(len, part["products"])) - len(factors)
    if not factors:
        return Products((), "the one product is zero" if zeros == 1 else f"all {zeros:,} products are zero")
    rests = []
    if others:
        total = format_value(sum(product for *_, product in others))
        rests.append(f"{len(others):,} more, together {total}" if len(others) > 1 else f"1 more, {total}")
    if zeros:
        rests.append(f"{zeros:,} {'that are' if zeros > 1 else 'that is'} zero")
    return Products(tuple(terms), f"and {' and '.join(rests)}" if rests else "")


def _equation(document: Document, last: Column) -> str:
    """The value and what it is made of, in one line."""
    step = next(each for each in document["steps"] if each["stage"] == last.operation.name)
    value = format_value(document["value"])
    if last.followers:
        titles = " of ".join(title for title, _ in reversed(last.followers))
        value += f" = {titles} of {format_decimals(step['value'], last.decimals)}"
    terms, count = _terms(step, last)
    bias = "" if step["bias"] is None else f" + bias {format_decimals(step['bias'], last.decimals)}"
    return f"{value} = {_joined(islice(terms, MAX_ANNOUNCED)) or '0'}{_and_more(count - MAX_ANNOUNCED)}{bias}"


def _terms(step: Document, column: Column) -> tuple[Iterable[str], int]:
    """The largest terms of a sum, as they are written, and how many there are in all; its bias is none of them."""
    text = partial(format_decimals, decimals=column.decimals)
    if not column.operation.mixes_channels:
        part = step["parts"][0]
        products = _products(part, column.kernel_decimals)
        return products.texts, sum(map(bool, chain.from_iterable(part["products"])))
    count = len(step["parts"]) + step["rest"]["count"]
    if not column.operation.stage.is_pointwise:
        return (text(each["sum"]) for each in step["parts"]), count
    weights = common_decimals(each["kernel"][0][0] for each in step["parts"])
    factors = ((each["window"][0][0] or 0, each["kernel"][0][0]) for each in step["parts"])
    return (f"{text(value)} · {format_decimals(weight, weights)}" for value, weight in factors), count


def _joined(terms: Iterable[str]) -> str:
    """The terms as a sum: `0.5 + 0.2 − 0.1`; each begins with its sign, or with none."""
    return " + ".join(terms).replace("+ +", "+ ").replace("+ −", "− ").removeprefix("+")


def _and_more(count: int) -> str:
    return f" + {count:,} more" if count > 0 else ""
