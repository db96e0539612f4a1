/**
 * The planes of a tensors file, their names, and the domains of their colours.
 * @typedef {import("./colormap.js").Plane} Plane
 * @typedef {import("./colormap.js").Domain} Domain
 * @typedef {import("../safetensors.js").File} File
 */
import { symmetricLimit } from "./colormap.js";
import { formatNumber } from "./numbers.js";

/**
 * The planes of a stage.
 * @param {File} file
 * @param {string} stage
 * @returns {Plane[]}
 */
export function readPlanes({ tensors }, stage) {
  const maps = tensors.get(stage);
  const ranges = tensors.get(`${stage}.range`);
  const extremes = tensors.get(`${stage}.extremes`) ?? ranges;
  const values = /** @type {Float32Array | undefined} */ (tensors.get(`${stage}.values`)?.data);
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
    values: values?.subarray(at * height * width, (at + 1) * height * width),
  }));
}

/**
 * The names of the planes of a tensor; empty where they have none.
 * @param {File} file
 * @param {string} tensor
 * @returns {string[]}
 */
export const readNames = ({ metadata }, tensor) => JSON.parse(metadata[`${tensor}.names`] ?? "[]");

/**
 * A map or kernel in words: "input 2, blue".
 * @param {string} label what all of them are called
 * @param {number} channel
 * @param {string | undefined} name
 */
export const describeChannel = (label, channel, name) => `${label} ${channel}${name ? `, ${name}` : ""}`;

/**
 * Which part of a stage's maps is shown; null where all is.
 * @param {File} file
 * @param {string} stage
 * @returns {import("./places.js").Crop | null}
 */
export function readCrop({ metadata }, stage) {
  const detail = JSON.parse(metadata.sepviz ?? "{}")[`${stage}.detail`];
  if (!detail) return null;
  const [rows, columns] = detail.split(",").map((/** @type {string} */ run) => run.split("-").map(Number));
  return { rows, columns };
}

/**
 * Which cells of a stage's maps are shown, in words; empty where all are.
 * @param {import("./places.js").Crop | null} crop
 */
export function describeCrop(crop) {
  if (!crop) return "";
  const [rows, columns] = [crop.rows, crop.columns].map((run) => run.join(" to "));
  return `; only rows ${rows} and columns ${columns} are shown, all other cells are equal`;
}

/**
 * The least and the largest value of a plane, in words.
 * @param {Plane} plane
 */
export const formatRange = ({ low, high, extremes = [low, high] }) => extremes.map(formatNumber).join(" to ");

/**
 * The domain of planes that share their colours: from 0 to at least 1 where they are unsigned, else symmetric about 0.
 * @param {Plane[]} planes
 * @param {boolean} isUnsigned
 * @param {number} minSparseShare
 * @returns {Domain}
 */
export function domainOf(planes, isUnsigned, minSparseShare) {
  if (isUnsigned) return [0, Math.max(1, ...planes.map(({ high }) => high))];
  const limit = symmetricLimit(planes, minSparseShare);
  return [-limit, limit];
}
