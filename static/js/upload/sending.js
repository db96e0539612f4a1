/**
 * Sending pictures: as they are where the server accepts them, else reduced.
 */
import { Refusal, request } from "../client.js";
import { decode, describeExcess, describeFile, isVector, reduce } from "./reduction.js";
import { drawThumbnail, formatSize } from "./thumbnail.js";
import { withProgress } from "./transfer.js";

const UNSUPPORTED_MEDIA_TYPE = 415;

/** @typedef {{ left: number, top: number, width: number, height: number }} Box */

/**
 * The response of the server; sizes are in pixels of the upright picture that was sent.
 * @typedef {{ id: string, width: number, height: number, used: Box, notes: string[] }} Picture
 */

/**
 * A picture that was uploaded during this visit; sizes are in pixels of the upright original.
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
 * Called during the upload.
 * @typedef {object} Observer
 * @property {(thumbnail: HTMLCanvasElement | null) => void} onRead
 * @property {(text: string) => void} onPhase
 * @property {(share: number) => void} onProgress
 */

/**
 * Sends a picture until the signal aborts it; rejects with a `Refusal` where that is impossible.
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
  async function postPicture(body, original) {
    observer.onPhase("Sending your picture.");
    const onWait = (/** @type {string} */ reason) =>
      observer.onPhase(`${reason}. Your picture is sent again by itself.`);
    const sent = await post(body, signal, onWait, observer.onProgress);
    return { ...inOriginalPixels(sent, original), sent, file: body, thumbnail };
  }

  /** @param {string} reason */
  async function postReduced(reason) {
    observer.onPhase("Reducing your picture.");
    const body = picture && (await reduce(picture, isVector(file), limits));
    if (!picture || !body) throw new Refusal(0, describeIrreducible(file, reason, limits), []);
    signal.throwIfAborted();
    const upload = await postPicture(body, picture);
    upload.notes.unshift(describeConversion(upload, reason));
    return upload;
  }

  const reason = describeExcess(file, picture, limits);
  if (reason && (picture || file.size > limits.bytes)) return postReduced(reason);
  try {
    return await postPicture(file);
  } catch (error) {
    if (picture && error instanceof Refusal && error.status === UNSUPPORTED_MEDIA_TYPE)
      return postReduced(`this server does not take ${describeFile(file)}`);
    throw error;
  }
}

/**
 * @param {File} file
 * @param {AbortSignal} [signal]
 * @param {import("../client.js").OnWait} [onWait]
 * @param {(share: number) => void} [onProgress]
 * @returns {Promise<Picture>}
 */
export async function post(file, signal, onWait, onProgress) {
  const body = new FormData();
  body.append("file", file);
  const transport = onProgress && withProgress(onProgress);
  return (await request("/api/images", { method: "POST", body, signal }, onWait, transport)).json();
}

/**
 * The picture in pixels of the original from which it was reduced.
 * @param {Picture} picture
 * @param {HTMLImageElement} [original] none where the picture was sent as it is
 */
function inOriginalPixels({ id, width, height, used, notes }, original) {
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
function describeConversion({ width, sent }, reason) {
  const size = `it to ${formatSize(sent)}`;
  const how = sent.width === width ? "" : `${sent.width < width ? "reduced" : "enlarged"} ${size} and `;
  return `${reason}: your browser ${how}sent it as PNG`;
}

/**
 * @param {File} file
 * @param {string} reason
 * @param {import("./reduction.js").Limits} limits
 */
function describeIrreducible(file, reason, { bytes, formats }) {
  const kinds = new Intl.ListFormat("en", { type: "disjunction" }).format(formats);
  return `${reason}, and this browser cannot reduce ${describeFile(file)}; a ${kinds} of at most ${bytes / 2 ** 20} MiB would fit.`;
}
