/**
 * Planes that have one value nearly everywhere, such as the answer to an impulse: what is to be seen are the others.
 * @typedef {import("./colormap.js").Plane} Plane
 */

/** The least share of the cells that have the one value. */
const SAME = 0.75;

/**
 * The byte of the one value, as far as bytes can tell; null of any other plane.
 * @param {Plane} plane
 */
export function commonByte({ bytes }) {
  const counts = new Uint32Array(256);
  for (let cell = 0; cell < bytes.length; cell++) counts[bytes[cell]]++;
  const most = Math.max(...counts);
  return most > SAME * bytes.length ? counts.indexOf(most) : null;
}
