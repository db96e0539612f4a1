/**
 * Sparse planes: nearly all cells have one value, as in an impulse response, and the few others must stay visible.
 * @typedef {import("./colormap.js").Plane} Plane
 */

/** A plane is sparse if more than this share of its cells have one value; app/sepviz/tensors/encoders/sparse.py has the same share. */
const MIN_COMMON_SHARE = 0.75;

/**
 * The most frequent byte of a sparse plane; null of any other plane.
 * @param {Plane} plane
 */
export function commonByte({ bytes }) {
  const counts = new Uint32Array(256);
  for (let cell = 0; cell < bytes.length; cell++) counts[bytes[cell]]++;
  const most = Math.max(...counts);
  return most > MIN_COMMON_SHARE * bytes.length ? counts.indexOf(most) : null;
}
