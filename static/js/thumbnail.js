/**
 * A small picture with the part of it marked that a layer gets.
 */

/** Its largest width and height, in pixels of the page. */
const [WIDTH, HEIGHT] = [224, 64];
const DENSITY = 2;

/**
 * The part that a layer gets, in words; empty where that is all of the picture.
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
 * The picture in the size of a thumbnail: what is drawn once is not decoded again.
 * @param {HTMLImageElement} picture
 */
export function drawThumbnail(picture) {
  const canvas = document.createElement("canvas");
  // A picture of lines may have no size of its own.
  const [width, height] = [picture.naturalWidth || HEIGHT, picture.naturalHeight || HEIGHT];
  const scale = Math.min(WIDTH / width, HEIGHT / height);
  const size = [width, height].map((length) => Math.max(1, Math.round(length * scale)));
  [canvas.width, canvas.height] = size.map((length) => length * DENSITY);
  [canvas.style.width, canvas.style.height] = size.map((length) => `${length}px`);
  canvas.role = "img";
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/**
 * Shows the thumbnail, with the part marked that is used where that is known; hides the place where there is none.
 * @param {HTMLElement} place
 * @param {HTMLCanvasElement | null} thumbnail
 * @param {import("./sending.js").Upload} [upload]
 */
export function showThumbnail(place, thumbnail, upload) {
  place.hidden = !thumbnail;
  if (!thumbnail) return;
  const mark = document.createElement("span");
  place.replaceChildren(thumbnail, mark);
  const part = upload ? usedPart(upload) : "";
  mark.hidden = !part;
  thumbnail.ariaLabel = "Uploaded picture";
  if (!upload) return;
  const { used, width, height } = upload;
  const where = `used is the part of ${part} pixels, ${used.left} from the left and ${used.top} from the top`;
  thumbnail.ariaLabel += `; ${part ? where : "all of it is used"}`;
  mark.style.left = `${(100 * used.left) / width}%`;
  mark.style.top = `${(100 * used.top) / height}%`;
  mark.style.width = `${(100 * used.width) / width}%`;
  mark.style.height = `${(100 * used.height) / height}%`;
}
