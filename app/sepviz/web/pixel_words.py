"""The words of the lens "One pixel": the arithmetic of a value in a sentence, and its formula in letters."""

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from sepviz.layer.cell import Cell
from sepviz.layer.operations import Convolution, Operation
from sepviz.layer.plan import Plan
from sepviz.web.wording import counted


class Piece(NamedTuple):
    """A piece of a formula: its text, what stands below it, and the colour of its stage."""

    text: str
    below: str = ""
    role: str = "ink"


class _Index(NamedTuple):
    """A row or column of the input in letters: a number, and of each letter how often it is added."""

    start: int
    letters: tuple[tuple[int, str], ...] = ()

    def before(self, operation: Operation, axis: int, letter: str) -> "_Index":
        """The index in the operation's source of the window's cell `letter`."""
        stride = operation.stride[axis]
        letters = tuple((times * stride, each) for times, each in self.letters)
        if operation.kernel[axis] > 1:
            letters += ((operation.dilation[axis], letter),)
        return _Index(self.start * stride - operation.padding[axis][0], letters)

    @property
    def text(self) -> str:
        """As in `51 + 2i`."""
        letters = [letter if times == 1 else f"{times}{letter}" for times, letter in self.letters]
        start = [f"{self.start}".replace("-", "−")] if self.start or not letters else []
        return " + ".join([*start, *letters])


def formula(planned: Plan, cell: Cell) -> list[Piece]:
    """The value in letters, such as y3(52, 49) = Σc P3,c · Σi,j Dc(i, j) · Xc(51 + i, 48 + j)."""
    names = [each.name for each in planned.operations]
    operations = planned.operations[: names.index(cell.stage) + 1]
    left = Piece("y", str(cell.channel)), Piece(f"({cell.row}, {cell.column}) = ")
    return [*left, *_expression(operations, str(cell.channel), range(cell.channel, cell.channel + 1), _indices(cell))]


def _indices(cell: Cell) -> tuple[_Index, _Index]:
    return _Index(cell.row), _Index(cell.column)


def _expression(
    operations: Sequence[Operation], channel: str, channels: range, indices: tuple[_Index, _Index]
) -> list[Piece]:
    """What a channel, a letter or a number, is after the operations; `channels` are those it stands for."""
    if not operations:
        row, column = indices
        return [Piece("X", channel), Piece(f"({row.text}, {column.text})")]
    *before, last = operations
    if not isinstance(last, Convolution):
        return [Piece(f"{last.title}("), *_expression(before, channel, channels, indices), Piece(")")]
    feeding = last.channels_feeding(channels)
    source, pieces = channel, []
    if last.mixes_channels and len(feeding) > 1:
        source = "c"
        run = "" if len(feeding) == last.in_channels else f" = {feeding.start}…{feeding.stop - 1}"
        pieces.append(Piece("Σ", f"c{run}"))
    elif last.mixes_channels:
        source = str(feeding.start)
    elif last.multiplier > 1:
        source = str(feeding.start) if channel.isdigit() else f"⌊{channel}/{last.multiplier}⌋"
    letters = [letter for letter, size in zip("ij", last.kernel, strict=True) if size > 1]
    if letters:
        pieces += [Piece(" "), Piece("Σ", ",".join(letters))] if pieces else [Piece("Σ", ",".join(letters))]
    whose = f"{channel},{source}" if last.mixes_channels else channel
    places = f"({', '.join(letters)})" if letters else ""
    role = last.stage.role
    pieces += [Piece(" "), Piece(last.stage.title[0], whose, role), Piece(places, "", role), Piece(" · ")]
    made = (indices[0].before(last, 0, "i"), indices[1].before(last, 1, "j"))
    inner = _expression(before, source, feeding, made)
    is_sum = bool(before) and isinstance(before[-1], Convolution) and before[-1].bias
    pieces += [Piece("("), *inner, Piece(")")] if is_sum else inner
    return [*pieces, Piece(" + "), Piece("b", channel, role)] if last.bias else pieces


def sentence(planned: Plan, cell: Cell) -> str:
    """How many products the value takes, and how many a convolution that is not separated takes."""
    names = [each.name for each in planned.operations]
    done = planned.operations[: names.index(cell.stage) + 1]
    *before, last = (each for each in done if isinstance(each, Convolution))
    fan = len(last.channels_feeding(range(cell.channel, cell.channel + 1)))
    taps = prod(last.kernel)
    if not before:
        return _single(last, taps, fan, is_mixed_later=_mixes_after(planned, last))
    own = prod(prod(each.kernel) for each in before)
    baseline = prod(planned.replaced.weight_shape[1:])
    if not last.mixes_channels:
        kernel = " × ".join(map(str, planned.replaced.kernel))
        cells = f"each of the {taps} cells" if taps > 1 else "the one cell"
        first = f"{counted(own, 'product')} for {cells} of the window, then {taps} for the value."
        return f"{first} One {kernel} kernel takes {counted(baseline, 'product')} for every value."
    total, outputs = own * fan, last.out_channels
    across = f"then {fan} across them" if fan > 1 else "then 1 with its weight"
    maps = f"{before[-1].name} map" if prod(each.multiplier for each in before) > 1 else "channel"
    words = f"{counted(own, 'product')} in {'each' if fan > 1 else 'the one'} {maps}, {across}."
    if outputs == 1:
        return f"{words} A standard convolution takes {counted(baseline, 'product')}."
    shared = f"The {total:,} are" if total > 1 else "The first product is"
    return (
        f"{words} {shared} shared by all {outputs:,} outputs; a standard convolution takes {baseline:,} for every one."
    )


def _mixes_after(planned: Plan, convolution: Convolution) -> bool:
    later = planned.convolutions[planned.convolutions.index(convolution) + 1 :]
    return any(each.mixes_channels for each in later)


def _single(convolution: Convolution, taps: int, fan: int, *, is_mixed_later: bool) -> str:
    """The products of a value that one convolution makes."""
    products = counted(taps, "product")
    if not convolution.mixes_channels:
        if convolution.in_channels == 1:
            return f"{products} of the one channel."
        return f"{products} of one channel: nothing is mixed{' yet' if is_mixed_later else ''}."
    group = " of its group" if convolution.groups > 1 else ""
    where = f"each of the {fan:,} channels{group}" if fan > 1 else f"the one channel{group}"
    words = f"{products} in {where}: {counted(taps * fan, 'product')} for this value."
    if convolution.out_channels == 1:
        return words
    return f"{words} Each of the {convolution.out_channels:,} outputs has its own kernels and takes as many."


def run_of(noun: str, places: Sequence[int]) -> str:
    """Evenly spaced rows or columns: `row 52`, `rows 51 to 53`, `rows 50 to 54 in steps of 2`."""
    if len(places) == 1:
        return f"{noun} {places[0]}".replace("-", "−")
    step = places[1] - places[0]
    every = "" if step == 1 else f" in steps of {step}"
    return f"{noun}s {places[0]} to {places[-1]}{every}".replace("-", "−")
