/**
 * What the server says of the columns of maps.
 *
 * In the columns of one `chain` channels stay apart: each channel at its start has `multiplier` maps in this column.
 * @typedef {object} Column
 * @property {string} key
 * @property {string} stage the name of the tensor of its maps
 * @property {string} weights the name of the tensors of its kernels
 * @property {string} shows "maps", "kernels maps", "kernels" or "matrix"
 * @property {number} chain
 * @property {number} multiplier
 * @property {number} rows that each map takes beside columns with more maps
 * @property {boolean} input whether it shows the layer's input
 * @property {string} map what one of its maps is called
 * @property {string} kernel what one of its kernels is called
 * @property {string} kernels what all of its kernels are called
 */

/** @param {Column} column */
export const hasMaps = ({ shows }) => shows.includes("maps");

/** @param {Column} column */
export const isMatrix = ({ shows }) => shows === "matrix";

/** @param {Column} column */
export const hasKernels = ({ shows }) => shows !== "maps";
