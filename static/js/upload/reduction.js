/**
 * Reduction of pictures that the server would refuse, to PNG.
 */

/**
 * What the server accepts.
 * @typedef {object} Limits
 * @property {number} bytes
 * @property {number} pixels
 * @property {number} side the pixels of the longer side
 * @property {number} kept the pixels of the longer side that the server keeps
 * @property {number} least the pixels of the shorter side that it keeps even where the longer one then has more
 * @property {string[]} formats
 */

/**
 * The picture in a file, upright; null where this browser cannot show it.
 * @param {File} file
 */
export async function decode(file) {
  const picture = new Image();
  picture.src = URL.createObjectURL(file);
  try {
    await picture.decode();
    return picture;
  } catch {
    return null;
  } finally {
    URL.revokeObjectURL(picture.src);
  }
}

/**
 * The limit that a file exceeds, in words; empty where it exceeds none. The server checks the format.
 * @param {File} file
 * @param {HTMLImageElement | null} picture
 * @param {Limits} limits
 */
export function describeExcess(file, picture, { bytes, pixels, side }) {
  const [width, height] = picture ? [picture.naturalWidth, picture.naturalHeight] : [0, 0];
  if (file.size > bytes) return `this server takes at most ${bytes / 2 ** 20} MiB`;
  if (width * height > pixels) return `this server takes at most ${pixels / 1e6} megapixels`;
  if (Math.max(width, height) > side)
    return `this server takes at most ${side.toLocaleString("en")} pixels a side`;
  return "";
}

/** @param {File} file */
export const isVector = (file) => file.type.startsWith("image/svg");

/**
 * What a file is called in a sentence: by the format that its name or else its type has, such as "this HEIC file".
 * @param {File} file
 */
export function describeFile({ name, type }) {
  const [, format = ""] = /\.(\w{1,5})$/.exec(name) ?? /^image\/(?:x-)?(\w+)/.exec(type) ?? [];
  return ["this", format.toUpperCase(), "file"].filter(Boolean).join(" ");
}

/**
 * The picture as PNG within the limits, as large as what the server keeps of it where the limits allow that. Null where
 * this browser does not export the canvas, as with HTML inside an SVG.
 * @param {HTMLImageElement} picture
 * @param {boolean} isScalable whether a small picture is drawn larger, as one of lines can be
 * @param {Limits} limits
 */
export async function reduce(picture, isScalable, { bytes, side, kept, least }) {
  // A picture of lines may have no size of its own.
  const [width, height] = [picture.naturalWidth || kept, picture.naturalHeight || kept];
  const enough = Math.max(kept / Math.max(width, height), least / Math.min(width, height));
  let scale = Math.min(isScalable ? enough : Math.min(enough, 1), side / Math.max(width, height));
  for (;;) {
    const blob = await draw(picture, width * scale, height * scale)
      .convertToBlob()
      .catch(() => null);
    if (!blob) return null;
    if (blob.size <= bytes) return new File([blob], "picture.png", { type: "image/png" });
    scale *= 0.9 * Math.sqrt(bytes / blob.size);
  }
}

/**
 * The picture on a canvas of this size, to the nearest pixel.
 * @param {HTMLImageElement} picture
 * @param {number} width
 * @param {number} height
 */
function draw(picture, width, height) {
  const canvas = new OffscreenCanvas(Math.max(1, Math.round(width)), Math.max(1, Math.round(height)));
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas;
}
