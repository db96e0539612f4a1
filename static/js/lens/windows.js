/**
 * Which cells feed which, from the geometry of a layer's operations as the server describes it.
 * @typedef {[number, number]} Pair of rows and columns
 * @typedef {object} Operation
 * @property {string} name
 * @property {[number, number]} channels of its input and of its output
 * @property {number} groups
 * @property {Pair} kernel
 * @property {Pair} stride
 * @property {Pair} padding before the first row and column
 * @property {Pair} dilation
 * @property {Pair} input
 * @property {Pair} output
 *
 * @typedef {{ stage: string, channel: number, row: number, column: number }} Cell
 *
 * Cells of the maps of channels `first` to `end - 1`; rows and columns outside the map are padding.
 * @typedef {{ stage: string, first: number, end: number, rows: number[], columns: number[] }} Cells
 */

/**
 * The cell of a text such as "pointwise,3,52,49".
 * @param {string} text
 * @returns {Cell}
 */
export function parseCell(text) {
  const [stage, ...numbers] = text.split(",");
  const [channel, row, column] = numbers.map(Number);
  return { stage, channel, row, column };
}

/** @param {Cell} cell */
export const formatCell = ({ stage, channel, row, column }) => `${stage},${channel},${row},${column}`;

/**
 * @param {Operation[]} operations
 * @param {Cell} cell
 */
export function hasCell(operations, { stage, channel, row, column }) {
  const made = operations.find(({ name }) => name === stage);
  return made !== undefined && channel < made.channels[1] && row < made.output[0] && column < made.output[1];
}

/**
 * The cell itself where the layer has it, else the nearest one: of a stage that the layer lacks, that of the last
 * stage with the beginning of its name, or else of the last one.
 * @param {Operation[]} operations
 * @param {Cell} cell
 * @returns {Cell}
 */
export function nearestCell(operations, cell) {
  const made =
    operations.find(({ name }) => name === cell.stage) ??
    operations.findLast(({ name }) => cell.stage.startsWith(`${name}-`)) ??
    operations[operations.length - 1];
  return {
    stage: made.name,
    channel: Math.min(cell.channel, made.channels[1] - 1),
    row: Math.min(cell.row, made.output[0] - 1),
    column: Math.min(cell.column, made.output[1] - 1),
  };
}

/**
 * The cell itself, then the cells that it is made of in the maps before it, back to the input; empty where the layer
 * has no such cell.
 * @param {Operation[]} operations
 * @param {Cell} cell
 * @returns {Cells[]}
 */
export function feedingCells(operations, cell) {
  if (!hasCell(operations, cell)) return [];
  const { stage, channel, row, column } = cell;
  const found = [{ stage, first: channel, end: channel + 1, rows: [row], columns: [column] }];
  for (let at = operations.findIndex(({ name }) => name === stage); at >= 0; at--) {
    const { first, end, rows, columns } = found[found.length - 1];
    const operation = operations[at];
    const [feeding, fed] = operation.channels.map((channels) => channels / operation.groups);
    found.push({
      stage: at ? operations[at - 1].name : "input",
      first: Math.floor(first / fed) * feeding,
      end: (Math.floor((end - 1) / fed) + 1) * feeding,
      rows: reach(operation, 0, rows),
      columns: reach(operation, 1, columns),
    });
  }
  return found;
}

/**
 * The rows (axis 0) or columns (axis 1) of the input under the kernel for these of the output.
 * @param {Operation} operation
 * @param {0 | 1} axis
 * @param {number[]} cells
 */
function reach({ kernel, stride, padding, dilation, output }, axis, cells) {
  const found = new Set();
  for (const cell of cells) {
    if (cell < 0 || cell >= output[axis]) continue; // padding is made of nothing
    const start = cell * stride[axis] - padding[axis];
    for (let at = 0; at < kernel[axis]; at++) found.add(start + at * dilation[axis]);
  }
  return [...found].sort((one, other) => one - other);
}

/**
 * The end, exclusive, of the rows (axis 0) or columns (axis 1) of the input that the first `count` of the output need;
 * all of them where the output is complete.
 * @param {Operation} operation
 * @param {0 | 1} axis
 * @param {number} count
 */
export function reachedEnd({ kernel, stride, padding, dilation, input, output }, axis, count) {
  if (count === 0 || count === output[axis]) return count && input[axis];
  const last = (count - 1) * stride[axis] - padding[axis] + (kernel[axis] - 1) * dilation[axis];
  return Math.max(0, Math.min(last + 1, input[axis]));
}

/**
 * The row (axis 0) or column (axis 1) of the output whose window is centred on one of the input; of two that are as
 * near, the first.
 * @param {Operation} operation
 * @param {0 | 1} axis
 * @param {number} cell
 */
function centredOn({ kernel, stride, padding, dilation, output }, axis, cell) {
  const twice = 2 * (cell + padding[axis]) - (kernel[axis] - 1) * dilation[axis];
  const nearest = Math.ceil((twice - stride[axis]) / (2 * stride[axis]));
  return Math.max(0, Math.min(nearest, output[axis] - 1));
}

/**
 * The cell of an operation's output whose window is centred on a cell of its input. It is in the wanted channel where
 * the input's channel feeds that, else in the first channel that it feeds.
 * @param {Operation} operation
 * @param {{ channel: number, row: number, column: number }} input
 * @param {number} [wanted]
 * @returns {Cell}
 */
export function outputAt(operation, { channel, row, column }, wanted = 0) {
  const [feeding, fed] = operation.channels.map((channels) => channels / operation.groups);
  const first = Math.floor(channel / feeding) * fed;
  return {
    stage: operation.name,
    channel: wanted >= first && wanted < first + fed ? wanted : first,
    row: centredOn(operation, 0, row),
    column: centredOn(operation, 1, column),
  };
}

/**
 * The row and column of a stage's map at the place of a cell of any other stage: the middle of what the cell is made of,
 * or the cell whose window is centred on it.
 * @param {Operation[]} operations
 * @param {Cell} cell
 * @param {string} stage
 */
export function placeIn(operations, cell, stage) {
  const names = operations.map(({ name }) => name);
  const [from, to] = [names.indexOf(cell.stage), names.indexOf(stage)];
  if (from < to) {
    let place = cell;
    for (const operation of operations.slice(from + 1, to + 1)) place = outputAt(operation, place);
    return { row: place.row, column: place.column };
  }
  const { rows, columns } = feedingCells(operations, cell)[from - to];
  const [height, width] = operations[to].output;
  return { row: middleOf(rows, height), column: middleOf(columns, width) };
}

/**
 * The middle one of the cells, inside the map.
 * @param {number[]} cells
 * @param {number} size
 */
function middleOf(cells, size) {
  const middle = cells[cells.length >> 1] ?? 0;
  return Math.max(0, Math.min(middle, size - 1));
}
