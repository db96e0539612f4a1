/**
 * The thumbnail of a picture, with a mark around the part that the layer uses.
 */

/** In CSS pixels. */
const [MAX_WIDTH, MAX_HEIGHT] = [224, 64];
const PIXEL_RATIO = 2;

/**
 * The size of the part that the layer uses, in words; empty where that is the whole picture.
 * @param {{ width: number, height: number, used: import("./sending.js").Box }} picture
 */
export function usedPart({ width, height, used }) {
  return used.width === width && used.height === height ? "" : formatSize(used);
}

/**
 * A size in words that stay on one line.
 * @param {{ width: number, height: number }} size
 */
export const formatSize = ({ width, height }) => `${width}\u00a0×\u00a0${height}`;

/**
 * The picture on a canvas of the size of a thumbnail, which needs no second decoding.
 * @param {HTMLImageElement} picture
 */
export function drawThumbnail(picture) {
  const canvas = document.createElement("canvas");
  // A picture of lines may have no size of its own.
  const [width, height] = [picture.naturalWidth || MAX_HEIGHT, picture.naturalHeight || MAX_HEIGHT];
  const scale = Math.min(MAX_WIDTH / width, MAX_HEIGHT / height);
  const size = [width, height].map((length) => Math.max(1, Math.round(length * scale)));
  [canvas.width, canvas.height] = size.map((length) => length * PIXEL_RATIO);
  [canvas.style.width, canvas.style.height] = size.map((length) => `${length}px`);
  canvas.role = "img";
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/**
 * Shows the thumbnail, with a mark around the part that is used where that is known; hides the box where there is none.
 * @param {HTMLElement} box
 * @param {HTMLCanvasElement | null} thumbnail
 * @param {import("./sending.js").Upload} [upload]
 */
export function showThumbnail(box, thumbnail, upload) {
  box.hidden = !thumbnail;
  if (!thumbnail) return;
  const mark = document.createElement("span");
  box.replaceChildren(thumbnail, mark);
  const part = upload ? usedPart(upload) : "";
  mark.hidden = !part;
  thumbnail.ariaLabel = "Uploaded picture";
  if (!upload) return;
  const { used, width, height } = upload;
  const position = `used is the part of ${part} pixels, ${used.left} from the left and ${used.top} from the top`;
  thumbnail.ariaLabel += `; ${part ? position : "all of it is used"}`;
  mark.style.left = `${(100 * used.left) / width}%`;
  mark.style.top = `${(100 * used.top) / height}%`;
  mark.style.width = `${(100 * used.width) / width}%`;
  mark.style.height = `${(100 * used.height) / height}%`;
}
