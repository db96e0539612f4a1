/**
 * The values of a small map, written into its cells.
 * @typedef {import("./colormap.js").Plane} Plane
 * @typedef {import("./colormap.js").Domain} Domain
 */
import { canvasOf } from "./cells.js";
import { colourOf } from "./colormap.js";
import { maxAbs } from "./numbers.js";

const SVG = "http://www.w3.org/2000/svg";
export const MIN_FONT_PIXELS = 8;
/** The size of a cell in the units of the drawing. */
const UNIT = 100;
/** The largest height of a text as a share of a cell, the width of a digit over that height, the largest width of a text. */
const [MAX_FONT_SHARE, DIGIT_WIDTH, MAX_WIDTH_SHARE] = [0.36, 0.58, 0.88];
export const MAX_DIGITS = 3;
/** Larger and smaller powers of ten are written as such. */
const MAX_POWER = 3;

/**
 * Writes the values over the map in a box, as many digits as can be read; removes them where none can.
 * @param {HTMLElement} box around the map's canvas
 * @param {Pick<Plane, "values" | "width" | "height">} plane
 * @param {Uint32Array} colours
 * @param {Domain} domain
 * @param {number} [cell] the side of a cell on the screen
 */
export function writeValues(
  box,
  { values, width, height },
  colours,
  domain,
  cell = cellPixels(canvasOf(box), width, height),
) {
  const existing = box.querySelector("svg.values");
  const fitting = values && fitTexts(values, cell);
  if (!values || !fitting) {
    existing?.remove();
    return;
  }
  const svg = existing ?? box.insertBefore(createOverlay(), canvasOf(box).nextSibling);
  svg.setAttribute("viewBox", `0 0 ${width * UNIT} ${height * UNIT}`);
  svg.setAttribute("font-size", String(Math.round(fitting.fontShare * UNIT)));
  while (svg.childElementCount > values.length) svg.lastElementChild?.remove();
  while (svg.childElementCount < values.length) svg.append(createText());
  fitting.texts.forEach((text, at) => {
    const element = svg.children[at];
    element.setAttribute("x", String(((at % width) + 0.5) * UNIT));
    element.setAttribute("y", String((Math.floor(at / width) + 0.5) * UNIT));
    element.setAttribute("fill", isBright(colourOf(values[at], colours, domain)) ? "#000" : "#fff");
    if (element.textContent !== text) element.textContent = text;
  });
}

/**
 * The side of a cell on the screen.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 */
export const cellPixels = ({ clientWidth, clientHeight }, width, height) =>
  Math.min(clientWidth / width, clientHeight / height);

export const createText = () => document.createElementNS(SVG, "text");

export function createOverlay() {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "values");
  svg.setAttribute("aria-hidden", "true");
  return svg;
}

/**
 * The values with as many digits as fit into cells, and the height of the text as a share of a cell; null where not even
 * one digit can be read.
 * @param {Float32Array} values
 * @param {number} cell the side of a cell in pixels
 */
export function fitTexts(values, cell) {
  for (let digits = MAX_DIGITS; digits > 0; digits--) {
    const texts = formatTogether(values, digits);
    const fontShare = Math.min(MAX_FONT_SHARE, largestFont(texts, 1));
    if (fontShare * cell >= MIN_FONT_PIXELS) return { texts, fontShare };
  }
  return null;
}

/**
 * The largest height of texts that all fit into cells.
 * @param {string[]} texts
 * @param {number} cell the width of a cell
 */
export const largestFont = (texts, cell) =>
  (cell * MAX_WIDTH_SHARE) / (DIGIT_WIDTH * Math.max(...texts.map((text) => text.length)));

/**
 * The values with equally many decimals, which give the largest so many digits: "−0.46", "12", "2e−5". Decimals that are
 * 0 in all of them are left out.
 * @param {Float32Array} values
 * @param {number} digits
 */
export function formatTogether(values, digits) {
  const power = Math.floor(Math.log10(maxAbs(values) || 1));
  const exact = Math.max(0, digits - 1 - power);
  const isShort = Math.abs(power) <= MAX_POWER;
  let decimals = isShort ? exact : 0;
  const isRound = (/** @type {number} */ value) =>
    Math.abs(value - Number(value.toFixed(decimals - 1))) < 0.5 * 10 ** -exact;
  while (decimals > 0 && values.every(isRound)) decimals--;
  return Array.from(values, (value) => {
    const text = isShort ? value.toFixed(decimals) : value.toExponential(digits - 1);
    return Number(text) === 0 ? "0" : text.replace("e+", "e").replaceAll("-", "−");
  });
}

/**
 * Whether black is easier to read on a colour than white, by their contrast as WCAG defines it.
 * @param {number} colour 32 bits of a canvas
 */
export function isBright(colour) {
  const [red, green, blue] = [0, 8, 16].map((shift) => {
    const part = ((colour >>> shift) & 255) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return (luminance + 0.05) ** 2 > 0.05 * 1.05;
}
