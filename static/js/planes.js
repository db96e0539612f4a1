/**
 * The planes of a tensors file, and the values between which their colours run.
 * @typedef {import("./colormap.js").Plane} Plane
 * @typedef {import("./safetensors.js").File} File
 * @typedef {import("./safetensors.js").Tensor} Tensor
 */
import { planeOf, rangeEnd } from "./colormap.js";

/**
 * The planes of a stage.
 * @param {File} file
 * @param {string} stage
 * @returns {Plane[]}
 */
export function planesOf({ tensors }, stage) {
  const maps = tensors.get(stage);
  const ranges = tensors.get(`${stage}.range`);
  const extremes = tensors.get(`${stage}.extremes`) ?? ranges;
  if (!maps || !ranges || !extremes) return [];
  const [count, height, width] = maps.shape;
  const bytes = /** @type {Uint8Array} */ (maps.data);
  return Array.from({ length: count }, (_, at) => ({
    bytes: bytes.subarray(at * height * width, (at + 1) * height * width),
    width,
    height,
    low: ranges.data[2 * at],
    high: ranges.data[2 * at + 1],
    extremes: [extremes.data[2 * at], extremes.data[2 * at + 1]],
  }));
}

/**
 * A map in words, with what its channel is called where it is called anything: "input 2, blue".
 * @param {File} file
 * @param {string} stage
 * @param {number} channel
 * @param {string} label what the maps of the stage are called
 */
export function nameOf({ metadata }, stage, channel, label) {
  const called = JSON.parse(metadata[`${stage}.names`] ?? "[]")[channel];
  return `${label} ${channel}${called ? `, ${called}` : ""}`;
}

/**
 * Which cells of the maps of a stage are shown, in words, where that is a detail of a map that has one value elsewhere.
 * @param {File} file
 * @param {string} stage
 */
export function detailOf({ metadata }, stage) {
  const detail = JSON.parse(metadata.sepviz ?? "{}")[`${stage}.detail`];
  if (!detail) return "";
  const [rows, columns] = detail.replaceAll("-", " to ").split(",");
  return `; only rows ${rows} and columns ${columns} are shown, all other cells are equal`;
}

/**
 * From where to where a plane's values go.
 * @param {Plane} plane
 */
export const rangeOf = ({ low, high, extremes = [low, high] }) => extremes.map(told).join(" to ");

/**
 * A value to three digits: "−0.956", "5.57 × 10⁻⁶".
 * @param {number} value
 */
export function told(value) {
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 0.0009995 && size < 999.5) return value.toPrecision(3).replace("-", "−");
  if (size >= 1 && size < 99999.5) return value.toFixed(0).replace("-", "−");
  const [digits, power] = value.toExponential(2).split("e");
  const raised = [...String(Number(power))].map((sign) => SUPERSCRIPTS[sign]);
  return `${digits} × 10${raised.join("")}`.replace("-", "−");
}

/** @type {Record<string, string>} */
const SUPERSCRIPTS = Object.fromEntries([...`-0123456789`].map((sign, at) => [sign, "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"[at]]));

/**
 * Whether a plane is light, as a picture's channels are, and not signed.
 * @param {Plane} plane
 * @param {string} stage
 */
export const isLight = ({ low }, stage) => stage === "input" && low >= 0;

/**
 * The values of the first and last colour: black to white for light, else symmetric about zero.
 * @param {Plane[]} planes
 * @param {string} stage
 * @returns {[number, number]}
 */
export function endsOf(planes, stage) {
  if (planes.every((plane) => isLight(plane, stage)))
    return [0, Math.max(1, ...planes.map(({ high }) => high))];
  const most = rangeEnd(planes);
  return [-most, most];
}

/**
 * The kernels of one output side by side, `across` of them in a row.
 * @param {Tensor} weight (outputs, channels, height, width)
 * @param {number} output
 * @param {number} across
 * @returns {Plane}
 */
export function kernelsOf({ shape, data }, output, across) {
  const [, channels, height, width] = shape;
  const size = channels * height * width;
  const own = /** @type {Float32Array} */ (data).subarray(output * size, (output + 1) * size);
  const down = Math.ceil(channels / across);
  if (height === 1 && down === 1) return planeOf(own, channels * width, 1);
  const values = new Float32Array(across * width * down * height);
  for (let at = 0; at < size; at++) {
    const channel = Math.floor(at / width / height);
    const [row, column] = [Math.floor(channel / across), channel % across];
    const y = row * height + (Math.floor(at / width) % height);
    values[y * across * width + column * width + (at % width)] = own[at];
  }
  return planeOf(values, across * width, down * height);
}

/**
 * The largest size among numbers of either sign.
 * @param {Iterable<number>} values
 */
export function largest(values) {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}

/**
 * Where the symmetric ranges of kernels end: kernels of more than one cell share one, and so do those of one cell, which
 * only weigh maps against each other.
 * @param {Tensor[]} weights of each stage
 */
export function kernelEnds(weights) {
  const isPoint = (/** @type {Tensor} */ { shape }) => shape[2] * shape[3] === 1;
  return weights.map((weight) => {
    const together = weights.filter((other) => isPoint(other) === isPoint(weight));
    return Math.max(...together.map(({ data }) => largest(/** @type {Float32Array} */ (data))));
  });
}
