/**
 * Runs the checks in one browser, on a server: node run.js BROWSER EXECUTABLE SERVER [ARGUMENT...]
 *
 * Prints the names of the checks as a line of JSON, then for each name that comes as a line its problem, or null.
 */
import { createInterface } from "node:readline";
import { launch } from "puppeteer-core";
import { lensChecks } from "./lens-checks.js";
import { painted } from "./page.js";
import { pageChecks } from "./page-checks.js";

const checks = { ...pageChecks, ...lensChecks };
/**
 * Firefox says this of a formula that it lays out when half of its markup has arrived; the check of the formulas counts
 * the children of each element once the page is complete.
 */
const HALF_PARSED = /Invalid markup: Incorrect number of children for <m\w+\/> tag/;

const [name, executablePath, server, ...args] = process.argv.slice(2);
const browser = await launch({
  browser: /** @type {import("puppeteer-core").SupportedBrowser} */ (name),
  executablePath,
  args,
  extraPrefsFirefox: { "ui.prefersReducedMotion": 0 },
});
try {
  print(Object.keys(checks));
  for await (const line of createInterface({ input: process.stdin })) print(await problemOf(line));
} finally {
  await browser.close();
}

/** @param {unknown} value */
function print(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/**
 * Runs a check; returns its error with the page's console errors and foreign requests, or null where there are none.
 * @param {string} check
 */
async function problemOf(check) {
  const context = await browser.createBrowserContext();
  /** @type {string[]} */
  const problems = [];
  try {
    const page = await context.newPage();
    await page.setViewport({ width: 1280, height: 800 });
    page.on("console", (message) => {
      if (["error", "warn"].includes(message.type())) problems.push(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => {
      if (!HALF_PARSED.test(String(error))) problems.push(`page error: ${error}`);
    });
    page.on("request", (request) => {
      if (![`${server}/`, "data:", "blob:"].some((each) => request.url().startsWith(each)))
        problems.push(`request to ${request.url()}`);
    });
    page.on("response", (response) => {
      if (response.status() >= 400) problems.push(`${response.status()} from ${response.url()}`);
    });
    await checks[check](page, async (path) => {
      await page.goto(`${server}${path}`);
      await painted(page);
    });
  } catch (error) {
    problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    await context.close();
  }
  return problems.join("\n") || null;
}
