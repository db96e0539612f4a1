/**
 * The matrix that mixes channels: a row for each output, and a column for each map that it weighs.
 * @typedef {import("./columns.js").Column} Column
 * @typedef {import("./drawing.js").Look} Look
 * @typedef {import("../safetensors.js").Tensor} Tensor
 */
import { canvasOf, createPicture, resizeChildren } from "./cells.js";
import { colourOf, paint } from "./colormap.js";
import { kernelSheet } from "./kernels.js";
import { maxAbs } from "./numbers.js";
import { formatRange } from "./planes.js";
import {
  createOverlay,
  createText,
  formatTogether,
  isBright,
  largestFont,
  MAX_DIGITS,
  MIN_FONT_PIXELS,
} from "./values.js";

const CHANNEL_COLOURS = 6;
/** Colours above more columns than this, and lines between them, would hide them. */
const MAX_HEADED = 32;
/** The columns of a matrix whose values are written into it and read out. */
const MAX_WRITTEN = 8;
const MAX_FONT_PIXELS = 11;
/** Digits, and whether without a zero before the point, from the best to the shortest. */
const FORMATS = /** @type {[number, boolean][]} */ ([
  [MAX_DIGITS, false],
  [2, false],
  [2, true],
  [1, false],
  [1, true],
]);
/** The largest rounding of a written value, as a share of the largest. */
const MAX_ROUNDING = 0.15;

/**
 * Draws the rows, and above the columns the colours of their channels.
 * @param {HTMLElement} box
 * @param {Column} column
 * @param {Tensor} weight (outputs, columns, 1, 1)
 * @param {number} limit
 * @param {Look} look
 * @param {number} multiplier columns of each channel of the input
 */
export function drawMatrix(box, column, weight, limit, { colours }, multiplier) {
  const [outputs, across] = weight.shape;
  const sizes = { outputs, across, down: 1, digits: String(outputs - 1).length };
  for (const [name, size] of Object.entries(sizes)) box.style.setProperty(`--${name}`, String(size));
  box.classList.toggle("ruled", across > 1 && across <= MAX_HEADED);
  const rows = resizeChildren(box, "weights", outputs, () => createPicture("weights"));
  drawHead(box, across <= MAX_HEADED ? across : 0, multiplier, rows);
  const values = /** @type {Float32Array} */ (weight.data);
  const texts = across <= MAX_WRITTEN ? formatTogether(values, MAX_DIGITS) : null;
  rows.forEach((row, output) => {
    const plane = kernelSheet(weight, output, across);
    const own = texts?.slice(output * across, (output + 1) * across).join(", ");
    const label = own
      ? `${column.kernel} ${output}: ${own}`
      : `${column.kernel} ${output}, from ${formatRange(plane)}`;
    row.title = label;
    row.setAttribute("aria-label", label);
    paint(canvasOf(row), plane, colours(false), [-limit, limit]);
  });
}

/**
 * @param {HTMLElement} box
 * @param {number} across
 * @param {number} multiplier
 * @param {HTMLElement[]} rows
 */
function drawHead(box, across, multiplier, rows) {
  const [head] = resizeChildren(box, "matrix-head", across ? 1 : 0, () => createSpan("matrix-head"), rows);
  if (!head) return;
  head.setAttribute("aria-hidden", "true");
  resizeChildren(head, "swatch", across, () => createSpan("swatch")).forEach((swatch, at) => {
    const channel = Math.floor(at / multiplier);
    swatch.style.setProperty("--channel", `var(--channel-${channel % CHANNEL_COLOURS})`);
  });
}

/** @param {string} className */
function createSpan(className) {
  const span = document.createElement("span");
  span.className = className;
  return span;
}

/**
 * Writes the values into the cells, with as many digits as can be read; removes them where none can.
 * @param {HTMLElement[]} rows
 * @param {Tensor} weight
 * @param {number} limit
 * @param {Look} look
 */
export function writeWeights(rows, { shape, data }, limit, { colours }) {
  const values = /** @type {Float32Array} */ (data);
  const across = shape[1];
  const cell = across <= MAX_WRITTEN ? canvasOf(rows[0]).clientWidth / across : 0;
  const fitting = cell ? fitWeights(values, cell) : null;
  const size = fitting && `${fitting.size.toFixed(1)}px`;
  rows.forEach((row, output) => {
    const existing = row.querySelector("svg.values");
    if (!fitting || !size) {
      existing?.remove();
      return;
    }
    const svg = existing ?? row.insertBefore(createOverlay(), canvasOf(row).nextSibling);
    if (svg.getAttribute("font-size") !== size) svg.setAttribute("font-size", size);
    if (svg.childElementCount !== across) svg.replaceChildren(...Array.from({ length: across }, createText));
    for (let column = 0; column < across; column++) {
      const at = output * across + column;
      const text = svg.children[column];
      const ink = isBright(colourOf(values[at], colours(false), [-limit, limit])) ? "#000" : "#fff";
      if (text.getAttribute("fill") !== ink) text.setAttribute("fill", ink);
      if (text.textContent === fitting.texts[at]) continue;
      text.textContent = fitting.texts[at];
      text.setAttribute("x", `${((column + 0.5) / across) * 100}%`);
      text.setAttribute("y", "50%");
    }
  });
}

/**
 * The values with as many digits as fit into cells, if need be without the zero before the point, and the size of the
 * text; null where none can be read that is near enough to the values.
 * @param {Float32Array} values
 * @param {number} cell the width of a cell in pixels
 */
export function fitWeights(values, cell) {
  for (const [digits, isShort] of FORMATS) {
    const full = formatTogether(values, digits);
    const texts = isShort ? full.map((text) => text.replace(/^(−?)0\./, "$1.")) : full;
    const size = largestFont(texts, cell);
    if (size >= MIN_FONT_PIXELS && isClose(texts, values))
      return { texts, size: Math.min(size, MAX_FONT_PIXELS) };
  }
  return null;
}

/**
 * Whether texts are near enough to the values that they stand for: 0.4 must not read "0" beside 1.
 * @param {string[]} texts
 * @param {Float32Array} values
 */
export function isClose(texts, values) {
  const most = MAX_ROUNDING * maxAbs(values);
  return texts.every((text, at) => Math.abs(Number(text.replaceAll("−", "-")) - values[at]) <= most);
}
