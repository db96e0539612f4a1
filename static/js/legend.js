/**
 * The legend: the colours of the map that is looked at, with the values at their ends and at zero.
 * @typedef {import("./strip.js").Shown} Shown
 */
import { told as number, rangeOf } from "./planes.js";

/**
 * @param {HTMLElement} element
 * @param {Shown} shown
 * @param {Uint32Array} colours those of the map
 * @param {boolean} shared whether the range is that of all maps of the stage
 */
export function tell(element, { name, label, plane, detail, ends: [low, high], light }, colours, shared) {
  const bar = /** @type {HTMLCanvasElement} */ (element.querySelector("canvas"));
  const image = new ImageData(256, 1);
  new Uint32Array(image.data.buffer).set(colours);
  bar.getContext("2d")?.putImageData(image, 0, 0);
  const [least, most] = plane.extremes ?? [plane.low, plane.high];
  /** @type {Record<string, string>} */
  const words = {
    looked: shared ? `all ${label} maps` : name,
    low: light ? "" : number(low),
    zero: "0",
    high: number(high),
    extremes: `${shared ? `${name}: ` : ""}values ${rangeOf(plane)}${detail}`,
    beyond: least < low || most > high ? "; beyond the ends the colour stays" : "",
  };
  for (const [told, text] of Object.entries(words)) {
    const place = element.querySelector(`[data-told="${told}"]`);
    if (place) place.textContent = text;
  }
  element.classList.toggle("light", light);
}

/**
 * Between which values the colours of kernels run.
 * @param {HTMLElement} element
 * @param {{ kernels: string, end: number }[]} ranges
 */
export function tellKernels(element, ranges) {
  const place = element.querySelector('[data-told="kernels"]');
  if (place)
    place.textContent = ranges.map(({ kernels, end }) => `${kernels} ±\u202f${number(end)}`).join(", ");
}
