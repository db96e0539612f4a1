/**
 * Attributes for the style sheet: at which edges of a scrolling box there is more.
 */

/** @param {Iterable<Element>} boxes */
export function watchOverflow(boxes) {
  // An observer is called after the layout that changed a size, so that none is forced.
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries)
      markOverflow(/** @type {HTMLElement} */ (target.closest(".scroll") ?? target));
  });
  for (const box of boxes) {
    box.addEventListener("scroll", () => markOverflow(/** @type {HTMLElement} */ (box)), { passive: true });
    for (const each of [box, ...box.children]) observer.observe(each);
  }
}

/** @param {HTMLElement} box */
function markOverflow(box) {
  const { scrollTop, scrollLeft, clientHeight, clientWidth, scrollHeight, scrollWidth } = box;
  box.toggleAttribute("data-above", scrollTop > 1);
  box.toggleAttribute("data-below", scrollTop + clientHeight < scrollHeight - 1);
  box.toggleAttribute("data-before", scrollLeft > 1);
  box.toggleAttribute("data-after", scrollLeft + clientWidth < scrollWidth - 1);
}
