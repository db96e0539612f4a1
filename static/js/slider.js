/**
 * A slider beside its number field: the field holds the value and its bounds, the slider goes over stops between them.
 */
import { positionOf, stepped, stopAt, stops } from "./stops.js";

/** @type {Record<string, number>} */
const STEPS = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 4, PageDown: -4 };

/**
 * The keyboard goes from stop to stop.
 * @param {HTMLInputElement} slider
 */
export function steer(slider) {
  slider.step = "any";
  slider.addEventListener("keydown", (event) => {
    const steps = STEPS[event.key];
    if (!steps || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const scale = scaleOf(slider);
    const value = stepped(scale, Number(field(slider).value), steps);
    slider.value = String(positionOf(scale, value));
    for (const type of ["input", "change"]) slider.dispatchEvent(new Event(type, { bubbles: true }));
  });
}

/**
 * Puts the thumb where a value stands, which may be between two stops.
 * @param {HTMLInputElement} slider
 * @param {string} value
 */
export function put(slider, value) {
  const scale = scaleOf(slider);
  // What stays as it is costs no new style: every slider is put at every change.
  const [min, max] = [String(scale[0]), String(scale[0] + scale.length - 1)];
  if (slider.min !== min) slider.min = min;
  if (slider.max !== max) slider.max = max;
  const position = String(positionOf(scale, Number(value)));
  if (slider.value !== position) slider.value = position;
  if (slider.getAttribute("aria-valuetext") !== value) slider.setAttribute("aria-valuetext", value);
}

/**
 * Takes the thumb to the nearest stop.
 * @param {HTMLInputElement} slider
 * @returns {string} the value there; "" where it is the one that was there before
 */
export function settle(slider) {
  const value = String(stopAt(scaleOf(slider), Number(slider.value)));
  put(slider, value);
  return value === field(slider).value ? "" : value;
}

/** @param {HTMLInputElement} slider */
function scaleOf(slider) {
  const { min, max } = field(slider);
  return stops(Number(min), Number(max));
}

/** @param {HTMLInputElement} slider */
function field(slider) {
  return /** @type {HTMLInputElement} */ (slider.parentElement?.querySelector("input[type=number]"));
}
