/**
 * Putting the server's rendered parts in their places.
 */

/**
 * A part that is the same as before stays as it is, with its focus and its layout; in one that is replaced, the link in
 * the place of the focused one is focused.
 * @param {Document} page
 * @param {HTMLElement} fragment
 */
export function place(page, fragment) {
  for (const part of fragment.querySelectorAll("[data-part]")) {
    const name = /** @type {HTMLElement} */ (part).dataset.part;
    const held = page.body.querySelector(`[data-part="${name}"]`);
    if (!held || same(held.childNodes, part.childNodes)) continue;
    /** @type {(Element | null)[]} */
    const links = [...held.querySelectorAll("a")];
    const focused = links.indexOf(page.activeElement);
    held.replaceChildren(...part.childNodes);
    if (focused >= 0) held.querySelectorAll("a")[focused]?.focus();
  }
}

/**
 * @param {NodeListOf<ChildNode>} some
 * @param {NodeListOf<ChildNode>} others
 */
function same(some, others) {
  return some.length === others.length && [...some].every((node, at) => node.isEqualNode(others[at]));
}

/**
 * The links to the same layer elsewhere follow it.
 * @param {Document} page
 * @param {string} query
 */
export function relink(page, query) {
  for (const link of page.querySelectorAll("a[data-layer]")) {
    const anchor = /** @type {HTMLAnchorElement} */ (link);
    anchor.search = query;
  }
}
