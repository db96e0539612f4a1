/**
 * Sending a picture: as it is where the server takes it, else reduced.
 */
import { ask, Refusal } from "./client.js";
import { decode, describeFile, excess, isVector, reduce } from "./reduction.js";
import { drawThumbnail, formatSize } from "./thumbnail.js";
import { withProgress } from "./transfer.js";

const UNSUPPORTED = 415;

/** @typedef {{ left: number, top: number, width: number, height: number }} Box */

/**
 * What the server answers; sizes are in pixels of the upright picture that was sent.
 * @typedef {{ id: string, width: number, height: number, used: Box, notes: string[] }} Answer
 */

/**
 * A picture of this visit that the server has, or had; sizes are in pixels of the upright original.
 * @typedef {object} Upload
 * @property {string} id
 * @property {number} width
 * @property {number} height
 * @property {Box} used the part that a layer gets
 * @property {string[]} notes what was done to it
 * @property {File} file as it was sent
 * @property {{ width: number, height: number }} sent
 * @property {HTMLCanvasElement | null} thumbnail null where this browser cannot show it
 */

/**
 * What happens meanwhile.
 * @typedef {object} Observer
 * @property {(thumbnail: HTMLCanvasElement | null) => void} onRead
 * @property {(words: string) => void} onPhase
 * @property {(share: number) => void} onProgress
 */

/**
 * Sends a picture until the signal aborts it; rejects with a `Refusal` where it cannot be taken.
 * @param {File} file
 * @param {import("./reduction.js").Limits} limits
 * @param {AbortSignal} signal
 * @param {Observer} observer
 * @returns {Promise<Upload>}
 */
export async function send(file, limits, signal, observer) {
  // A folder can be dropped, and a file can be gone.
  await file
    .slice(0, 1)
    .arrayBuffer()
    .catch(() => {
      throw new Refusal(0, "This cannot be read as a file; is it a folder, or was it moved?", []);
    });
  const picture = await decode(file);
  signal.throwIfAborted();
  const thumbnail = picture && drawThumbnail(picture);
  observer.onRead(thumbnail);

  /**
   * @param {File} body
   * @param {HTMLImageElement} [original]
   */
  async function posted(body, original) {
    observer.onPhase("Sending your picture.");
    const waiting = (/** @type {string} */ words) =>
      observer.onPhase(`${words}. Your picture is sent again by itself.`);
    const answer = await post(body, signal, waiting, observer.onProgress);
    return { ...inOriginal(answer, original), sent: answer, file: body, thumbnail };
  }

  /** @param {string} reason */
  async function reduced(reason) {
    observer.onPhase("Reducing your picture.");
    const body = picture && (await reduce(picture, isVector(file), limits));
    if (!picture || !body) throw new Refusal(0, irreducible(file, reason, limits), []);
    signal.throwIfAborted();
    const upload = await posted(body, picture);
    upload.notes.unshift(conversion(upload, reason));
    return upload;
  }

  const reason = excess(file, picture, limits);
  if (reason && (picture || file.size > limits.bytes)) return reduced(reason);
  try {
    return await posted(file);
  } catch (error) {
    if (picture && error instanceof Refusal && error.status === UNSUPPORTED)
      return reduced(`this server does not take ${describeFile(file)}`);
    throw error;
  }
}

/**
 * @param {File} file
 * @param {AbortSignal} [signal]
 * @param {import("./client.js").Waiting} [waiting]
 * @param {(share: number) => void} [onProgress]
 * @returns {Promise<Answer>}
 */
export async function post(file, signal, waiting, onProgress) {
  const body = new FormData();
  body.append("file", file);
  const transport = onProgress && withProgress(onProgress);
  return (await ask("/api/images", { method: "POST", body, signal }, waiting, transport)).json();
}

/**
 * The answer in pixels of the original from which the picture was reduced.
 * @param {Answer} answer
 * @param {HTMLImageElement} [original] none where the picture was sent as it is
 */
function inOriginal({ id, width, height, used, notes }, original) {
  const [fullWidth, fullHeight] = [original?.naturalWidth || width, original?.naturalHeight || height];
  // The shorter side, which rounding has changed least by its share or not at all.
  const factor = Math.min(fullWidth, fullHeight) / Math.min(width, height);
  const part = Object.entries(used).map(([name, length]) => [name, Math.round(length * factor)]);
  return { id, width: fullWidth, height: fullHeight, used: Object.fromEntries(part), notes: [...notes] };
}

/**
 * @param {{ width: number, sent: { width: number, height: number } }} upload
 * @param {string} reason
 */
function conversion({ width, sent }, reason) {
  const size = `it to ${formatSize(sent)}`;
  const how = sent.width === width ? "" : `${sent.width < width ? "reduced" : "enlarged"} ${size} and `;
  return `${reason}: your browser ${how}sent it as PNG`;
}

/**
 * @param {File} file
 * @param {string} reason
 * @param {import("./reduction.js").Limits} limits
 */
function irreducible(file, reason, { bytes, formats }) {
  const kinds = new Intl.ListFormat("en", { type: "disjunction" }).format(formats);
  return `${reason}, and this browser cannot reduce ${describeFile(file)}; a ${kinds} of at most ${bytes / 2 ** 20} MiB would fit.`;
}
