/**
 * The controls: every change becomes a change of the query; the query is shown in every control.
 */
import { getParameter } from "../address.js";
import { initSlider, moveThumb, snapThumb } from "./slider.js";

/**
 * The field of the latest change since the last step of the history: what is typed in it stays while it has the focus.
 * @type {EventTarget | null}
 */
let typedField = null;

/**
 * Calls back for each change; all changes of one gesture, such as the drag of a slider, but the first are `isContinued`.
 * @param {HTMLFormElement} form
 * @param {(name: string, value: string, isContinued: boolean) => void} onChange
 */
export function initControls(form, onChange) {
  /** @type {string | null} */
  let gesture = null;
  for (const range of form.querySelectorAll("input[type=range]"))
    initSlider(/** @type {HTMLInputElement} */ (range));
  addEventListener("change", () => {
    gesture = null;
  });
  addEventListener("popstate", () => (typedField = null), { capture: true });
  form.addEventListener("input", ({ target }) => {
    typedField = target;
    const input = /** @type {HTMLInputElement} */ (target);
    const value = input.type === "range" ? snapThumb(input) : input.value;
    if (!input.name || value === "") return;
    if (input.validity.patternMismatch) return;
    for (const other of pairedInputs(form, input)) {
      if (other.type === "range") moveThumb(other, value);
      else other.value = value;
    }
    const isContinued = gesture === input.name;
    gesture = input.name;
    onChange(input.name, value, isContinued);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
}

/**
 * Shows the parameters of a query in the controls; the query may have a few of them only.
 * @param {HTMLFormElement} form
 * @param {string} query
 */
export function showQuery(form, query) {
  for (const input of fieldsOf(form)) {
    const value = getParameter(query, input.name);
    if (value !== null) setValue(input, value);
  }
  const kind = getParameter(query, "kind");
  for (const link of form.querySelectorAll("a[data-query]")) {
    const { query: address = "" } = /** @type {HTMLElement} */ (link).dataset;
    if (kind === null) continue;
    if (getParameter(address, "kind") === kind) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/**
 * Shows a layer in the controls, hides those that it does not have, and disables those without effect.
 * @param {HTMLFormElement} form
 * @param {string} query with every parameter that the layer has
 * @param {Record<string, string>} idle the reason of each parameter without effect
 * @param {Record<string, [number, number]>} [bounds] least and greatest legal value of each number
 * @param {Record<string, string>} [stops] the legal values, as JSON, of numbers between whose bounds not all are legal
 */
export function showLayer(form, query, idle, bounds, stops) {
  for (const input of fieldsOf(form)) {
    const value = getParameter(query, input.name);
    input.disabled = value === null || input.name in idle || input.matches("[data-locked] *");
    input.title = idle[input.name] ?? "";
    const control = input.closest("[data-control]");
    if (control instanceof HTMLElement) control.hidden = value === null;
    if (value === null) continue;
    // A slider goes by its number field, which stands before it.
    if (bounds?.[input.name] && input instanceof HTMLInputElement && "number" in input.dataset) {
      [input.min, input.max] = bounds[input.name].map(String);
      if (stops?.[input.name]) input.dataset.stops = stops[input.name];
    }
    setValue(input, value);
  }
  for (const element of form.querySelectorAll("[data-reason]"))
    element.textContent = idle[/** @type {HTMLElement} */ (element).dataset.reason ?? ""] ?? "";
}

/**
 * The fields that hold a parameter of the layer.
 * @param {HTMLFormElement} form
 */
function fieldsOf(form) {
  const found = form.querySelectorAll(":is(input, select)[name]:not([data-own])");
  return /** @type {NodeListOf<HTMLInputElement | HTMLSelectElement>} */ (found);
}

/**
 * Shows a value, unless the user is typing in the field.
 * @param {HTMLInputElement | HTMLSelectElement} field
 * @param {string} value
 */
function setValue(field, value) {
  if (field instanceof HTMLInputElement && field.type === "radio") field.checked = field.value === value;
  else if (field instanceof HTMLInputElement && field.type === "range") moveThumb(field, value);
  else if (field.value !== value && !(field === typedField && field === document.activeElement))
    field.value = value;
}

/**
 * The other inputs of the same number: a slider and its number field.
 * @param {HTMLFormElement} form
 * @param {HTMLInputElement} input
 */
function pairedInputs(form, input) {
  if (input.type !== "range" && !("number" in input.dataset)) return [];
  const same = form.querySelectorAll(`input[name="${input.name}"]`);
  return /** @type {HTMLInputElement[]} */ ([...same].filter((each) => each !== input));
}
