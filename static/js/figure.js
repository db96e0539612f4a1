/**
 * Putting the server's rendered parts in their places.
 */
import { altered } from "./address.js";

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
    if (focused >= 0) held.querySelectorAll("a")[focused]?.focus({ preventScroll: true });
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
 * Updates the links: those to other pages get the layer, those to pages with maps also the look, and those to other
 * kinds all options of this page's address.
 * @param {Document} page
 * @param {string} query
 * @param {[string, string | null][]} look the parameters of the look
 * @param {[string, string | null][]} own the options of this page alone
 */
export function relink(page, query, look, own) {
  for (const link of page.querySelectorAll("a:is([data-layer], [data-look], [data-query])")) {
    const anchor = /** @type {HTMLAnchorElement} */ (link);
    const { dataset } = anchor;
    if ("layer" in dataset) anchor.search = query;
    if ("look" in dataset) anchor.search = altered(anchor.search, look);
    if (dataset.query) anchor.search = altered(dataset.query, [...own, ...look]);
  }
}
