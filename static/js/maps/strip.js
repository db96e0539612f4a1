/**
 * The strip: the columns of maps and kernels of a layer, as many as the server describes.
 * @typedef {import("./columns.js").Column} Column
 * @typedef {import("./drawing.js").Look} Look
 * @typedef {import("./drawing.js").MapInfo} MapInfo
 * @typedef {import("../safetensors.js").File} File
 * @typedef {import("../safetensors.js").Tensor} Tensor
 */
import { watchOverflow } from "../ui/overflow.js";
import { hasKernels, hasMaps, relatedCells } from "./columns.js";
import { drawKernels, drawMaps, drawWeights } from "./drawing.js";
import { groupByLimit, kernelLimits } from "./kernels.js";
import { writeValues } from "./values.js";

export class Strip {
  /** @type {Column[]} */
  #columns = [];
  /** @type {WeakMap<Element, MapInfo>} */
  #maps = new WeakMap();
  /** @type {Look | null} */
  #look = null;
  /** The channels of the stage with the most. */
  maxChannels = 0;

  /**
   * @param {HTMLElement} element
   * @param {{ onOpen: (map: MapInfo) => void, onLook: (map: MapInfo) => void }} callbacks
   */
  constructor(element, { onOpen, onLook }) {
    this.element = element;
    this.onLook = onLook;
    element.addEventListener("click", ({ target }) => {
      const map = this.#maps.get(/** @type {Element} */ (target).closest("button.map") ?? element);
      if (map) onOpen(map);
    });
    for (const type of ["pointerover", "focusin"])
      element.addEventListener(type, ({ target }) => this.#highlight(target));
    for (const type of ["pointerleave", "focusout"])
      element.addEventListener(type, () => this.#highlight(null));
    element.addEventListener("scroll", ({ target }) => this.#alignPanes(target), {
      capture: true,
      passive: true,
    });
    watchOverflow(this.#panes);
    new ResizeObserver(() => this.#writeValues()).observe(element);
  }

  /**
   * Replaces the columns by the rendered ones, unless it has the same already.
   * @param {HTMLElement} rendered
   */
  arrange(rendered) {
    this.#columns = JSON.parse(rendered.dataset.columns ?? "[]");
    this.maxChannels = Number(rendered.dataset.channels);
    if (layoutOf(this.element) === layoutOf(rendered)) return;
    this.element.replaceChildren(rendered);
    watchOverflow(this.#panes);
  }

  /**
   * Draws a layer's maps and kernels; returns the limits of the kernels' domains.
   * @param {File} file
   * @param {Look} look
   */
  draw(file, look) {
    this.#look = look;
    const convolutions = this.#columns.filter(hasKernels);
    const weights = convolutions.map(
      ({ weights }) => /** @type {Tensor} */ (file.tensors.get(`${weights}.weight`)),
    );
    const limits = kernelLimits(weights);
    for (const column of this.#columns) {
      const box = this.#box(column);
      if (hasMaps(column))
        for (const [map, info] of drawMaps(box, column, file, look)) this.#maps.set(map, info);
      const at = convolutions.indexOf(column);
      if (at < 0) continue;
      const drawIt = hasMaps(column) ? drawKernels : drawWeights;
      drawIt(box, column, weights[at], limits[at], look);
    }
    this.#writeValues();
    const last = this.#maps.get(this.#cells(this.#columns[this.#columns.length - 1], "map")[0]);
    if (last) this.onLook(last);
    return groupByLimit(convolutions.map(({ kernels }, at) => ({ kernels, limit: limits[at] })));
  }

  /**
   * Focuses the map of a channel in the last column that has so many.
   * @param {number} channel
   */
  focus(channel) {
    const maps = this.#columns.map((column) => this.#cells(column, "map")[channel]);
    maps.findLast((map) => map !== undefined)?.focus();
  }

  get #panes() {
    return this.element.querySelectorAll(".scroll");
  }

  /** @param {Column} column */
  #box({ key }) {
    return /** @type {HTMLElement} */ (this.element.querySelector(`[data-column="${key}"]`));
  }

  /**
   * @param {Column} column
   * @param {string} className
   */
  #cells(column, className) {
    return /** @type {HTMLElement[]} */ ([...this.#box(column).getElementsByClassName(className)]);
  }

  /** Writes the values of small maps into them, as many as there is room for. */
  #writeValues() {
    for (const map of this.element.querySelectorAll("button.map")) {
      const info = this.#maps.get(map);
      if (!info || !this.#look || (!info.plane.values && map.childElementCount === 1)) continue;
      const colours = this.#look.colours(info.isUnsigned);
      writeValues(/** @type {HTMLElement} */ (map), info.plane, colours, info.domain);
    }
  }

  /**
   * Marks a cell with all that made it, and shows the domain of its colours.
   * @param {EventTarget | null} target
   */
  #highlight(target) {
    for (const cell of this.element.querySelectorAll(".lit")) cell.classList.remove("lit");
    const cell = target instanceof Element ? target.closest(".map, .kernel, .weights") : null;
    const key = cell?.parentElement?.dataset.column;
    const column = this.#columns.find((each) => each.key === key);
    if (!cell || !column) return;
    const at = this.#cells(column, cell.classList[0]).indexOf(/** @type {HTMLElement} */ (cell));
    for (const other of this.#columns) {
      const [first, end] = relatedCells(column, at, other);
      for (const className of ["map", "kernel", "weights"])
        for (const related of this.#cells(other, className).slice(first, end)) related.classList.add("lit");
    }
    const shown = this.#columns.find((each) => each.stage === column.stage && hasMaps(each)) ?? column;
    const map = this.#maps.get(this.#cells(shown, "map")[at]);
    if (map) this.onLook(map);
  }

  /**
   * Scrolls all panes as one where each channel has a row of its own through all columns.
   * @param {EventTarget | null} scrolled
   */
  #alignPanes(scrolled) {
    const isOneChain = this.#columns.every(({ chain }) => chain === this.#columns[0].chain);
    if (!isOneChain || !(scrolled instanceof Element)) return;
    for (const pane of this.#panes) pane.scrollTop = scrolled.scrollTop;
  }
}

/**
 * What a layout of columns depends on.
 * @param {HTMLElement} element
 */
function layoutOf(element) {
  const columns = /** @type {NodeListOf<HTMLElement>} */ (element.querySelectorAll(".maps"));
  return JSON.stringify(Array.from(columns, ({ dataset }) => dataset));
}
