/**
 * A slider over the links of a lens: each stop leads where its link leads.
 */

/**
 * Follows a link at each step of the slider; all steps of one gesture but the first are `isContinued`.
 * @param {HTMLElement} lens
 * @param {(search: string, isContinued: boolean) => void} onStop
 * @returns {() => void} shows the stop that is chosen in the lens, for after its content was replaced
 */
export function initStopSlider(lens, onStop) {
  let isContinued = false;
  /** The stop whose content is awaited: until it is there, what comes is that of an earlier one. */
  let awaited = -1;
  lens.addEventListener("input", ({ target }) => {
    if (!(target instanceof HTMLInputElement && "stopSlider" in target.dataset)) return;
    awaited = Number(target.value);
    const link = linksOf(lens)[awaited];
    target.setAttribute("aria-valuetext", link.dataset.name ?? "");
    onStop(link.search, isContinued);
    isContinued = true;
  });
  lens.addEventListener("change", () => {
    isContinued = false;
  });
  addEventListener("popstate", () => (awaited = -1), { capture: true });
  return () => {
    const slider = /** @type {HTMLInputElement | null} */ (lens.querySelector("[data-stop-slider]"));
    const links = linksOf(lens);
    const chosen = links.findIndex((link) => link.hasAttribute("aria-current"));
    if (!slider || chosen < 0 || (awaited >= 0 && awaited !== chosen)) return;
    awaited = -1;
    slider.value = String(chosen);
    slider.setAttribute("aria-valuetext", links[chosen].dataset.name ?? "");
  };
}

/** @param {HTMLElement} lens */
function linksOf(lens) {
  return /** @type {HTMLAnchorElement[]} */ ([...lens.querySelectorAll(".stop-links a")]);
}
