/**
 * Links that this page follows without a reload.
 */

/**
 * Calls back for a click on a link, unless that opens it in another tab or window.
 * @param {Element | Document} root
 * @param {string} selector
 * @param {(link: HTMLAnchorElement) => void} callback
 */
export function onLink(root, selector, callback) {
  root.addEventListener("click", (event) => {
    const { target, ctrlKey, metaKey, shiftKey } = /** @type {MouseEvent} */ (event);
    const link = target instanceof Element ? target.closest(selector) : null;
    if (!(link instanceof HTMLAnchorElement) || ctrlKey || metaKey || shiftKey) return;
    event.preventDefault();
    callback(link);
  });
}
