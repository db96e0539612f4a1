/**
 * Sparse planes: nearly all cells have one value, as in an impulse response, and the few others must stay visible.
 * @typedef {import("./colormap.js").Plane} Plane
 */

/**
 * Whether more than this share of a plane's cells have one value, to the nearest byte.
 * @param {Plane} plane
 * @param {number} minShare
 */
export function isSparse({ bytes }, minShare) {
  const counts = new Uint32Array(256);
  for (let cell = 0; cell < bytes.length; cell++) counts[bytes[cell]]++;
  return Math.max(...counts) > minShare * bytes.length;
}
