/**
 * The legend: the domains of the colours of a map and of the kernels.
 * @typedef {import("./drawing.js").MapInfo} MapInfo
 */
import { formatNumber } from "./numbers.js";
import { formatRange } from "./planes.js";

/**
 * Shows the colours of a map, with the values at their ends and at zero.
 * @param {HTMLElement} legend
 * @param {MapInfo} map
 * @param {Uint32Array} colours
 * @param {boolean} isShared whether the domain is that of all maps of the stage
 */
export function showMapDomain(
  legend,
  { name, label, plane, detail, domain: [low, high], isUnsigned },
  colours,
  isShared,
) {
  const bar = /** @type {HTMLCanvasElement} */ (legend.querySelector("canvas"));
  const image = new ImageData(256, 1);
  new Uint32Array(image.data.buffer).set(colours);
  bar.getContext("2d")?.putImageData(image, 0, 0);
  const [least, most] = plane.extremes ?? [plane.low, plane.high];
  const texts = {
    map: isShared ? `all ${label} maps` : name,
    low: isUnsigned ? "" : formatNumber(low),
    zero: "0",
    high: formatNumber(high),
    range: `${isShared ? `${name}: ` : ""}values ${formatRange(plane)}${detail}`,
    beyond: least < low || most > high ? "; beyond the ends the colour stays" : "",
  };
  for (const [part, text] of Object.entries(texts)) setPart(legend, part, text);
  legend.classList.toggle("unsigned", isUnsigned);
}

/**
 * Shows the domains of the kernels' colours.
 * @param {HTMLElement} legend
 * @param {{ kernels: string, limit: number }[]} limits
 */
export function showKernelDomains(legend, limits) {
  const texts = limits.map(({ kernels, limit }) => `${kernels} ±\u202f${formatNumber(limit)}`);
  setPart(legend, "kernels", texts.join(", "));
}

/**
 * @param {HTMLElement} legend
 * @param {string} part
 * @param {string} text
 */
function setPart(legend, part, text) {
  const element = legend.querySelector(`[data-legend="${part}"]`);
  if (element) element.textContent = text;
}
