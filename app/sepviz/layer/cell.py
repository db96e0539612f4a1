"""`Cell`: one cell of a map of a layer, and the cells of the maps before it that it is made of."""

from typing import NamedTuple

from sepviz.errors import BadParameter, InvalidParameters, truncate_printable
from sepviz.layer.operations import Operation, Pair
from sepviz.layer.plan import Plan


class Cell(NamedTuple):
    """A cell of one channel's map. `stage` is the name of the operation that made it."""

    stage: str
    channel: int
    row: int
    column: int

    @property
    def text(self) -> str:
        """As in addresses: `pointwise,3,52,49`."""
        return f"{self.stage},{self.channel},{self.row},{self.column}"


class Cells(NamedTuple):
    """Cells of the maps of a stage: those of every channel of a run. Rows and columns outside the map are padding."""

    stage: str
    channels: range
    rows: tuple[int, ...]
    columns: tuple[int, ...]


def parse_cell(text: str) -> Cell:
    """The cell of a text such as `pointwise,3,52,49`; `ValueError` for any other."""
    stage, *numbers = text.split(",")
    if len(numbers) != len(Cell._fields) - 1 or not all(each.isascii() and each.isdigit() for each in numbers):
        raise ValueError("a stage, a channel, a row and a column, by comma")
    return Cell(stage, *map(int, numbers))


def default_cell(planned: Plan) -> Cell:
    """The cell that is shown where none is chosen: above and left of the middle of an output map."""
    return middle_cell(planned.operations[-1])


def middle_cell(operation: Operation) -> Cell:
    """A cell above and left of the middle of one of the operation's maps."""
    rows, columns = operation.output
    return Cell(operation.name, min(operation.out_channels - 1, 3), rows * 2 // 5, columns * 2 // 5)


def operation_of(planned: Plan, cell: Cell) -> Operation:
    """The operation that made the cell; `InvalidParameters`, with the nearest cell, where the layer has no such one."""
    operation = _find_operation(planned, cell.stage)
    if operation is None:
        nearest = default_cell(planned)
    else:
        nearest = Cell(cell.stage, *map(min, cell[1:], _last_numbers(operation)))
        if nearest == cell:
            return operation
    allowed, why = _misfits(planned, cell)[0][1:]
    fits = (("cell", nearest.text),)
    raise InvalidParameters([BadParameter("cell", truncate_printable(cell.text), allowed, why, fits)])


def output_cell(planned: Plan, cell: Cell) -> Cell:
    """The cell of an output map that is chosen: the cell itself where no convolution follows it, else the default one.

    `InvalidParameters` where the layer has no such cell.
    """
    position = planned.operations.index(operation_of(planned, cell))
    is_output = position >= planned.operations.index(planned.convolutions[-1])
    return cell if is_output else default_cell(planned)


def check_cell(planned: Plan, cell: Cell, parameters: tuple[str, str, str, str]) -> None:
    """Raise `InvalidParameters` where the layer has no such cell; it names those of the cell's four `parameters`."""
    operation = _find_operation(planned, cell.stage)
    last = {} if operation is None else dict(zip(Cell._fields[1:], _last_numbers(operation), strict=True))
    names = dict(zip(Cell._fields, parameters, strict=True))
    bad = []
    for field, allowed, why in _misfits(planned, cell):
        fits = ((names[field], str(last[field])),) if field in last else ()
        bad.append(BadParameter(names[field], truncate_printable(str(getattr(cell, field))), allowed, why, fits))
    if bad:
        raise InvalidParameters(bad)


def _find_operation(planned: Plan, stage: str) -> Operation | None:
    return next((each for each in planned.operations if each.name == stage), None)


def _last_numbers(operation: Operation) -> tuple[int, int, int]:
    """Channel, row and column of the last cell that the operation makes."""
    rows, columns = operation.output
    return operation.out_channels - 1, rows - 1, columns - 1


def _misfits(planned: Plan, cell: Cell) -> list[tuple[str, str, str]]:
    """Each field of the cell that the layer has no such value of, with what would fit and what is wrong."""
    operation = _find_operation(planned, cell.stage)
    if operation is None:
        names = ", ".join(each.name for each in planned.operations)
        return [("stage", f"{names} would fit", f"there is no stage {truncate_printable(cell.stage)}")]
    return [
        (field, f"0 to {last} would fit", f"{cell.stage} has no {field} {value}")
        for field, value, last in zip(Cell._fields[1:], cell[1:], _last_numbers(operation), strict=True)
        if value > last
    ]


def feeding_cells(planned: Plan, cell: Cell) -> tuple[Cells, ...]:
    """The cell itself, then the cells that it is made of in the maps before it, back to the input."""
    position = planned.operations.index(operation_of(planned, cell))
    found = [Cells(cell.stage, range(cell.channel, cell.channel + 1), (cell.row,), (cell.column,))]
    for number in range(position, -1, -1):
        operation, made = planned.operations[number], found[-1]
        source = planned.operations[number - 1].name if number else "input"
        channels = operation.channels_feeding(made.channels)
        rows, columns = _reach(operation, 0, made.rows), _reach(operation, 1, made.columns)
        found.append(Cells(source, channels, rows, columns))
    return tuple(found)


def _reach(operation: Operation, axis: int, cells: tuple[int, ...]) -> tuple[int, ...]:
    """The rows (axis 0) or columns (axis 1) of the input under the kernel for these of the output."""
    sizes: Pair = operation.output
    inside = (each for each in cells if 0 <= each < sizes[axis])  # what is padding is made of nothing
    return tuple(sorted({place for each in inside for place in operation.reach(axis, each)}))
