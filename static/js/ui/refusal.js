/**
 * A layer that the server refuses: its problems take the place of the figures, which would be those of another layer.
 */

/** The figures stay during a shorter refusal, as between two digits that are typed. */
const DELAY_MS = 400;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/**
 * Shows the problems in place of the figures.
 * @param {HTMLElement} main
 * @param {(string | Node)[][]} problems the content of an item for each
 * @param {string} previousQuery of a layer to go back to; empty where there is none
 */
export function showRefusal(main, problems, previousQuery) {
  const section = /** @type {HTMLElement} */ (main.querySelector(".refusal"));
  const items = problems.map((problem) => {
    const item = document.createElement("li");
    item.append(...problem);
    return item;
  });
  section.querySelector("ul")?.replaceChildren(...items);
  const link = /** @type {HTMLAnchorElement} */ (section.querySelector("a"));
  if (previousQuery) link.href = `?${previousQuery}`;
  clearTimeout(timer);
  timer = setTimeout(() => main.setAttribute("data-refused", ""), DELAY_MS);
}

/**
 * Shows the figures again.
 * @param {HTMLElement} main
 */
export function hideRefusal(main) {
  clearTimeout(timer);
  main.removeAttribute("data-refused");
}

/** @param {HTMLElement} main */
export const isRefused = (main) => main.hasAttribute("data-refused");
