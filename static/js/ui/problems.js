/**
 * The problems of bad parameters, beside their controls, with buttons that fix them.
 * @typedef {import("../client.js").BadParameter} BadParameter
 */

/**
 * Shows each problem beside its control, and clears the others.
 * @param {Document} page
 * @param {BadParameter[]} errors
 * @param {string} [message] shown where no error belongs to a control
 */
export function showProblems(page, errors, message = "") {
  let isPlaced = false;
  for (const element of page.querySelectorAll("[data-problem]")) {
    const name = /** @type {HTMLElement} */ (element).dataset.problem;
    const error = errors.find((each) => each.parameter === name);
    const details = error && element.closest("details");
    if (details) details.open = true;
    element.replaceChildren(...(error ? describeProblem(page, error) : []));
    isPlaced ||= Boolean(error);
    for (const input of page.getElementsByName(name ?? ""))
      input.toggleAttribute("aria-invalid", Boolean(error));
    for (const input of page.querySelectorAll(`[name="${name}"][aria-invalid]`))
      input.setAttribute("aria-invalid", "true");
  }
  const general = page.querySelector('[data-problem="page"]');
  if (general && !isPlaced) general.textContent = message;
}

/**
 * The content of an item for each problem of a refused layer.
 * @param {Document} page
 * @param {{ message: string, errors: BadParameter[] }} refusal
 */
export const describeProblems = (page, { message, errors }) =>
  errors.length > 0 ? errors.map((error) => describeProblem(page, error)) : [[message]];

/**
 * A problem in words, and a button for each change that alone fixes it and that is not locked.
 * @param {Document} page
 * @param {BadParameter} error
 * @returns {(string | Node)[]}
 */
function describeProblem(page, { parameter, value, detail, allowed, fits = [] }) {
  const text = [detail, allowed].filter(Boolean).join("; ");
  const unlocked = fits.filter((fit) =>
    page.querySelector(`[data-control="${fit.parameter}"]:not([data-locked])`),
  );
  return [
    value === null ? text : `${parameter} ${value}: ${text}`,
    ...unlocked.flatMap((fit) => [" ", createFixButton(page, fit)]),
  ];
}

/**
 * @param {Document} page
 * @param {{ parameter: string, value: string }} fit
 */
function createFixButton(page, { parameter, value }) {
  const button = page.createElement("button");
  button.type = "button";
  button.className = "fit";
  button.textContent = `${parameter.replace("_", " ")} ${value}`;
  Object.assign(button.dataset, { fit: parameter, value });
  return button;
}

/**
 * Makes the change of a button that is pressed, and focuses its control.
 * @param {Document} page
 * @param {(name: string, value: string) => void} onChange
 */
export function initFixButtons(page, onChange) {
  page.addEventListener("click", ({ target }) => {
    const pressed = target instanceof Element ? target.closest("button[data-fit]") : null;
    if (!(pressed instanceof HTMLElement)) return;
    const { fit = "", value = "" } = pressed.dataset;
    const control = page.querySelector(`[data-control="${fit}"]`);
    const details = control?.closest("details");
    if (details) details.open = true;
    onChange(fit, value);
    const field = control?.querySelector("input, select");
    if (field instanceof HTMLElement) field.focus();
  });
}
