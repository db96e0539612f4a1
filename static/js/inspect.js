/**
 * One channel, large, at full resolution.
 */
import { tensors } from "./client.js";
import { paint } from "./colormap.js";
import { endsOf, isLight, nameOf, planesOf, rangeOf } from "./planes.js";

/**
 * @param {string} query
 * @param {string} stage
 * @param {number} channel
 * @param {string} label what the maps of the stage are called
 * @param {(light: boolean) => Uint32Array} colours
 */
export async function inspect(query, stage, channel, label, colours) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("inspect"));
  const file = await tensors(`${query}&stages=${stage}&channels=${channel}-${channel}`);
  const [plane] = planesOf(file, stage);
  const title = /** @type {HTMLElement} */ (dialog.querySelector("h2"));
  title.textContent = nameOf(file, stage, channel, label);
  const canvas = /** @type {HTMLCanvasElement} */ (dialog.querySelector("canvas"));
  paint(canvas, plane, colours(isLight(plane, stage)), endsOf([plane], stage));
  const cells = plane.bytes.length > 1 ? "cells" : "cell";
  /** @type {HTMLElement} */ (dialog.querySelector("p")).textContent =
    `${plane.height} × ${plane.width} ${cells}, values ${rangeOf(plane)}`;
  dialog.showModal();
}
