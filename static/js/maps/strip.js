/**
 * The strip: the columns of maps and kernels of a layer, as many as the server describes.
 * @typedef {import("./columns.js").Column} Column
 * @typedef {import("./drawing.js").Look} Look
 * @typedef {import("./drawing.js").MapInfo} MapInfo
 * @typedef {import("./places.js").View} View
 * @typedef {import("../lens/selection.js").Layer} Layer
 * @typedef {import("../safetensors.js").File} File
 * @typedef {import("../safetensors.js").Tensor} Tensor
 *
 * A map, a kernel or a row of the matrix.
 * @typedef {{ column: Column, channel: number, element: HTMLElement }} Spot
 */
import { watchOverflow } from "../ui/overflow.js";
import { canvasOf } from "./cells.js";
import { hasKernels, hasMaps, isMatrix } from "./columns.js";
import { drawKernels, drawMaps, drawWeights, writeKernels } from "./drawing.js";
import { groupByLimit, kernelLimits } from "./kernels.js";
import { drawMatrix, writeWeights } from "./matrix.js";
import { viewOf } from "./places.js";
import { readNames } from "./planes.js";
import { writeValues } from "./values.js";

export class Strip {
  /** What the server says of the layer that is shown. @type {Layer} */
  layer = { operations: [], columns: [], defaultCell: "" };
  /** The channels of the stage with the most. */
  maxChannels = 0;
  /** @type {WeakMap<Element, MapInfo>} */
  #maps = new WeakMap();
  /** @type {Look | null} */
  #look = null;
  /** @type {Map<string, { weight: Tensor, limit: number }>} */
  #kernels = new Map();
  /** The view of each column, and pixels of the screen for one of its canvases. @type {Map<string, { view: View, pixels: number }>} */
  #views = new Map();

  /**
   * @param {HTMLElement} element
   * @param {() => void} onResize called after a change of the size, before it is painted
   */
  constructor(element, onResize) {
    this.element = element;
    element.addEventListener("scroll", ({ target }) => this.#alignPanes(target), {
      capture: true,
      passive: true,
    });
    watchOverflow(this.#panes);
    new ResizeObserver(() => {
      this.#views.clear();
      this.#writeValues();
      onResize();
    }).observe(element);
  }

  /**
   * Replaces the columns by the rendered ones, unless it has the same already.
   * @param {HTMLElement} rendered
   */
  arrange(rendered) {
    const { columns = "[]", operations = "[]", defaultCell = "" } = rendered.dataset;
    this.layer = { columns: JSON.parse(columns), operations: JSON.parse(operations), defaultCell };
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
    this.#kernels.clear();
    this.#views.clear();
    const convolutions = this.layer.columns.filter(hasKernels);
    const weights = convolutions.map(
      ({ weights }) => /** @type {Tensor} */ (file.tensors.get(`${weights}.weight`)),
    );
    const limits = kernelLimits(weights);
    this.layer.columns.forEach((column, index, columns) => {
      const box = this.#box(column);
      if (hasMaps(column))
        for (const [map, info] of drawMaps(box, column, file, look)) this.#maps.set(map, info);
      const at = convolutions.indexOf(column);
      if (at < 0) return;
      this.#kernels.set(column.weights, { weight: weights[at], limit: limits[at] });
      if (isMatrix(column)) {
        // What the matrix weighs is the column before it.
        drawMatrix(box, column, weights[at], limits[at], look, columns[index - 1].multiplier);
      } else {
        const names = readNames(file, `${column.weights}.weight`);
        const drawIt = hasMaps(column) ? drawKernels : drawWeights;
        drawIt(box, column, weights[at], limits[at], look, names);
      }
    });
    this.#writeValues();
    return groupByLimit(convolutions.map(({ kernels }, at) => ({ kernels, limit: limits[at] })));
  }

  /**
   * The painted maps and the kernels, for the diagram.
   * @param {Look} look
   * @returns {Omit<import("../lens/diagram-maps.js").Source, "isDark">}
   */
  source({ colours }) {
    return {
      colours: colours(false),
      kernelsOf: (stage) => this.#kernels.get(stage) ?? null,
      mapOf: (stage, channel) => {
        const column = this.layer.columns.find(
          (each) => hasMaps(each) && (each.input ? each.stage : each.weights) === stage,
        );
        const map = column && this.cells(column, "map")[channel];
        return map ? canvasOf(map) : null;
      },
    };
  }

  /**
   * Focuses the map of a channel in the last column that has so many.
   * @param {number} channel
   */
  focus(channel) {
    const maps = this.layer.columns.map((column) => this.cells(column, "map")[channel]);
    maps.findLast((map) => map !== undefined)?.focus();
  }

  /**
   * The maps, kernels or rows of a column.
   * @param {Column} column
   * @param {string} className
   */
  cells(column, className) {
    return /** @type {HTMLElement[]} */ ([...this.#box(column).getElementsByClassName(className)]);
  }

  /**
   * What a target belongs to; null where that is neither a map nor a kernel nor a row of the matrix.
   * @param {EventTarget | null} target
   * @returns {Spot | null}
   */
  locate(target) {
    const element = target instanceof Element ? target.closest(".map, .kernel, .weights") : null;
    const key = element?.parentElement?.dataset.column;
    const column = this.layer.columns.find((each) => each.key === key);
    if (!(element instanceof HTMLElement) || !column) return null;
    return { column, channel: this.cells(column, element.classList[0]).indexOf(element), element };
  }

  /**
   * What the map of a channel of a stage shows; of a channel that is not shown, or where none is named, that of the
   * first map of the last stage.
   * @param {string} [stage]
   * @param {number} [channel]
   */
  infoOf(stage, channel = 0) {
    const columns = this.layer.columns.filter(hasMaps);
    const column = columns.find((each) => each.stage === stage) ?? columns[columns.length - 1];
    const maps = column ? this.cells(column, "map") : [];
    return maps.length ? this.#maps.get(maps[channel] ?? maps[0]) : undefined;
  }

  /**
   * Which cells the maps of a column show, and how large a pixel of their canvases is on the screen; null where it has
   * no maps. It is measured once after each change.
   * @param {Column} column
   */
  viewOf(column) {
    const known = this.#views.get(column.key);
    if (known) return known;
    const [map] = this.cells(column, "map");
    const info = map && this.#maps.get(map);
    if (!info) return null;
    const { operations } = this.layer;
    const made = operations.find(({ name }) => name === column.stage);
    const canvas = canvasOf(map);
    const view = viewOf(canvas, made?.output ?? operations[0].input, info.crop);
    const pixels = Math.min(canvas.clientWidth / view.width, canvas.clientHeight / view.height);
    // Before the layout it has no size.
    if (pixels > 0) this.#views.set(column.key, { view, pixels });
    return { view, pixels: pixels || 1 };
  }

  get #panes() {
    return this.element.querySelectorAll(".scroll");
  }

  /** @param {Column} column */
  #box({ key }) {
    return /** @type {HTMLElement} */ (this.element.querySelector(`[data-column="${key}"]`));
  }

  /** Writes the values of small maps and of kernels into them, as many as there is room for. */
  #writeValues() {
    for (const column of this.layer.columns.filter(hasKernels)) {
      const kernels = this.#kernels.get(column.weights);
      if (!kernels || !this.#look) continue;
      const cells = this.cells(column, hasMaps(column) ? "kernel" : "weights");
      const writeThem = isMatrix(column) ? writeWeights : writeKernels;
      writeThem(cells, kernels.weight, kernels.limit, this.#look);
    }
    for (const map of this.element.querySelectorAll("button.map")) {
      const info = this.#maps.get(map);
      if (!info || !this.#look || (!info.plane.values && !map.querySelector(".values"))) continue;
      const colours = this.#look.colours(info.isUnsigned);
      writeValues(/** @type {HTMLElement} */ (map), info.plane, colours, info.domain);
    }
  }

  /**
   * Scrolls all panes as one where each channel has a row of its own through all columns.
   * @param {EventTarget | null} scrolled
   */
  #alignPanes(scrolled) {
    const { columns } = this.layer;
    const isOneChain = columns.every(({ chain }) => chain === columns[0].chain);
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
