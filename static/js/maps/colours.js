/**
 * The colour tables of the page, from the anchors that the server wrote into it.
 */
import { createTable } from "./colormap.js";

export class Colours {
  /** @param {HTMLElement} script JSON: of each colour map, evenly spaced colours */
  constructor(script) {
    const anchors = Object.entries(JSON.parse(script.textContent));
    /** @type {Record<string, Uint32Array>} */
    this.tables = Object.fromEntries(anchors.map(([name, colours]) => [name, createTable(colours)]));
    this.minSparseShare = Number(script.dataset.minSparseShare);
  }

  /**
   * The table of a colour map as it is shown.
   * @param {string} colormap
   * @param {boolean} isDark
   * @param {boolean} isUnsigned whether it is for a picture's own channel, which has no negative values
   */
  table(colormap, isDark, isUnsigned) {
    if (colormap !== "diverging") return this.tables[colormap];
    return this.tables[isUnsigned ? "grey" : isDark ? "diverging-dark" : "diverging"];
  }

  /**
   * How maps are drawn.
   * @param {Record<string, string>} look the choices of the page
   * @param {boolean} isDark
   * @returns {import("./drawing.js").Look}
   */
  look({ colormap, scale }, isDark) {
    const colours = (/** @type {boolean} */ isUnsigned) => this.table(colormap, isDark, isUnsigned);
    return { colours, scale, minSparseShare: this.minSparseShare };
  }
}
