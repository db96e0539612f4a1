/**
 * Drawing one column: its maps, or kernels, or both.
 * @typedef {import("./colormap.js").Plane} Plane
 * @typedef {import("./colormap.js").Domain} Domain
 * @typedef {import("./columns.js").Column} Column
 * @typedef {import("../safetensors.js").File} File
 * @typedef {import("../safetensors.js").Tensor} Tensor
 * @typedef {{ colours: (isUnsigned: boolean) => Uint32Array, scale: string, minSparseShare: number }} Look
 * @typedef {object} MapInfo
 * @property {string} stage
 * @property {number} channel
 * @property {string} label what the maps of the stage are called
 * @property {string} name
 * @property {Plane} plane
 * @property {import("./places.js").Crop | null} crop the part of the map that is shown; null where all is
 * @property {string} detail
 * @property {Domain} domain
 * @property {boolean} isUnsigned
 */
import { canvasOf, createMapButton, createPicture, resizeChildren, setLabel } from "./cells.js";
import { paint } from "./colormap.js";
import { kernelSheet } from "./kernels.js";
import {
  describeChannel,
  describeCrop,
  domainOf,
  formatRange,
  readCrop,
  readNames,
  readPlanes,
} from "./planes.js";
import { cellPixels, writeValues } from "./values.js";

const CHANNEL_COLOURS = 6;
/** The width of a sheet of kernels over its height. */
const SHEET_RATIO = 150 / 82;
/** The longer side, in cells, of a map that is shown without smoothing. */
const MAX_PIXELATED = 41;
/** Lines between more channels than this would hide them. */
const MAX_RULED = 32;
/** The values of kernels with more cells on a side, or of more kernels, are not written into them. */
const [MAX_WRITTEN_SIDE, MAX_WRITTEN] = [5, 64];

/**
 * Draws the maps of a stage, each over a domain of its own or all over one; returns what each shows.
 * @param {HTMLElement} box
 * @param {Column} column
 * @param {File} file
 * @param {Look} look
 * @returns {Map<HTMLElement, MapInfo>}
 */
export function drawMaps(box, { stage, map: label, multiplier, rows, input }, file, look) {
  const planes = readPlanes(file, stage);
  const areUnsigned = planes.map(({ low }) => input && low >= 0);
  const domain = (/** @type {Plane[]} */ some, /** @type {boolean} */ isUnsigned) =>
    domainOf(some, isUnsigned, look.minSparseShare);
  const shared = look.scale === "stage" ? domain(planes, areUnsigned.every(Boolean)) : null;
  const crop = readCrop(file, stage);
  const detail = describeCrop(crop);
  const names = readNames(file, stage);
  const maps = resizeChildren(box, "map", planes.length, createMapButton);
  const infos = planes.map((plane, channel) => {
    const isUnsigned = areUnsigned[channel];
    const name = describeChannel(label, channel, names[channel]);
    const own = shared ?? domain([plane], isUnsigned);
    return { stage, channel, label, name, plane, crop, detail, domain: own, isUnsigned };
  });
  box.style.setProperty("--rows-each", String(rows));
  box.classList.toggle("spread", rows > 1);
  maps.forEach((map, channel) => {
    const { name, plane, domain, isUnsigned } = infos[channel];
    map.title = `${name}: ${formatRange(plane)}${detail}`;
    map.setAttribute("aria-label", `${name}, values ${formatRange(plane)}${detail}`);
    setLabel(map, `${channel} ${names[channel] ?? ""}`.trim());
    // Maps that are made of one input channel alone keep its colour.
    const source = Math.floor(channel / multiplier);
    map.style.setProperty("--channel", `var(--channel-${source % CHANNEL_COLOURS})`);
    map.classList.toggle("pixelated", Math.max(plane.width, plane.height) <= MAX_PIXELATED);
    paint(canvasOf(map), plane, look.colours(isUnsigned), domain);
  });
  return new Map(maps.map((map, channel) => [map, infos[channel]]));
}

/**
 * Draws a kernel beside each map of a stage.
 * @param {HTMLElement} box
 * @param {Column} column
 * @param {Tensor} weight
 * @param {number} limit
 * @param {Look} look
 * @param {string[]} names of the kernels; empty where they have none
 */
export function drawKernels(box, column, weight, limit, { colours }, names) {
  // What made a map is read before it.
  const maps = /** @type {HTMLElement[]} */ ([...box.getElementsByClassName("map")]);
  const create = () => createPicture("kernel");
  resizeChildren(box, "kernel", weight.shape[0], create, maps).forEach((kernel, channel) => {
    const plane = kernelSheet(weight, channel, weight.shape[1]);
    paint(canvasOf(kernel), plane, colours(false), [-limit, limit]);
    kernel.style.setProperty("--ratio", String(plane.width / plane.height));
    describe(kernel, describeChannel(column.kernel, channel, names[channel]), plane);
    setLabel(kernel, names[channel] ?? "");
  });
}

/**
 * Writes their values into the kernels of a stage that does not mix channels; removes them where they cannot be read.
 * @param {HTMLElement[]} kernels
 * @param {Tensor} weight
 * @param {number} limit
 * @param {Look} look
 */
export function writeKernels(kernels, weight, limit, { colours }) {
  const [count, channels, height, width] = weight.shape;
  const isSmall = channels === 1 && Math.max(height, width) <= MAX_WRITTEN_SIDE && count <= MAX_WRITTEN;
  if (!isSmall && !kernels[0]?.querySelector(".values")) return;
  // All are as large, and to measure each after the one before has changed would lay out the page as often.
  const pixels = isSmall ? cellPixels(canvasOf(kernels[0]), width, height) : 0;
  kernels.forEach((kernel, channel) => {
    const size = height * width;
    const all = /** @type {Float32Array} */ (weight.data);
    const values = isSmall ? all.subarray(channel * size, (channel + 1) * size) : undefined;
    writeValues(kernel, { values, width, height }, colours(false), [-limit, limit], pixels);
  });
}

/**
 * @param {HTMLElement} cell
 * @param {string} name
 * @param {Plane} plane
 */
function describe(cell, name, plane) {
  cell.title = `${name}: ${formatRange(plane)}`;
  cell.setAttribute("aria-label", `${name}, from ${formatRange(plane)}`);
}

/**
 * Draws the sheet of kernels of each output.
 * @param {HTMLElement} box
 * @param {Column} column
 * @param {Tensor} weight
 * @param {number} limit
 * @param {Look} look
 * @param {string[]} names of the kernels; empty where they have none
 */
export function drawWeights(box, column, weight, limit, { colours }, names) {
  const [outputs, channels, height, width] = weight.shape;
  const isSheet = height * width > 1;
  const across = isSheet ? Math.min(channels, Math.ceil(Math.sqrt(channels * SHEET_RATIO))) : channels;
  box.style.setProperty("--across", String(across));
  box.style.setProperty("--down", String(Math.ceil(channels / across)));
  box.classList.toggle("ruled", channels > 1 && across <= MAX_RULED);
  const domain = /** @type {Domain} */ ([-limit, limit]);
  resizeChildren(box, "weights", outputs, () => createPicture("weights")).forEach((row, output) => {
    const plane = kernelSheet(weight, output, across);
    row.style.setProperty("--ratio", String(plane.width / plane.height));
    describe(row, describeChannel(column.kernel, output, names[output]), plane);
    setLabel(row, names[output] ?? "");
    paint(canvasOf(row), plane, colours(false), domain);
  });
}
