/**
 * Marks over the maps: a cell, the cells that it is made of, the kernels that made it, and what is not computed yet.
 * @typedef {import("../lens/windows.js").Cell} Cell
 * @typedef {import("../lens/windows.js").Cells} Cells
 * @typedef {import("../lens/windows.js").Operation} Operation
 * @typedef {import("../lens/selection.js").Layer} Layer
 * @typedef {import("./columns.js").Column} Column
 * @typedef {import("./places.js").View} View
 * @typedef {import("./strip.js").Strip} Strip
 *
 * How much of a stage's maps is computed: the rows above `full`, and to column `column` those above `begun`.
 * @typedef {{ full: number, begun: number, column: number }} Coverage
 */
import { feedingCells } from "../lens/windows.js";
import { hasMaps } from "./columns.js";
import { pathOf, rectangleOf, showsAny } from "./places.js";

const SVG = "http://www.w3.org/2000/svg";
/** The least side of a mark, and how far a window may reach into the padding, in pixels of the screen. */
const [MIN_SIDE, OVERHANG] = [9, 3];
/** The least distance of a dilated kernel's cells that are marked one by one, in pixels of the screen, and their number. */
const [MIN_DISTANCE, MAX_CELLS] = [14, 121];
const LAYERS = ["cover", "halo", "mark"];

export class Marks {
  /** @type {WeakMap<Element, SVGElement>} */
  #overlays = new WeakMap();
  /** The elements that are marked. @type {Set<Element>} */
  #marked = new Set();
  /** @type {Set<Element>} */
  #lit = new Set();

  /** @param {Strip} strip */
  constructor(strip) {
    this.strip = strip;
  }

  /**
   * Marks a cell with all that it is made of, and covers what is not computed yet; marks of before are removed.
   * @param {Layer} layer
   * @param {Cell | null} cell
   * @param {Map<string, Coverage> | null} coverage by stage; null where all is computed
   */
  show(layer, cell, coverage) {
    const found = cell ? feedingCells(layer.operations, cell) : [];
    const marked = new Set();
    const lit = new Set();
    for (const column of layer.columns) {
      const kernels = found.slice(0, -1).find(({ stage }) => stage === column.weights);
      for (const name of kernels ? ["kernel", "weights"] : [])
        for (const each of this.strip.cells(column, name).slice(kernels?.first, kernels?.end)) lit.add(each);
      if (!hasMaps(column)) continue;
      const names = stagesOf(layer, column);
      const cells = found.find(({ stage }) => names.includes(stage));
      const covered = coverage?.get(column.stage);
      const maps = this.strip.cells(column, "map");
      if (maps.length) this.#markMaps(maps, column, cells, covered, marked);
      if (cells && cell && names.includes(cell.stage)) lit.add(maps[cell.channel]);
    }
    for (const each of this.#marked) if (!marked.has(each)) this.#draw(each, null, "", "");
    for (const each of this.#lit) if (!lit.has(each)) each.classList.remove("lit");
    for (const each of lit) if (!this.#lit.has(each)) each?.classList.add("lit");
    this.#marked = marked;
    this.#lit = lit;
  }

  /**
   * @param {HTMLElement[]} maps
   * @param {Column} column
   * @param {Cells | undefined} cells
   * @param {Coverage | undefined} covered
   * @param {Set<Element>} marked
   */
  #markMaps(maps, column, cells, covered, marked) {
    const { view, pixels } = this.strip.viewOf(column) ?? {};
    if (!view || !pixels) return;
    const cover = covered ? coverPath(view, covered) : "";
    const mark = cells ? markPath(view, cells, pixels) : "";
    maps.forEach((map, channel) => {
      const isFeeding = cells !== undefined && channel >= cells.first && channel < cells.end;
      if (!isFeeding && !cover) return;
      this.#draw(map, view, cover, isFeeding ? mark : "");
      marked.add(map);
    });
  }

  /**
   * @param {Element} map
   * @param {View | null} view null leaves it as it is
   * @param {string} cover
   * @param {string} mark
   */
  #draw(map, view, cover, mark) {
    let overlay = this.#overlays.get(map);
    if (!overlay) {
      overlay = createOverlay();
      this.#overlays.set(map, overlay);
      map.append(overlay);
    }
    if (view) setAttribute(overlay, "viewBox", `0 0 ${view.width} ${view.height}`);
    [cover, mark, mark].forEach((path, at) => {
      setAttribute(/** @type {SVGElement} */ (overlay?.children[at]), "d", path);
    });
  }
}

/**
 * The stages whose cells are marked in a column's maps: the one of the maps, and those since its kernels.
 * @param {Layer} layer
 * @param {Column} column
 */
function stagesOf({ operations }, { stage, weights, input }) {
  if (input) return [stage];
  const names = operations.map(({ name }) => name);
  return names.slice(names.indexOf(weights || stage), names.indexOf(stage) + 1);
}

function createOverlay() {
  const overlay = document.createElementNS(SVG, "svg");
  overlay.setAttribute("class", "marks");
  overlay.setAttribute("aria-hidden", "true");
  for (const name of LAYERS) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("class", name);
    overlay.append(path);
  }
  return overlay;
}

/**
 * Sets an attribute where it differs: each write costs a new style.
 * @param {Element} element
 * @param {string} name
 * @param {string} value
 */
function setAttribute(element, name, value) {
  if ((element.getAttribute(name) ?? "") !== value) element.setAttribute(name, value);
}

/**
 * The path of a frame around cells; where a dilated kernel skips cells, also of a mark on each cell that it reads.
 * @param {View} view
 * @param {Cells} cells
 * @param {number} pixels of the screen for one of the canvas
 */
function markPath(view, { rows, columns }, pixels) {
  if (!rows.length || !columns.length) return "";
  // Of a map that is cropped, a mark at the edge would tell of other cells.
  if (view.isCropped && !showsAny(view, rows, columns)) return "";
  const frame = pathOf(rectangleOf(view, rows, columns, MIN_SIDE / pixels, OVERHANG / pixels));
  const distance = Math.min(
    stepOf(rows, view.height / view.rows),
    stepOf(columns, view.width / view.columns),
  );
  const isDense = isRun(rows) && isRun(columns);
  if (isDense || distance * pixels < MIN_DISTANCE || rows.length * columns.length > MAX_CELLS) return frame;
  const side = 1.5 / pixels;
  const cells = rows.flatMap((row) => columns.map((column) => rectangleOf(view, [row], [column], 0, 0)));
  const centres = cells.map(({ top, bottom, left, right }) => [(top + bottom) / 2, (left + right) / 2]);
  const dots = centres.map(([y, x]) =>
    pathOf({ top: y - side, bottom: y + side, left: x - side, right: x + side }),
  );
  return frame + dots.join("");
}

/** @param {number[]} cells */
const isRun = (cells) => cells[cells.length - 1] - cells[0] === cells.length - 1;

/**
 * The least distance of two neighbours on the canvas.
 * @param {number[]} cells
 * @param {number} cell
 */
const stepOf = (cells, cell) => (cells.length > 1 ? (cells[1] - cells[0]) * cell : Number.POSITIVE_INFINITY);

/**
 * What is not computed yet: the rest of the rows that are begun, and all rows below.
 * @param {View} view
 * @param {Coverage} coverage
 */
function coverPath({ top, left, rows, columns, width, height }, { full, begun, column }) {
  const down = (/** @type {number} */ row) => (Math.max(0, Math.min(row - top, rows)) / rows) * height;
  const across = (Math.max(0, Math.min(column - left, columns)) / columns) * width;
  const rest = pathOf({ top: down(full), bottom: down(begun), left: across, right: width });
  const below = pathOf({ top: down(begun), bottom: height, left: 0, right: width });
  return (begun > full && across < width ? rest : "") + (down(begun) < height ? below : "");
}
