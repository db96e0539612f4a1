/**
 * What is checked of the whole page.
 * @typedef {import("./page.js").Checks} Checks
 * @typedef {import("./page.js").Visit} Visit
 * @typedef {import("puppeteer-core").Page} Page
 */
import assert from "node:assert/strict";
import { coloursOf, hasParameter, LENSES, painted } from "./page.js";

/** @type {Checks} */
export const pageChecks = {
  async "every map is painted"(page, visit) {
    await visit("/");
    for (const [column, count] of Object.entries({ input: 3, depthwise: 3, output: 8 })) {
      const colours = await coloursOf(page, `[data-column="${column}"] .map canvas`);
      assert.equal(colours.length, count);
      for (const each of colours) assert.ok(each > 8, `${column}: a map of ${each} colours`);
    }
  },

  async "formulas are complete"(page, visit) {
    await visit("/");
    const counts = await page.$$eval("msub, msup, munder, mover, mfrac, msubsup, munderover", (all) =>
      all.map(({ localName, children }) => `${localName} ${children.length}`),
    );
    assert.ok(counts.length > 0);
    for (const each of counts)
      assert.match(each, /^(msubsup|munderover) 3$|^(msub|msup|munder|mover|mfrac) 2$/);
  },

  async "slider changes the layer and the address"(page, visit) {
    await visit("/?size=24");
    await page.focus('[data-control="in_channels"] [type=range]');
    await page.keyboard.press("ArrowRight");
    await painted(page, { in_channels: "4" });
    await hasParameter(page, "in_channels", "4");
    assert.equal((await coloursOf(page, '[data-column="input"] .map canvas')).length, 4);
    const slider = /** @type {import("puppeteer-core").ElementHandle<HTMLInputElement>} */ (
      await page.$('[data-control="kernel_size"] [type=range]')
    );
    const box = await slider.boundingBox();
    assert.ok(box);
    const middle = box.y + box.height / 2;
    await page.mouse.move(box.x + 2, middle);
    await page.mouse.down();
    for (const share of [0.3, 0.6]) await page.mouse.move(box.x + share * box.width, middle);
    await page.mouse.up();
    await page.waitForFunction((slider) => slider.value !== "3", {}, slider);
    const size = await slider.evaluate(({ value }) => value);
    await painted(page, { kernel_size: size, in_channels: "4" });
    await hasParameter(page, "kernel_size", size);
    await page.goBack();
    await painted(page, { kernel_size: "3", in_channels: "4" });
  },

  async "theme changes the page and its maps and is remembered"(page, visit) {
    await visit("/?size=24");
    const look = () =>
      page.evaluate(() => {
        const map = /** @type {HTMLCanvasElement} */ (
          document.querySelector('[data-column="output"] .map canvas')
        );
        return [getComputedStyle(document.body).backgroundColor, map.toDataURL()];
      });
    const before = await look();
    await page.click("#theme");
    await page.waitForSelector(":root[data-theme]");
    const after = await look();
    for (const [at, each] of after.entries()) assert.notEqual(each, before[at]);
    await page.reload();
    await painted(page);
    assert.deepEqual(await look(), after);
  },

  "nothing scrolls sideways at 390 pixels": (page, visit) => fitsWidth(page, visit, 390),
  "nothing scrolls sideways at 320 pixels": (page, visit) => fitsWidth(page, visit, 320),
};

/**
 * @param {Page} page
 * @param {Visit} visit
 * @param {number} width
 */
async function fitsWidth(page, visit, width) {
  await page.setViewport({ width, height: 800 });
  for (const name of Object.keys(LENSES)) {
    await visit(`/?size=24&lens=${name}`);
    const [window, content, room] = await page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return [innerWidth, scrollWidth, clientWidth];
    });
    assert.equal(window, width);
    assert.ok(content <= room, `${name}: ${content} pixels of content in ${room}`);
  }
}
