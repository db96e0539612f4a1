/**
 * The controls: every change becomes a change of the query; the query is shown in every control.
 * @typedef {import("./client.js").Bad} Bad
 */
import { parameter } from "./address.js";
import { put, settle, steer } from "./slider.js";

/**
 * The field of the latest change since the last step of the history: what is typed in it stays while it has the focus.
 * @type {EventTarget | null}
 */
let typed = null;

/**
 * @param {HTMLFormElement} form
 * @param {(name: string, value: string) => void} change
 */
export function listen(form, change) {
  for (const range of form.querySelectorAll("input[type=range]"))
    steer(/** @type {HTMLInputElement} */ (range));
  addEventListener("popstate", () => (typed = null), { capture: true });
  form.addEventListener("input", ({ target }) => {
    typed = target;
    const input = /** @type {HTMLInputElement} */ (target);
    const value = input.type === "range" ? settle(input) : input.value;
    if (!input.name || value === "") return;
    if (input.name === "padding" && !/^(same|valid|\d+)$/.test(value)) return;
    for (const other of twins(form, input)) {
      if (other.type === "range") put(other, value);
      else other.value = value;
    }
    change(input.name, value);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
}

/**
 * Marks what a query chooses, where the form has it; the query may name a few parameters only.
 * @param {HTMLFormElement} form
 * @param {string} query
 */
export function choose(form, query) {
  for (const input of fields(form)) {
    const value = parameter(query, input.name);
    if (value !== null) set(input, value);
  }
  const kind = parameter(query, "kind");
  for (const link of form.querySelectorAll("a[data-query]")) {
    const { query: address = "" } = /** @type {HTMLElement} */ (link).dataset;
    if (kind === null) continue;
    if (parameter(address, "kind") === kind) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/**
 * Shows the query and what the server says of it.
 * @param {HTMLFormElement} form
 * @param {string} query
 * @param {Record<string, string>} idle the parameters that change nothing, and why
 * @param {Record<string, [number, number]>} [bounds] what is legal with the query
 */
export function show(form, query, idle, bounds) {
  for (const input of fields(form)) {
    const value = parameter(query, input.name);
    input.disabled = value === null || input.name in idle || input.matches("[data-locked] *");
    input.title = idle[input.name] ?? "";
    const control = input.closest("[data-control]");
    if (control instanceof HTMLElement) control.hidden = value === null;
    if (value === null) continue;
    // A slider goes by its number field, which stands before it.
    if (bounds?.[input.name] && input instanceof HTMLInputElement && input.type === "number") {
      [input.min, input.max] = bounds[input.name].map(String);
    }
    set(input, value);
  }
  for (const place of form.querySelectorAll("[data-reason]"))
    place.textContent = idle[/** @type {HTMLElement} */ (place).dataset.reason ?? ""] ?? "";
}

/**
 * The fields that hold a parameter of the layer.
 * @param {HTMLFormElement} form
 */
function fields(form) {
  const found = form.querySelectorAll(":is(input, select)[name]:not([data-own])");
  return /** @type {NodeListOf<HTMLInputElement | HTMLSelectElement>} */ (found);
}

/**
 * Shows a value; where somebody is typing, what is typed stays.
 * @param {HTMLInputElement | HTMLSelectElement} field
 * @param {string} value
 */
function set(field, value) {
  if (field instanceof HTMLInputElement && field.type === "radio") field.checked = field.value === value;
  else if (field instanceof HTMLInputElement && field.type === "range") put(field, value);
  else if (field.value !== value && !(field === typed && field === document.activeElement))
    field.value = value;
}

/**
 * Puts each refused parameter's words beside its control, and clears the others.
 * @param {Document} page
 * @param {Bad[]} errors
 * @param {string} [otherwise] words for what belongs to no control
 */
export function problems(page, errors, otherwise = "") {
  let placed = false;
  for (const place of page.querySelectorAll("[data-problem]")) {
    const name = /** @type {HTMLElement} */ (place).dataset.problem;
    const error = errors.find((each) => each.parameter === name);
    const folded = error && place.closest("details");
    if (folded) folded.open = true;
    place.replaceChildren(...(error ? told(page, error) : []));
    placed ||= Boolean(error);
    for (const input of page.getElementsByName(name ?? ""))
      input.toggleAttribute("aria-invalid", Boolean(error));
    for (const input of page.querySelectorAll(`[name="${name}"][aria-invalid]`))
      input.setAttribute("aria-invalid", "true");
  }
  const general = page.querySelector('[data-problem="page"]');
  if (general && !placed) general.textContent = otherwise;
}

/**
 * What is refused of a layer, each in its words.
 * @param {Document} page
 * @param {{ message: string, errors: Bad[] }} refusal
 */
export const refusals = (page, { message, errors }) =>
  errors.length > 0 ? errors.map((error) => told(page, error)) : [[message]];

/**
 * A refused parameter in words, and a button for each change that alone mends it and that may be made here.
 * @param {Document} page
 * @param {Bad} error
 * @returns {(string | Node)[]}
 */
function told(page, { parameter, value, detail, allowed, fits = [] }) {
  const words = [detail, allowed].filter(Boolean).join("; ");
  const free = fits.filter((fit) =>
    page.querySelector(`[data-control="${fit.parameter}"]:not([data-locked])`),
  );
  return [
    value === null ? words : `${parameter} ${value}: ${words}`,
    ...free.flatMap((fit) => [" ", button(page, fit)]),
  ];
}

/**
 * @param {Document} page
 * @param {{ parameter: string, value: string }} fit
 */
function button(page, { parameter, value }) {
  const made = page.createElement("button");
  made.type = "button";
  made.className = "fit";
  made.textContent = `${parameter.replace("_", " ")} ${value}`;
  Object.assign(made.dataset, { fit: parameter, value });
  return made;
}

/**
 * Calls for the change of a button that is pressed, and then leads to its control.
 * @param {Document} page
 * @param {(name: string, value: string) => void} change
 */
export function mend(page, change) {
  page.addEventListener("click", ({ target }) => {
    const pressed = target instanceof Element ? target.closest("button[data-fit]") : null;
    if (!(pressed instanceof HTMLElement)) return;
    const { fit = "", value = "" } = pressed.dataset;
    const control = page.querySelector(`[data-control="${fit}"]`);
    const folded = control?.closest("details");
    if (folded) folded.open = true;
    change(fit, value);
    const field = control?.querySelector("input, select");
    if (field instanceof HTMLElement) field.focus();
  });
}

/**
 * @param {HTMLFormElement} form
 * @param {HTMLInputElement} input
 */
function twins(form, input) {
  if (!["range", "number"].includes(input.type)) return [];
  const same = form.querySelectorAll(`input[name="${input.name}"]`);
  return /** @type {HTMLInputElement[]} */ ([...same].filter((each) => each !== input));
}

/**
 * Words in their place, where the page has it.
 * @param {string} id
 * @param {string} words
 */
export function text(id, words) {
  const element = document.getElementById(id);
  if (element) element.textContent = words;
}
