/**
 * Planes of bytes to pixels, through a table of 256 colours.
 * `low` and `high` are the values of the bytes 0 and 255; a plane that was averaged knows the `extremes` of the whole.
 * @typedef {{ bytes: Uint8Array, width: number, height: number, low: number, high: number, extremes?: [number, number] }} Plane
 */
import { commonByte } from "./sparse.js";

/**
 * The colours of evenly spaced anchors (`#rrggbb`), joined by straight lines, each as 32 bits of a canvas.
 * @param {string[]} anchors
 */
export function table(anchors) {
  const colours = anchors.map((text) => [1, 3, 5].map((at) => Number.parseInt(text.slice(at, at + 2), 16)));
  const made = new Uint8ClampedArray(256 * 4);
  for (let entry = 0; entry < 256; entry++) {
    const place = (entry / 255) * (colours.length - 1);
    const left = Math.min(Math.floor(place), colours.length - 2);
    for (let part = 0; part < 3; part++) {
      made[entry * 4 + part] =
        colours[left][part] + (colours[left + 1][part] - colours[left][part]) * (place - left);
    }
    made[entry * 4 + 3] = 255;
  }
  return new Uint32Array(made.buffer);
}

/**
 * The end of a symmetric range of some planes: the 99th percentile of their magnitudes, or the largest magnitude of a
 * sparse plane where that is larger.
 * @param {Plane[]} planes
 */
export function rangeEnd(planes) {
  const flat = planes.filter((plane) => commonByte(plane) !== null);
  const sizes = flat.map(({ low, high }) => Math.max(Math.abs(low), Math.abs(high)));
  return Math.max(0, ...sizes, percentile(planes.filter((plane) => !flat.includes(plane))));
}

/**
 * The 99th percentile of the magnitudes of some planes.
 * @param {Plane[]} planes
 */
export function percentile(planes) {
  // A plane's largest sizes stand at the two ends of its bytes, so they are dropped from there, inwards.
  const ends = planes.map(({ bytes, low, high }) => {
    const counts = new Uint32Array(256);
    for (let cell = 0; cell < bytes.length; cell++) counts[bytes[cell]]++;
    return { counts, low, step: (high - low) / 255, first: 0, last: 255 };
  });
  let left = 0.01 * planes.reduce((sum, { bytes }) => sum + bytes.length, 0);
  for (;;) {
    let size = -1;
    let from = ends[0];
    for (const each of ends) {
      while (each.first <= each.last && !each.counts[each.first]) each.first++;
      while (each.first <= each.last && !each.counts[each.last]) each.last--;
      if (each.first > each.last) continue;
      const most = Math.max(Math.abs(sizeAt(each, each.first)), Math.abs(sizeAt(each, each.last)));
      if (most > size) [size, from] = [most, each];
    }
    if (size < 0 || !from) return 0;
    const atFirst = Math.abs(sizeAt(from, from.first)) >= Math.abs(sizeAt(from, from.last));
    left -= from.counts[atFirst ? from.first : from.last];
    if (left < 0) return size;
    if (atFirst) from.first++;
    else from.last--;
  }
}

/**
 * @param {{ low: number, step: number }} plane
 * @param {number} byte
 */
const sizeAt = ({ low, step }, byte) => low + byte * step;

/**
 * What each canvas shows.
 * @type {WeakMap<HTMLCanvasElement, { plane: Plane, colours: Uint32Array, ends: [number, number] }>}
 */
const painted = new WeakMap();

/**
 * What the last plane was coloured on; the next is mostly as large.
 * @type {ImageData | null}
 */
let sheet = null;

/**
 * Paints a plane, unless it is there already; `ends` are the values of the first and the last colour.
 * @param {HTMLCanvasElement} canvas
 * @param {Plane} plane
 * @param {Uint32Array} colours
 * @param {[number, number]} ends
 */
export function paint(canvas, plane, colours, ends) {
  const { bytes, width, height, low, high } = plane;
  const [first, last] = ends;
  const before = painted.get(canvas);
  painted.set(canvas, { plane, colours, ends });
  if (
    before?.colours === colours &&
    before.ends.every((end, at) => end === ends[at]) &&
    same(before.plane, plane)
  )
    return;
  const lookup = new Uint32Array(256);
  const span = last - first;
  for (let byte = 0; byte < 256; byte++) {
    const value = low + (byte / 255) * (high - low);
    const place = span > 0 ? ((value - first) / span) * 255 : 127.5;
    lookup[byte] = colours[Math.max(0, Math.min(255, Math.round(place)))];
  }
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  if (sheet?.width !== width || sheet.height !== height) sheet = context.createImageData(width, height);
  const pixels = new Uint32Array(sheet.data.buffer);
  for (let cell = 0; cell < pixels.length; cell++) pixels[cell] = lookup[bytes[cell]];
  context.putImageData(sheet, 0, 0);
}

/**
 * @param {Plane} one
 * @param {Plane} other
 */
function same(one, other) {
  if (one.width !== other.width || one.height !== other.height) return false;
  if (one.low !== other.low || one.high !== other.high) return false;
  for (let cell = 0; cell < one.bytes.length; cell++) if (one.bytes[cell] !== other.bytes[cell]) return false;
  return true;
}

/**
 * Signed numbers, such as a kernel's, as a plane.
 * @param {Float32Array} values
 * @param {number} width
 * @param {number} height
 * @returns {Plane}
 */
export function planeOf(values, width, height) {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const bytes = new Uint8Array(values.length);
  for (let cell = 0; cell < values.length; cell++) {
    bytes[cell] = high > low ? Math.round(((values[cell] - low) / (high - low)) * 255) : 0;
  }
  return { bytes, width, height, low, high };
}
