/**
 * Replacing parts of the page by those that the server rendered.
 */
import { withParameters } from "../address.js";

/**
 * Replaces the parts of the page that differ from those of the fragment; where a focused link is replaced, the link in
 * its place is focused.
 * @param {Document} page
 * @param {HTMLElement} fragment
 */
export function replaceParts(page, fragment) {
  for (const part of fragment.querySelectorAll("[data-part]")) {
    const name = /** @type {HTMLElement} */ (part).dataset.part;
    const current = page.body.querySelector(`[data-part="${name}"]`);
    if (!current || isSame(current.childNodes, part.childNodes)) continue;
    /** @type {(Element | null)[]} */
    const links = [...current.querySelectorAll("a")];
    const focused = links.indexOf(page.activeElement);
    current.replaceChildren(...part.childNodes);
    if (focused >= 0) current.querySelectorAll("a")[focused]?.focus({ preventScroll: true });
  }
}

/**
 * @param {NodeListOf<ChildNode>} some
 * @param {NodeListOf<ChildNode>} others
 */
function isSame(some, others) {
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
export function updateLinks(page, query, look, own) {
  for (const link of page.querySelectorAll("a:is([data-layer], [data-look], [data-query])")) {
    const anchor = /** @type {HTMLAnchorElement} */ (link);
    const { dataset } = anchor;
    if ("layer" in dataset) anchor.search = query;
    if ("look" in dataset) anchor.search = withParameters(anchor.search, look);
    if (dataset.query) anchor.search = withParameters(dataset.query, [...own, ...look]);
  }
}
