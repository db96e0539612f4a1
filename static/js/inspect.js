/**
 * One channel, large, at full resolution.
 */
import { tensors } from "./client.js";
import { paint } from "./colormap.js";
import { endsOf, isLight, planesOf } from "./planes.js";

/**
 * @param {string} query
 * @param {string} stage
 * @param {number} channel
 * @param {(light: boolean) => Uint32Array} colours
 */
export async function inspect(query, stage, channel, colours) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("inspect"));
  const file = await tensors(`${query}&stages=${stage}&channels=${channel}-${channel}`);
  const [plane] = planesOf(file, stage);
  const title = /** @type {HTMLElement} */ (dialog.querySelector("h2"));
  title.textContent = `${stage}, channel ${channel}`;
  const canvas = /** @type {HTMLCanvasElement} */ (dialog.querySelector("canvas"));
  paint(canvas, plane, colours(isLight(plane, stage)), endsOf([plane], stage));
  const range = `values from ${plane.low.toPrecision(4)} to ${plane.high.toPrecision(4)}`;
  /** @type {HTMLElement} */ (dialog.querySelector("p")).textContent =
    `${plane.height} × ${plane.width} cells, ${range}`;
  dialog.showModal();
}
