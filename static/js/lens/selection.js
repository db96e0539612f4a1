/**
 * The one selection, which every gesture on every element reduces to: a cell of a map.
 * @typedef {import("./windows.js").Cell} Cell
 * @typedef {import("./windows.js").Operation} Operation
 * @typedef {import("../maps/columns.js").Column} Column
 * @typedef {import("../layer-loader.js").PageState} PageState
 *
 * What the server says of a layer.
 * @typedef {object} Layer
 * @property {Operation[]} operations
 * @property {Column[]} columns
 * @property {string} defaultCell the cell that is shown where none is chosen
 */
import { hasMaps } from "../maps/columns.js";
import { formatCell, hasCell, nearestCell, outputAt, parseCell, placeIn } from "./windows.js";

/** The lens that shows what a cell is made of. */
export const CELL_LENS = "pixel";

/**
 * The chosen cell as an address has it: where a layer lacks the wanted one, the nearest that it has. A cell that came
 * with an address stays as it is in the layer of that address. Null where none is chosen.
 * @param {PageState} state
 * @param {Layer | null} layer
 */
export function chosenCell({ cell, query, typed }, layer) {
  const isTyped = cell === typed.cell && query === typed.query;
  if (!cell || !layer || isTyped) return cell;
  return formatCell(nearestCell(layer.operations, parseCell(cell)));
}

/**
 * The cell that the pointer, the keyboard or the animation is at, inside the layer; null where there is none.
 * @param {PageState} state
 * @param {Layer} layer
 */
export function previewedCell({ pointed, play }, { operations }) {
  const cell = pointed ?? play?.cell;
  return cell ? nearestCell(operations, cell) : null;
}

/**
 * The cell whose marks are shown; null where there is none, such as a typed one that the layer lacks.
 * @param {PageState} state
 * @param {Layer} layer
 */
export function shownCell(state, layer) {
  const previewed = previewedCell(state, layer);
  const text = chosenCell(state, layer) ?? (state.lens === CELL_LENS ? layer.defaultCell : null);
  const cell = previewed ?? (text ? parseCell(text) : null);
  return cell && hasCell(layer.operations, cell) ? cell : null;
}

/**
 * The cell where the next gesture starts that names no place: the shown one, or the default one.
 * @param {PageState} state
 * @param {Layer} layer
 */
export const currentCell = (state, layer) => shownCell(state, layer) ?? parseCell(layer.defaultCell);

/**
 * The cell that a gesture on a column selects: in its maps at a place; in its kernels, or where no place is given, at
 * the place of the current cell. An input map stands for the output that is made of its cell.
 * @param {Layer} layer
 * @param {Column} column
 * @param {number} channel
 * @param {Cell} current
 * @param {{ row: number, column: number }} [place]
 * @returns {Cell}
 */
export function cellOf({ operations, columns }, column, channel, current, place) {
  if (!column.input) {
    return { stage: column.stage, channel, ...(place ?? placeIn(operations, current, column.stage)) };
  }
  const [first] = operations;
  const { stage } = columns.find((each) => hasMaps(each) && !each.input) ?? { stage: first.name };
  const wanted = current.stage === stage || current.stage === first.name ? current.channel : 0;
  const at = place ?? { row: 0, column: 0 };
  const output = outputAt(first, { channel, ...at }, wanted);
  return { ...output, stage, ...(place ? {} : placeIn(operations, current, first.name)) };
}

/**
 * The cell beside another one in the same map, or the last one before the edge.
 * @param {Layer} layer
 * @param {Cell} cell
 * @param {{ rows: number, columns: number }} step
 */
export function movedCell({ operations }, cell, { rows, columns }) {
  const row = Math.max(0, cell.row + rows);
  return nearestCell(operations, { ...cell, row, column: Math.max(0, cell.column + columns) });
}

/**
 * The cell in words, where the lens says no more.
 * @param {Layer} layer
 * @param {Cell} cell
 */
export function describeCell({ columns }, { stage, channel, row, column }) {
  const label = columns.find((each) => each.stage === stage)?.map ?? stage;
  return `${label} ${channel}, row ${row}, column ${column}`;
}
