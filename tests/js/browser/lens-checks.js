/**
 * What is checked of the lenses, and of the cells that are chosen for them.
 * @typedef {import("./page.js").Checks} Checks
 * @typedef {import("puppeteer-core").Page} Page
 */
import assert from "node:assert/strict";
import { coloursOf, hasParameter, LENSES, marks, pointOf, says } from "./page.js";

const ANNOUNCEMENT = "#lens [data-announcement]";
const MARKED = '.map .mark[d^="M"]';
/** The least side of a mark. */
const MIN_SIDE = 9;

/** @type {Checks} */
export const lensChecks = {
  async "each lens has a tab, an address and a step of the history"(page, visit) {
    await visit("/?size=24");
    const names = Object.keys(LENSES);
    const tabs = await page.$$eval("[data-lens]", (all) => all.map((each) => each.getAttribute("data-lens")));
    assert.deepEqual(tabs, names);
    const addresses = [];
    for (const name of names.slice(1)) {
      await page.click(`[data-lens="${name}"]`);
      await showsLens(page, name);
      await hasParameter(page, "lens", name);
      addresses.push(page.url());
    }
    for (const name of names.toReversed().slice(1)) {
      await page.goBack();
      await showsLens(page, name);
    }
    for (const [at, address] of addresses.entries()) {
      await page.goto(address);
      await showsLens(page, names[at + 1]);
    }
  },

  async "cells that feed the cell under the pointer are marked"(page, visit) {
    await visit("/?size=24");
    const cell = { row: 11, column: 13, size: 24 };
    await page.$eval('[data-column="output"] .map', (map) => map.scrollIntoView({ block: "center" }));
    const { x, y } = await pointOf(page, "output", 1, cell);
    await page.mouse.move(x, y);
    await page.waitForSelector(MARKED);
    const found = await marks(page);
    const channels = found.map(({ column, channel }) => `${column} ${channel}`);
    const inputs = ["input 0", "input 1", "input 2"];
    assert.deepEqual(channels, [...inputs, "depthwise 0", "depthwise 1", "depthwise 2", "output 1"]);
    for (const { column, channel, ...mark } of found) {
      const middle = await pointOf(page, column, channel, cell);
      const width = Math.max(MIN_SIDE, column === "input" ? 3 * middle.side : middle.side);
      const distance = Math.hypot(mark.x - middle.x, mark.y - middle.y);
      assert.ok(distance < 1, `${column} ${channel}: ${distance} pixels away`);
      assert.ok(Math.abs(mark.width - width) < 1.5, `${column} ${channel}: ${mark.width} wide, not ${width}`);
    }
    await page.mouse.move(2, 2);
    await page.waitForFunction((marked) => !document.querySelector(marked), {}, MARKED);
  },

  async "arrow keys move the cell and the numbers follow"(page, visit) {
    await visit("/?size=24&lens=pixel&cell=pointwise,3,7,9");
    await says(page, ANNOUNCEMENT, "output 3, row 7, column 9: ");
    await page.evaluate(() => {
      const maps = document.querySelectorAll('[data-column="output"] .map');
      /** @type {HTMLElement} */ (maps[3]).focus();
    });
    for (const [key, row, column] of /** @type {const} */ ([
      ["ArrowRight", 7, 10],
      ["ArrowDown", 8, 10],
      ["ArrowLeft", 8, 9],
    ])) {
      await page.keyboard.press(key);
      await says(page, ANNOUNCEMENT, `output 3, row ${row}, column ${column}: `);
      const middle = await pointOf(page, "output", 3, { row, column, size: 24 });
      const mark = (await marks(page)).find((each) => each.column === "output");
      assert.ok(mark && Math.hypot(mark.x - middle.x, mark.y - middle.y) < 1, key);
      const [words, value] = await page.evaluate(
        async (selector, row, column) => {
          const query = `size=24&stage=pointwise&channel=3&y=${row}&x=${column}`;
          const { value } = await (await fetch(`/api/pixel?${query}`)).json();
          return /** @type {const} */ ([document.querySelector(selector)?.textContent ?? "", value]);
        },
        ANNOUNCEMENT,
        row,
        column,
      );
      const shown = /: ([−-]?)([\d.]+) = /.exec(words);
      assert.ok(
        shown && Math.abs(Number(`${shown[1] && "-"}${shown[2]}`) - value) < 0.01,
        `${words}: ${value}`,
      );
    }
    await page.keyboard.press("Enter");
    await hasParameter(page, "cell", "pointwise,3,8,9");
  },

  async "playing fills the output cell by cell"(page, visit) {
    await visit("/?size=4&lens=pixel");
    await page.select('[data-play="speed"]', "4");
    const steps = await page.evaluate(() => {
      const part = (/** @type {string} */ name) => document.querySelector(`[data-play="${name}"]`);
      const toggle = /** @type {HTMLButtonElement} */ (part("toggle"));
      const scrubber = /** @type {HTMLInputElement} */ (part("scrubber"));
      const map = /** @type {Element} */ (document.querySelector('[data-column="output"] .map'));
      /** @type {{ step: number, cover: string }[]} */
      const seen = [];
      return new Promise((resolve) => {
        const observer = new MutationObserver(() => {
          seen.push({
            step: Number(scrubber.value),
            cover: map.querySelector(".cover")?.getAttribute("d") ?? "",
          });
          if (toggle.title === "Play") resolve(seen);
        });
        observer.observe(toggle, { attributeFilter: ["title"] });
        observer.observe(map, { attributeFilter: ["d"], subtree: true });
        toggle.click();
      });
    });
    const numbers = /** @type {number[]} */ (steps.map((/** @type {{ step: number }} */ { step }) => step));
    assert.deepEqual(
      numbers,
      numbers.toSorted((one, other) => one - other),
    );
    assert.deepEqual([numbers[0], numbers.at(-1)], [1, 16]);
    for (const { step, cover } of steps) assert.equal(cover === "", step === 16, `step ${step}: ${cover}`);
  },

  async "pictures of the composed kernel are loaded"(page, visit) {
    await visit("/?size=24&lens=composed");
    const colours = await coloursOf(page, "#lens .map-picture img");
    assert.ok(colours.length >= 2 && colours.length % 2 === 0, `${colours.length} pictures`);
    for (const each of colours) assert.ok(each > 8, `a picture of ${each} colours`);
  },

  async "planes of the diagram show the maps"(page, visit) {
    await visit("/");
    // A canvas that was not painted yet is 300 pixels wide.
    await page.waitForFunction(() => {
      const canvas = /** @type {HTMLCanvasElement | null} */ (document.querySelector(".diagram canvas"));
      const planes = [...document.querySelectorAll(".diagram [data-map]")];
      const isHidden = (/** @type {Element} */ plane) => getComputedStyle(plane).visibility === "hidden";
      return canvas && canvas.width !== 300 && planes.every(isHidden);
    });
    const planes = await page.evaluate(() => {
      const canvas = /** @type {HTMLCanvasElement} */ (document.querySelector(".diagram canvas"));
      const svg = /** @type {SVGSVGElement} */ (document.querySelector(".diagram svg"));
      const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
      const pixels = new Uint32Array(context.getImageData(0, 0, canvas.width, canvas.height).data.buffer);
      const factor = canvas.width / svg.viewBox.baseVal.width;
      const places = [0.1, 0.3, 0.5, 0.7, 0.9].flatMap((u) => [0.1, 0.5, 0.9].map((v) => [u, v]));
      return Array.from(svg.querySelectorAll("[data-map]"), (plane) => {
        const [a, b, c, d, e, f] = (plane.getAttribute("data-box") ?? "").split(" ").map(Number);
        const colours = places.map(([u, v]) => {
          const [x, y] = [(a * u + c * v + e) * factor, (b * u + d * v + f) * factor];
          return pixels[Math.floor(y) * canvas.width + Math.floor(x)];
        });
        return { colours: new Set(colours).size, isOpaque: colours.every((each) => each >>> 24 === 255) };
      });
    });
    assert.ok(planes.length >= 3);
    for (const { colours, isOpaque } of planes) assert.ok(isOpaque && colours > 3, JSON.stringify(planes));
  },
};

/**
 * Waits until the page shows a lens and no other one.
 * @param {Page} page
 * @param {string} name
 */
async function showsLens(page, name) {
  await page.waitForFunction(
    (name, lenses) =>
      document.querySelector("[data-lens][aria-current=page]")?.getAttribute("data-lens") === name &&
      Object.entries(lenses).every(
        ([each, selector]) =>
          (document.querySelector(selector)?.checkVisibility() ?? false) === (each === name),
      ),
    {},
    name,
    LENSES,
  );
  assert.equal(new URL(page.url()).searchParams.get("lens") ?? "diagram", name);
}
