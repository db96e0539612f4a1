/**
 * Kernels as planes, and the limits of their colours.
 * @typedef {import("./colormap.js").Plane} Plane
 * @typedef {import("../safetensors.js").Tensor} Tensor
 */
import { createPlane } from "./colormap.js";
import { maxAbs } from "./numbers.js";

/**
 * The kernels of one output side by side, `across` of them in a row.
 * @param {Tensor} weight (outputs, channels, height, width)
 * @param {number} output
 * @param {number} across
 * @returns {Plane}
 */
export function kernelSheet({ shape, data }, output, across) {
  const [, channels, height, width] = shape;
  const size = channels * height * width;
  const own = /** @type {Float32Array} */ (data).subarray(output * size, (output + 1) * size);
  const down = Math.ceil(channels / across);
  if (height === 1 && down === 1) return createPlane(own, channels * width, 1);
  const values = new Float32Array(across * width * down * height);
  for (let at = 0; at < size; at++) {
    const channel = Math.floor(at / width / height);
    const [row, column] = [Math.floor(channel / across), channel % across];
    const y = row * height + (Math.floor(at / width) % height);
    values[y * across * width + column * width + (at % width)] = own[at];
  }
  return createPlane(values, across * width, down * height);
}

/**
 * The limits of the symmetric domains of kernels: those of several cells share one, and so do those of one cell, which
 * only weigh maps against each other.
 * @param {Tensor[]} weights of each stage
 */
export function kernelLimits(weights) {
  const isPoint = (/** @type {Tensor} */ { shape }) => shape[2] * shape[3] === 1;
  return weights.map((weight) => {
    const alike = weights.filter((other) => isPoint(other) === isPoint(weight));
    return Math.max(...alike.map(({ data }) => maxAbs(/** @type {Float32Array} */ (data))));
  });
}

/**
 * Each limit once, with the names of all kernels that share it.
 * @param {{ kernels: string, limit: number }[]} entries
 */
export function groupByLimit(entries) {
  const limits = [...new Set(entries.map(({ limit }) => limit))];
  return limits.map((limit) => ({
    kernels: entries.flatMap((entry) => (entry.limit === limit ? [entry.kernels] : [])).join(" and "),
    limit,
  }));
}
