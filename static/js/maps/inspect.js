/**
 * The dialog that shows one map large, at full resolution.
 * @typedef {import("./drawing.js").MapInfo} MapInfo
 * @typedef {import("./drawing.js").Look} Look
 */
import { fetchTensors } from "../client.js";
import { createPlane, paint } from "./colormap.js";
import { domainOf, formatRange, readPlanes } from "./planes.js";
import { writeValues } from "./values.js";

/**
 * @param {string} query the layer
 * @param {MapInfo} map
 * @param {Look} look
 */
export async function openMap(query, { stage, channel, name, plane: tile, isUnsigned }, look) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("inspect"));
  const selection = `${query}&stages=${stage}&channels=${channel}-${channel}`;
  const plane = tile.values ? await fetchExact(selection, stage) : await fetchPlane(selection, stage);
  const domain = domainOf([plane], isUnsigned, look.minSparseShare);
  const colours = look.colours(isUnsigned);
  const title = /** @type {HTMLElement} */ (dialog.querySelector("h2"));
  title.textContent = name;
  const canvas = /** @type {HTMLCanvasElement} */ (dialog.querySelector("canvas"));
  paint(canvas, plane, colours, domain);
  const cells = plane.bytes.length > 1 ? "cells" : "cell";
  /** @type {HTMLElement} */ (dialog.querySelector("p")).textContent =
    `${plane.height} × ${plane.width} ${cells}, values ${formatRange(plane)}`;
  dialog.showModal();
  writeValues(/** @type {HTMLElement} */ (canvas.parentElement), plane, colours, domain);
}

/**
 * @param {string} selection
 * @param {string} stage
 */
async function fetchPlane(selection, stage) {
  return readPlanes(await fetchTensors(`${selection}&dtype=uint8`), stage)[0];
}

/**
 * The same with the exact values.
 * @param {string} selection
 * @param {string} stage
 */
async function fetchExact(selection, stage) {
  const { tensors } = await fetchTensors(selection);
  const { shape, data } = /** @type {import("../safetensors.js").Tensor} */ (tensors.get(stage));
  const values = /** @type {Float32Array} */ (data);
  return { ...createPlane(values, shape[2], shape[1]), values };
}
