/**
 * Tells the style sheet at which edges of a scrolling box there is more, and which part of it is seen.
 */

/** @param {Iterable<Element>} boxes */
export function watch(boxes) {
  // Called after the layout that changed a size, so that nobody has to ask for one.
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) mark(/** @type {HTMLElement} */ (target.closest(".scroll") ?? target));
  });
  for (const box of boxes) {
    box.addEventListener("scroll", () => mark(/** @type {HTMLElement} */ (box)), { passive: true });
    for (const each of [box, ...box.children]) observer.observe(each);
  }
}

/** @param {HTMLElement} box */
function mark(box) {
  const { scrollTop, scrollLeft, clientHeight, clientWidth, scrollHeight, scrollWidth } = box;
  box.style.setProperty("--seen-from", String(scrollTop / scrollHeight));
  box.style.setProperty("--seen", String(clientHeight / scrollHeight));
  box.toggleAttribute("data-above", scrollTop > 1);
  box.toggleAttribute("data-below", scrollTop + clientHeight < scrollHeight - 1);
  box.toggleAttribute("data-before", scrollLeft > 1);
  box.toggleAttribute("data-after", scrollLeft + clientWidth < scrollWidth - 1);
}
