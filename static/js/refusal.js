/**
 * A layer that is refused: its refusals stand in the place of the figures, so that no other layer's stay beside them.
 */

/** A refusal shorter than this, as between two digits that are typed, leaves what is shown alone. */
const SETTLED_MS = 400;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/**
 * @param {HTMLElement} main
 * @param {(string | Node)[][]} refusals what is refused and what would fit
 * @param {string} nearest the query of a layer to go back to; empty where there was none
 */
export function refuse(main, refusals, nearest) {
  const section = /** @type {HTMLElement} */ (main.querySelector(".refusal"));
  const items = refusals.map((refusal) => {
    const item = document.createElement("li");
    item.append(...refusal);
    return item;
  });
  section.querySelector("ul")?.replaceChildren(...items);
  const link = /** @type {HTMLAnchorElement} */ (section.querySelector("a"));
  if (nearest) link.href = `?${nearest}`;
  clearTimeout(timer);
  timer = setTimeout(() => main.setAttribute("data-refused", ""), SETTLED_MS);
}

/** @param {HTMLElement} main */
export function admit(main) {
  clearTimeout(timer);
  main.removeAttribute("data-refused");
}

/** @param {HTMLElement} main */
export const isRefused = (main) => main.hasAttribute("data-refused");
