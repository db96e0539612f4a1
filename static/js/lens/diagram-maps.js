/**
 * The maps and kernels of the layer on the planes and grids of its diagram, painted on one canvas behind it.
 *
 * The server marks each plane with `data-map` (stage, channel) and each kernel with `data-kernel` (stage, output,
 * channel), and both with `data-box`, their place. What has no map here, such as a channel that is not loaded, is
 * painted in the colours of its shape.
 * @typedef {import("../maps/colormap.js").Domain} Domain
 * @typedef {import("../safetensors.js").Tensor} Tensor
 * @typedef {object} Source
 * @property {(stage: string, channel: number) => HTMLCanvasElement | null} mapOf
 * @property {(stage: string) => { weight: Tensor, limit: number } | null} kernelsOf
 * @property {Uint32Array} colours
 * @property {boolean} isDark
 */
import { colourOf } from "../maps/colormap.js";
import { isPrintMedia } from "../ui/print.js";

/** Pixels of the canvas for each of the page's, on paper. */
const PRINTED = 3;

export class DiagramMaps {
  #canvas = document.createElement("canvas");
  #width = 0;
  /** @type {Source | null} */
  #source = null;
  #isScheduled = false;

  /** @param {HTMLElement} diagram */
  constructor(diagram) {
    this.diagram = diagram;
    this.#canvas.setAttribute("aria-hidden", "true");
    new ResizeObserver(([{ contentRect }]) => {
      if (contentRect.width === this.#width) return;
      this.#width = contentRect.width;
      this.paint();
    }).observe(this.#canvas);
  }

  /**
   * Paints what the source has, after the frame that shows its maps, which do not wait for it; nothing where it is null.
   * @param {Source | null} source
   */
  show(source) {
    this.#source = source;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    requestAnimationFrame(() => setTimeout(() => this.#update()));
  }

  #update() {
    const source = this.#source;
    this.#isScheduled = false;
    this.diagram.classList.toggle("mapped", source !== null);
    if (!source) this.#canvas.remove();
    else if (this.#canvas.parentElement !== this.diagram) this.diagram.prepend(this.#canvas);
    this.paint();
  }

  /** Paints once more, as sharp as it is shown now. */
  paint() {
    const svg = this.diagram.querySelector("svg");
    if (!svg || !this.#source || !this.#width) return;
    const { width, height } = svg.viewBox.baseVal;
    const factor = (this.#width / width) * (isPrintMedia() ? PRINTED : devicePixelRatio);
    const canvas = this.#canvas;
    [canvas.width, canvas.height] = [Math.round(width * factor), Math.round(height * factor)];
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    const colourOfRole = roleColours(this.#source.isDark);
    for (const place of /** @type {NodeListOf<SVGGElement>} */ (
      svg.querySelectorAll("[data-map], [data-kernel]")
    )) {
      const box = (place.dataset.box ?? "").split(" ").map(Number);
      context.setTransform(factor, 0, 0, factor, 0, 0);
      const isPainted = place.dataset.map
        ? this.#paintMap(context, place, box)
        : this.#paintKernel(context, place, box);
      context.setTransform(factor, 0, 0, factor, 0, 0);
      for (const shape of place.children) paintShape(context, shape, colourOfRole, !isPainted);
    }
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {SVGGElement} place
   * @param {number[]} box the transform of the unit square
   */
  #paintMap(context, { dataset }, box) {
    const [stage, channel] = (dataset.map ?? "").split(",");
    const map = this.#source?.mapOf(stage, Number(channel));
    if (!map) return false;
    const [a, b, c, d, e, f] = box;
    context.transform(a, b, c, d, e, f);
    context.imageSmoothingEnabled = Math.max(map.width, map.height) > 40;
    context.imageSmoothingQuality = "medium";
    context.drawImage(map, 0, 0, 1, 1);
    return true;
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {SVGGElement} place
   * @param {number[]} box its left upper corner, width and height
   */
  #paintKernel(context, { dataset }, [x, y, width, height]) {
    const [stage, output, channel] = (dataset.kernel ?? "").split(",");
    const kernels = this.#source?.kernelsOf(stage);
    if (!kernels) return false;
    const [outputs, channels, high, wide] = kernels.weight.shape;
    if (Number(output) >= outputs || Number(channel) >= channels) return false;
    const rows = readCells(dataset.rows, high);
    const columns = readCells(dataset.columns, wide);
    const start = (Number(output) * channels + Number(channel)) * high * wide;
    const domain = /** @type {Domain} */ ([-kernels.limit, kernels.limit]);
    context.clearRect(x, y, width, height);
    rows.forEach((row, down) => {
      columns.forEach((column, across) => {
        if (row === null || column === null) return;
        const value = kernels.weight.data[start + row * wide + column];
        const colour = colourOf(value, this.#source?.colours ?? new Uint32Array(256), domain);
        context.fillStyle = `rgb(${colour & 255} ${(colour >> 8) & 255} ${(colour >> 16) & 255})`;
        const [cellWidth, cellHeight] = [width / columns.length, height / rows.length];
        context.fillRect(x + across * cellWidth, y + down * cellHeight, cellWidth, cellHeight);
      });
    });
    return true;
  }
}

/**
 * Paints a shape of the diagram with its stroke and, if it has no map, its fill.
 * @param {CanvasRenderingContext2D} context
 * @param {Element} shape
 * @param {(shape: Element, part: "fill" | "stroke") => string | null} colourOfRole
 * @param {boolean} isFilled
 */
function paintShape(context, shape, colourOfRole, isFilled) {
  const path = new Path2D(shape.getAttribute("d") ?? "");
  const fill = isFilled ? colourOfRole(shape, "fill") : null;
  if (fill) {
    context.globalAlpha = Number(shape.getAttribute("fill-opacity") ?? 1);
    context.fillStyle = fill;
    context.fill(path);
    context.globalAlpha = 1;
  }
  const stroke = colourOfRole(shape, "stroke");
  if (!stroke) return;
  context.lineWidth = Number(shape.getAttribute("stroke-width") ?? 1);
  context.strokeStyle = stroke;
  context.stroke(path);
}

/**
 * The colour of a part of a shape. Its attributes have the light one, also just before the page is printed, when its
 * style is still dark.
 * @param {boolean} isDark
 */
function roleColours(isDark) {
  const style = isDark ? getComputedStyle(document.documentElement) : null;
  return (/** @type {Element} */ shape, /** @type {"fill" | "stroke"} */ part) => {
    const light = shape.getAttribute(part);
    if (!light || light === "none") return null;
    const role = new RegExp(`(?:^| )${part[0]}-(\\S+)`).exec(shape.getAttribute("class") ?? "")?.[1];
    return style && role ? style.getPropertyValue(`--${role}`) : light;
  };
}

/**
 * The rows or columns that are drawn; null for a gap.
 * @param {string | undefined} cells by space, with - for a gap
 * @param {number} count
 * @returns {(number | null)[]}
 */
function readCells(cells, count) {
  if (!cells) return Array.from({ length: count }, (_, at) => at);
  return cells.split(" ").map((cell) => (cell === "-" ? null : Number(cell)));
}
