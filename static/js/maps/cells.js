/**
 * The elements that a column of maps consists of.
 */

/**
 * Gives the parent exactly `count` children of a class, keeping those that it has; returns them.
 * @param {HTMLElement} parent
 * @param {string} className
 * @param {number} count
 * @param {() => HTMLElement} create
 * @param {HTMLElement[]} [followers] each child is inserted before the one with its index; without them, at the end
 */
export function resizeChildren(parent, className, count, create, followers = []) {
  parent.querySelector("noscript")?.remove();
  const children = parent.getElementsByClassName(className);
  const focused = document.activeElement;
  while (children.length > count) children[children.length - 1].remove();
  // A removed child passes the focus to the last one that is left.
  if (focused && !focused.isConnected && count > 0)
    /** @type {HTMLElement} */ (children[count - 1]).focus({ preventScroll: true });
  while (children.length < count) parent.insertBefore(create(), followers[children.length] ?? null);
  return /** @type {HTMLElement[]} */ ([...children]);
}

/**
 * Creates a canvas in a box that assistive technology takes for an image.
 * @param {string} className
 */
export function createPicture(className) {
  const box = document.createElement("div");
  box.className = className;
  box.setAttribute("role", "img");
  box.append(document.createElement("canvas"));
  return box;
}

/** Creates the button that shows a map, over whose cells the pointer and the arrow keys move. */
export function createMapButton() {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "map";
  button.setAttribute("aria-describedby", "map-keys");
  button.append(document.createElement("canvas"));
  return button;
}

/**
 * Writes a few words below a map or kernel, outside of its picture; they are a part of its accessible name already.
 * @param {HTMLElement} cell
 * @param {string} text
 */
export function setLabel(cell, text) {
  let label = cell.querySelector(".label");
  if (!text) return label?.remove();
  if (!label) {
    label = document.createElement("span");
    label.className = "label";
    label.setAttribute("aria-hidden", "true");
    cell.append(label);
  }
  if (label.textContent !== text) label.textContent = text;
  return undefined;
}

/** @param {Element} cell */
export const canvasOf = (cell) => /** @type {HTMLCanvasElement} */ (cell.querySelector("canvas"));
