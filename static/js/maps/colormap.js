/**
 * Planes of bytes to pixels, through a table of 256 colours.
 * `low` and `high` are the values of the bytes 0 and 255; a plane that was averaged knows the `extremes` of the whole,
 * and a small one the exact `values` of its cells.
 * @typedef {object} Plane
 * @property {Uint8Array} bytes
 * @property {number} width
 * @property {number} height
 * @property {number} low
 * @property {number} high
 * @property {[number, number]} [extremes]
 * @property {Float32Array} [values]
 *
 * The values of the first and the last colour.
 * @typedef {[number, number]} Domain
 */
import { isSparse } from "./sparse.js";

/**
 * The colours of evenly spaced anchors (`#rrggbb`), joined by straight lines, each as 32 bits of a canvas.
 * @param {string[]} anchors
 */
export function createTable(anchors) {
  const colours = anchors.map((anchor) =>
    [1, 3, 5].map((at) => Number.parseInt(anchor.slice(at, at + 2), 16)),
  );
  const entries = new Uint8ClampedArray(256 * 4);
  for (let entry = 0; entry < 256; entry++) {
    const place = (entry / 255) * (colours.length - 1);
    const left = Math.min(Math.floor(place), colours.length - 2);
    for (let part = 0; part < 3; part++) {
      entries[entry * 4 + part] =
        colours[left][part] + (colours[left + 1][part] - colours[left][part]) * (place - left);
    }
    entries[entry * 4 + 3] = 255;
  }
  return new Uint32Array(entries.buffer);
}

/**
 * The end of a domain that is symmetric about zero: the 99th percentile of the planes' magnitudes, or the largest
 * magnitude of a sparse plane where that is larger.
 * @param {Plane[]} planes
 * @param {number} minSparseShare of equal cells in a sparse plane
 */
export function symmetricLimit(planes, minSparseShare) {
  const sparse = planes.filter((plane) => isSparse(plane, minSparseShare));
  const magnitudes = sparse.map(({ low, high }) => Math.max(Math.abs(low), Math.abs(high)));
  return Math.max(0, ...magnitudes, percentile(planes.filter((plane) => !sparse.includes(plane))));
}

/**
 * The 99th percentile of the magnitudes of some planes.
 * @param {Plane[]} planes
 */
export function percentile(planes) {
  // A plane's largest magnitudes stand at the two ends of its histogram, so they are dropped from there, inwards.
  const histograms = planes.map(({ bytes, low, high }) => {
    const counts = new Uint32Array(256);
    for (let cell = 0; cell < bytes.length; cell++) counts[bytes[cell]]++;
    return { counts, low, step: (high - low) / 255, first: 0, last: 255 };
  });
  let remaining = 0.01 * planes.reduce((sum, { bytes }) => sum + bytes.length, 0);
  for (;;) {
    let largest = -1;
    let from = histograms[0];
    for (const each of histograms) {
      while (each.first <= each.last && !each.counts[each.first]) each.first++;
      while (each.first <= each.last && !each.counts[each.last]) each.last--;
      if (each.first > each.last) continue;
      const magnitude = Math.max(magnitudeAt(each, each.first), magnitudeAt(each, each.last));
      if (magnitude > largest) [largest, from] = [magnitude, each];
    }
    if (largest < 0 || !from) return 0;
    const isFirst = magnitudeAt(from, from.first) >= magnitudeAt(from, from.last);
    remaining -= from.counts[isFirst ? from.first : from.last];
    if (remaining < 0) return largest;
    if (isFirst) from.first++;
    else from.last--;
  }
}

/**
 * @param {{ low: number, step: number }} plane
 * @param {number} byte
 */
const magnitudeAt = ({ low, step }, byte) => Math.abs(low + byte * step);

/**
 * What each canvas shows.
 * @type {WeakMap<HTMLCanvasElement, { plane: Plane, colours: Uint32Array, domain: Domain }>}
 */
const painted = new WeakMap();

/**
 * The pixels of the last plane, to be used again: the next is mostly as large.
 * @type {ImageData | null}
 */
let image = null;

/**
 * Paints a plane, unless the canvas shows it already.
 * @param {HTMLCanvasElement} canvas
 * @param {Plane} plane
 * @param {Uint32Array} colours
 * @param {Domain} domain
 */
export function paint(canvas, plane, colours, domain) {
  const { bytes, width, height, low, high } = plane;
  const before = painted.get(canvas);
  painted.set(canvas, { plane, colours, domain });
  if (
    before?.colours === colours &&
    before.domain.every((end, at) => end === domain[at]) &&
    isSame(before.plane, plane)
  )
    return;
  const lookup = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++)
    lookup[byte] = colourOf(low + (byte / 255) * (high - low), colours, domain);
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  if (image?.width !== width || image.height !== height) image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let cell = 0; cell < pixels.length; cell++) pixels[cell] = lookup[bytes[cell]];
  context.putImageData(image, 0, 0);
}

/**
 * The colour of a value; beyond the domain, that of its end.
 * @param {number} value
 * @param {Uint32Array} colours
 * @param {Domain} domain
 */
export function colourOf(value, colours, [first, last]) {
  const span = last - first;
  const place = span > 0 ? ((value - first) / span) * 255 : 127.5;
  return colours[Math.max(0, Math.min(255, Math.round(place)))];
}

/**
 * @param {Plane} one
 * @param {Plane} other
 */
function isSame(one, other) {
  if (one.width !== other.width || one.height !== other.height) return false;
  if (one.low !== other.low || one.high !== other.high) return false;
  for (let cell = 0; cell < one.bytes.length; cell++) if (one.bytes[cell] !== other.bytes[cell]) return false;
  return true;
}

/**
 * Numbers of either sign, such as a kernel's, as a plane.
 * @param {Float32Array} values
 * @param {number} width
 * @param {number} height
 * @returns {Plane}
 */
export function createPlane(values, width, height) {
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
