/**
 * Where a cell of a map is on its canvas, which may show a part of the map or be a smaller picture of it.
 *
 * Which cells a canvas shows, and how large a cell is, in pixels of the canvas.
 * @typedef {object} View
 * @property {number} top the first row
 * @property {number} left the first column
 * @property {number} rows
 * @property {number} columns
 * @property {number} width of the canvas
 * @property {number} height
 * @property {boolean} isCropped whether the map has cells that are not shown
 *
 * The first and the last row and column.
 * @typedef {{ rows: [number, number], columns: [number, number] }} Crop
 */

/**
 * @param {{ width: number, height: number }} canvas
 * @param {[number, number]} size rows and columns of the map
 * @param {Crop | null} crop the part that is shown; null where all is
 * @returns {View}
 */
export function viewOf({ width, height }, size, crop) {
  const [top, bottom] = crop?.rows ?? [0, size[0] - 1];
  const [left, right] = crop?.columns ?? [0, size[1] - 1];
  return {
    top,
    left,
    rows: bottom - top + 1,
    columns: right - left + 1,
    width,
    height,
    isCropped: crop !== null,
  };
}

/**
 * Whether a canvas shows any cell of some rows and columns.
 * @param {View} view
 * @param {number[]} rows
 * @param {number[]} columns
 */
export const showsAny = (view, rows, columns) =>
  rows.some((row) => row >= view.top && row < view.top + view.rows) &&
  columns.some((column) => column >= view.left && column < view.left + view.columns);

/**
 * The cell under a point of the box that contains the canvas' picture, or the nearest to it.
 * @param {View} view
 * @param {{ x: number, y: number, width: number, height: number }} point of a box, and the size of the box
 */
export function cellAt({ top, left, rows, columns, width, height }, { x, y, ...box }) {
  // The picture is as large as fits and in the middle, as `object-fit: contain` has it.
  const scale = Math.min(box.width / width, box.height / height);
  const across = (x - (box.width - width * scale) / 2) / scale;
  const down = (y - (box.height - height * scale) / 2) / scale;
  const clamp = (/** @type {number} */ at, /** @type {number} */ count) =>
    Math.max(0, Math.min(Math.floor(at), count - 1));
  return {
    row: top + clamp((down / height) * rows, rows),
    column: left + clamp((across / width) * columns, columns),
  };
}

/**
 * The rectangle on the canvas from the first to the last of some rows and columns, never smaller than a least side, and
 * not further over the edges of the canvas than an overhang.
 * @param {View} view
 * @param {number[]} rows in order
 * @param {number[]} columns in order
 * @param {number} minSide in pixels of the canvas, as is the overhang
 * @param {number} overhang
 */
export function rectangleOf(view, rows, columns, minSide, overhang) {
  const [top, bottom] = spanOf(rows, view.top, view.height / view.rows, view.height, minSide, overhang);
  const [left, right] = spanOf(columns, view.left, view.width / view.columns, view.width, minSide, overhang);
  return { top, bottom, left, right };
}

/**
 * @param {number[]} cells
 * @param {number} first
 * @param {number} cell
 * @param {number} size
 * @param {number} minSide
 * @param {number} overhang
 */
function spanOf(cells, first, cell, size, minSide, overhang) {
  const clamp = (/** @type {number} */ at) => Math.max(-overhang, Math.min(at, size + overhang));
  const from = clamp((cells[0] - first) * cell);
  const to = clamp((cells[cells.length - 1] + 1 - first) * cell);
  const more = Math.max(0, minSide - (to - from)) / 2;
  return [from - more, to + more];
}

/**
 * The path of a rectangle.
 * @param {{ top: number, bottom: number, left: number, right: number }} rectangle
 */
export const pathOf = ({ top, bottom, left, right }) => `M${left} ${top}H${right}V${bottom}H${left}Z`;
