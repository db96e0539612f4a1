/**
 * Gestures of the mouse, of fingers and of the keyboard over maps, kernels and the matrix: what they point at, what they
 * choose, and what they open large.
 * @typedef {import("../lens/windows.js").Cell} Cell
 * @typedef {import("./strip.js").Spot} Spot
 * @typedef {import("./strip.js").Strip} Strip
 *
 * @typedef {object} Actions
 * @property {() => Cell} current the cell where a gesture starts that names no place
 * @property {(cell: Cell | null, spot: Spot | null) => void} point
 * @property {(cell: Cell, spot: Spot) => void} choose
 * @property {(spot: Spot) => void} open
 */
import { cellOf, movedCell } from "../lens/selection.js";
import { canvasOf } from "./cells.js";
import { cellAt } from "./places.js";

/** @type {Record<string, { rows: number, columns: number }>} */
const ARROWS = {
  ArrowUp: { rows: -1, columns: 0 },
  ArrowDown: { rows: 1, columns: 0 },
  ArrowLeft: { rows: 0, columns: -1 },
  ArrowRight: { rows: 0, columns: 1 },
};
/** The cells of a step with Shift. */
const FAR = 10;
const OPEN_KEY = "o";

/**
 * @param {Strip} strip
 * @param {Actions} actions
 */
export function initPointing(strip, { current, point, choose, open }) {
  const { element } = strip;
  /** Where the pointer was last: the browser reports it again when something moves below it. */
  let last = "";
  /** What the first click of a double click was on: the second may be elsewhere, as the lens moves the maps. */
  let clicked = /** @type {Spot | null} */ (null);

  const selectedBy = (/** @type {Spot} */ spot, /** @type {MouseEvent | null} */ event) =>
    cellOf(strip.layer, spot.column, spot.channel, current(), event ? placeOf(spot, event) : undefined);

  /**
   * The cell of a map at the pointer; undefined of a kernel, and of a click of the keyboard, which has no place.
   * @param {Spot} spot
   * @param {MouseEvent} event
   */
  function placeOf({ column, element }, { clientX, clientY, detail, type }) {
    const known = element.matches(".map") ? strip.viewOf(column) : null;
    if (!known || (type === "click" && detail === 0)) return undefined;
    const { left, top, width, height } = canvasOf(element).getBoundingClientRect();
    return cellAt(known.view, { x: clientX - left, y: clientY - top, width, height });
  }

  element.addEventListener("pointermove", (event) => {
    const position = `${event.clientX},${event.clientY}`;
    if (position === last) return;
    last = position;
    const spot = strip.locate(event.target);
    point(spot && selectedBy(spot, event), spot);
  });
  element.addEventListener("pointerleave", () => point(null, null));
  element.addEventListener("focusin", ({ target }) => {
    const spot = target instanceof Element && target.matches(":focus-visible") ? strip.locate(target) : null;
    if (spot) point(selectedBy(spot, null), spot);
  });
  element.addEventListener("focusout", () => point(null, null));
  element.addEventListener("click", (event) => {
    if (event.detail > 1) return;
    clicked = strip.locate(event.target);
    if (clicked) choose(selectedBy(clicked, event), clicked);
  });
  addEventListener("dblclick", ({ target }) => {
    const spot = clicked;
    clicked = null;
    if (spot?.element.matches(".map") && target instanceof Element && !target.closest("a, input, select"))
      open(spot);
  });
  element.addEventListener("keydown", (event) => {
    const spot =
      event.target instanceof Element && event.target.matches(".map") ? strip.locate(event.target) : null;
    if (!spot || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = ARROWS[event.key];
    if (!step && event.key.toLowerCase() !== OPEN_KEY) return;
    event.preventDefault();
    if (!step) return open(spot);
    const far = event.shiftKey ? FAR : 1;
    const from = selectedBy(spot, null);
    point(movedCell(strip.layer, from, { rows: step.rows * far, columns: step.columns * far }), spot);
  });
}
