/**
 * What the checks read from a page, and what they wait for: the same in every browser.
 * @typedef {import("puppeteer-core").Page} Page
 *
 * Opens a path of the server in the page, and waits for the maps.
 * @typedef {(path: string) => Promise<void>} Visit
 *
 * Checks by name; each gets a new, empty page.
 * @typedef {Record<string, (page: Page, visit: Visit) => Promise<void>>} Checks
 */

/** What each lens shows that no other one has. */
export const LENSES = {
  diagram: ".diagram svg",
  pixel: "#lens .pixel",
  composed: "#lens .composed",
  approximation: "#lens .given-up",
  groups: "#lens .stop-links",
};

/**
 * Waits until the page shows a layer with these parameters.
 * @param {Page} page
 * @param {Record<string, string>} [parameters]
 */
export async function painted(page, parameters = {}) {
  await page.waitForFunction(
    (wanted) => {
      const shown = new URLSearchParams(document.documentElement.dataset.painted);
      return shown.size > 0 && Object.entries(wanted).every(([name, value]) => shown.get(name) === value);
    },
    {},
    parameters,
  );
}

/**
 * Waits for a parameter of the address; null waits until it has none.
 * @param {Page} page
 * @param {string} name
 * @param {string | null} value
 */
export async function hasParameter(page, name, value) {
  await page.waitForFunction(
    (name, value) => new URLSearchParams(location.search).get(name) === value,
    {},
    name,
    value,
  );
}

/**
 * Waits until the text of an element has these words.
 * @param {Page} page
 * @param {string} selector
 * @param {string} words
 */
export async function says(page, selector, words) {
  await page.waitForFunction(
    (selector, words) => document.querySelector(selector)?.textContent.includes(words),
    {},
    selector,
    words,
  );
}

/**
 * Where the middle of a cell of a map is in the window; the map, as large as fits, is in the middle of its canvas.
 * @param {Page} page
 * @param {string} column
 * @param {number} channel
 * @param {{ row: number, column: number, size: number }} cell of a square map
 */
export function pointOf(page, column, channel, cell) {
  return page.evaluate(
    (column, channel, cell) => {
      const maps = document.querySelectorAll(`[data-column="${column}"] .map canvas`);
      const { x, y, width, height } = maps[channel].getBoundingClientRect();
      const side = Math.min(width, height) / cell.size;
      const from = { x: x + (width - side * cell.size) / 2, y: y + (height - side * cell.size) / 2 };
      return { x: from.x + (cell.column + 0.5) * side, y: from.y + (cell.row + 0.5) * side, side };
    },
    column,
    channel,
    cell,
  );
}

/**
 * Of each map that is marked: its column, its channel, and the middle and width of the frame in pixels of the window.
 * @param {Page} page
 */
export function marks(page) {
  return page.evaluate(() =>
    [...document.querySelectorAll(".map")].flatMap((map) => {
      const svg = /** @type {SVGSVGElement | null} */ (map.querySelector(".marks"));
      const frame = /^M(\S+) (\S+)H(\S+)V([^H]+)/.exec(svg?.querySelector(".mark")?.getAttribute("d") ?? "");
      const toWindow = svg?.getScreenCTM();
      if (!frame || !toWindow) return [];
      const [left, top, right, bottom] = frame.slice(1).map(Number);
      const from = new DOMPoint(left, top).matrixTransform(toWindow);
      const to = new DOMPoint(right, bottom).matrixTransform(toWindow);
      const column = /** @type {HTMLElement} */ (map.parentElement);
      const channel = [...column.querySelectorAll(".map")].indexOf(map);
      const middle = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
      return [{ column: column.dataset.column ?? "", channel, ...middle, width: to.x - from.x }];
    }),
  );
}

/**
 * How many colours each picture has: 1 is blank.
 * @param {Page} page
 * @param {string} selector of canvases or images
 */
export function coloursOf(page, selector) {
  return page.evaluate(async (selector) => {
    const found = [];
    for (const each of document.querySelectorAll(selector)) {
      const picture = /** @type {HTMLCanvasElement | HTMLImageElement} */ (each);
      if (picture instanceof HTMLImageElement) await picture.decode();
      const [width, height] =
        picture instanceof HTMLImageElement
          ? [picture.naturalWidth, picture.naturalHeight]
          : [picture.width, picture.height];
      const context = /** @type {OffscreenCanvasRenderingContext2D} */ (
        new OffscreenCanvas(width, height).getContext("2d")
      );
      context.drawImage(picture, 0, 0);
      found.push(new Set(new Uint32Array(context.getImageData(0, 0, width, height).data.buffer)).size);
    }
    return found;
  }, selector);
}
