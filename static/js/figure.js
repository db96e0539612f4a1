/**
 * Putting the server's rendered parts in their places.
 */

/**
 * @param {Document} page
 * @param {HTMLElement} fragment
 */
export function place(page, fragment) {
  for (const part of fragment.querySelectorAll("[data-part]")) {
    const name = /** @type {HTMLElement} */ (part).dataset.part;
    page
      .querySelector(`body > :not(#fragment) [data-part="${name}"], form [data-part="${name}"]`)
      ?.replaceChildren(...part.childNodes);
  }
}

/**
 * The links in the footer follow the layer.
 * @param {Document} page
 * @param {string} query
 */
export function relink(page, query) {
  for (const link of page.querySelectorAll("a[data-figure], a[data-code]")) {
    const anchor = /** @type {HTMLAnchorElement} */ (link);
    anchor.search = query;
  }
}
