/**
 * The legend: the colours of the map that is looked at, with the values at their ends and at zero.
 * @typedef {import("./strip.js").Shown} Shown
 */

/**
 * @param {HTMLElement} element
 * @param {Shown} shown
 * @param {Uint32Array} colours those of the map
 * @param {boolean} shared whether the range is that of all maps of the stage
 */
export function tell(element, { stage, name, plane, ends: [low, high], light }, colours, shared) {
  const bar = /** @type {HTMLCanvasElement} */ (element.querySelector("canvas"));
  const image = new ImageData(256, 1);
  new Uint32Array(image.data.buffer).set(colours);
  bar.getContext("2d")?.putImageData(image, 0, 0);
  /** @type {Record<string, string>} */
  const words = {
    looked: shared ? `all of ${stage}` : name,
    low: light ? "" : low.toPrecision(3),
    zero: "0",
    high: high.toPrecision(3),
    extremes: `values ${plane.low.toPrecision(3)} to ${plane.high.toPrecision(3)}`,
    beyond: light ? "" : ", 1 % beyond the ends",
  };
  for (const [told, text] of Object.entries(words)) {
    const place = element.querySelector(`[data-told="${told}"]`);
    if (place) place.textContent = text;
  }
  element.classList.toggle("light", light);
}
