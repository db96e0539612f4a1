/**
 * A slider beside its number field: the field holds the value and its bounds, the slider goes over stops between them.
 */
import { positionOf, step, stopAt, stops } from "./stops.js";

/** @type {Record<string, number>} */
const STEPS = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 4, PageDown: -4 };

/**
 * Lets the keyboard move the slider from stop to stop.
 * @param {HTMLInputElement} slider
 */
export function initSlider(slider) {
  slider.step = "any";
  slider.addEventListener("keydown", (event) => {
    const steps = STEPS[event.key];
    if (!steps || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const scale = scaleOf(slider);
    const value = step(scale, Number.parseInt(fieldOf(slider).value, 10), steps);
    slider.value = String(positionOf(scale, value));
    for (const type of ["input", "change"]) slider.dispatchEvent(new Event(type, { bubbles: true }));
  });
}

/**
 * Moves the thumb to a value, which may be between two stops.
 * @param {HTMLInputElement} slider
 * @param {string} value
 */
export function moveThumb(slider, value) {
  const scale = scaleOf(slider);
  // Unchanged attributes are left alone, as each write costs a new style: every slider is updated at every change.
  const [min, max] = [String(scale[0]), String(scale[0] + scale.length - 1)];
  if (slider.min !== min) slider.min = min;
  if (slider.max !== max) slider.max = max;
  const position = String(positionOf(scale, Number.parseInt(value, 10)));
  if (slider.value !== position) slider.value = position;
  if (slider.getAttribute("aria-valuetext") !== value) slider.setAttribute("aria-valuetext", value);
}

/**
 * Moves the thumb to the nearest stop.
 * @param {HTMLInputElement} slider
 * @returns {string} its value; "" where that is the value of the field already
 */
export function snapThumb(slider) {
  const value = String(stopAt(scaleOf(slider), Number(slider.value)));
  moveThumb(slider, value);
  return value === fieldOf(slider).value ? "" : value;
}

/** @param {HTMLInputElement} slider */
function scaleOf(slider) {
  const { min, max, dataset } = fieldOf(slider);
  return dataset.stops ? JSON.parse(dataset.stops) : stops(Number(min), Number(max));
}

/** @param {HTMLInputElement} slider */
function fieldOf(slider) {
  return /** @type {HTMLInputElement} */ (slider.parentElement?.querySelector("input[data-number]"));
}
