/**
 * Playing: the layer's output is computed cell by cell, or row by row where its map is large.
 * @typedef {import("./windows.js").Cell} Cell
 * @typedef {import("./windows.js").Operation} Operation
 * @typedef {import("../maps/marks.js").Coverage} Coverage
 *
 * So many steps are done, the last of which made the cell.
 * @typedef {{ step: number, cell: Cell, isPlaying: boolean }} Play
 */
import { placeIn, reachedEnd } from "./windows.js";

/** A map with a longer side is computed a row at a time. */
const MAX_BY_CELL = 32;
/** How long it takes at normal speed, and the bounds of the steps a second. */
const [SECONDS, MIN_RATE, MAX_RATE] = [12, 3, 60];

/**
 * @param {Operation[]} operations
 * @returns {{ count: number, isByRow: boolean, rate: number }} the number of steps, whether each is a whole row, and
 *   steps a second at normal speed
 */
export function stepsOf(operations) {
  const [rows, columns] = operations[operations.length - 1].output;
  const isByRow = Math.max(rows, columns) > MAX_BY_CELL;
  const count = isByRow ? rows : rows * columns;
  return { count, isByRow, rate: Math.max(MIN_RATE, Math.min(count / SECONDS, MAX_RATE)) };
}

/**
 * The cell of the last stage that a step computes; of a whole row, the one in the column of the current cell.
 * @param {Operation[]} operations
 * @param {number} step from 1
 * @param {Cell} current
 * @returns {Cell}
 */
export function cellOfStep(operations, step, current) {
  const last = operations[operations.length - 1];
  const channel = current.stage === last.name ? current.channel : 0;
  const columns = last.output[1];
  if (stepsOf(operations).isByRow) {
    const { column } = placeIn(operations, current, last.name);
    return { stage: last.name, channel, row: step - 1, column };
  }
  return { stage: last.name, channel, row: Math.floor((step - 1) / columns), column: (step - 1) % columns };
}

/**
 * The step that computes the output at the place of a cell.
 * @param {Operation[]} operations
 * @param {Cell} cell
 */
export function stepOfCell(operations, cell) {
  const last = operations[operations.length - 1];
  const { row, column } = placeIn(operations, cell, last.name);
  return stepsOf(operations).isByRow ? row + 1 : row * last.output[1] + column + 1;
}

/**
 * How much of each stage's maps is computed after so many steps: of the last one what the steps made, of those before
 * it all that this needs.
 * @param {Operation[]} operations
 * @param {number} step
 * @returns {Map<string, Coverage>}
 */
export function coverageOf(operations, step) {
  const { isByRow } = stepsOf(operations);
  const columns = operations[operations.length - 1].output[1];
  const full = isByRow ? step : Math.floor(step / columns);
  const column = isByRow ? 0 : step % columns;
  let coverage = { full, begun: column ? full + 1 : full, column };
  const found = new Map();
  for (const operation of operations.toReversed()) {
    found.set(operation.name, coverage);
    coverage = {
      full: reachedEnd(operation, 0, coverage.full),
      begun: reachedEnd(operation, 0, coverage.begun),
      column: reachedEnd(operation, 1, coverage.column),
    };
  }
  return found;
}
