/**
 * The elements that the strip is made of.
 */

/**
 * Exactly so many children of a class, those that are there kept.
 * @param {HTMLElement} parent
 * @param {string} name
 * @param {number} count
 * @param {() => HTMLElement} make
 * @param {HTMLElement[]} [followers] each child is inserted before the one with its index; without them, at the end
 */
export function fit(parent, name, count, make, followers = []) {
  parent.querySelector("noscript")?.remove();
  const held = parent.getElementsByClassName(name);
  const focused = document.activeElement;
  while (held.length > count) held[held.length - 1].remove();
  // A removed child passes the focus to the last one that is left.
  if (focused && !focused.isConnected && count > 0)
    /** @type {HTMLElement} */ (held[count - 1]).focus({ preventScroll: true });
  while (held.length < count) parent.insertBefore(make(), followers[held.length] ?? null);
  return /** @type {HTMLElement[]} */ ([...held]);
}

/** The whole matrix, small, with a mark on what is seen of it; a click goes there. */
export function glance() {
  const box = document.createElement("span");
  box.className = "overview";
  box.append(document.createElement("canvas"));
  box.addEventListener("click", ({ clientY }) => {
    const { top, height } = box.getBoundingClientRect();
    const pane = /** @type {HTMLElement} */ (box.closest(".scroll"));
    pane.scrollTop = ((clientY - top) / height) * pane.scrollHeight - pane.clientHeight / 2;
  });
  return box;
}

/** @param {string} name */
export function picture(name) {
  const box = document.createElement("div");
  box.className = name;
  box.setAttribute("role", "img");
  box.append(document.createElement("canvas"));
  return box;
}

export function mapButton() {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "map";
  button.append(document.createElement("canvas"));
  return button;
}
