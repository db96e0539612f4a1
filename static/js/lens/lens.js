/**
 * The lens: the zone above the maps, which shows the diagram or what the server renders for another lens.
 */
import { withParameters } from "../address.js";
import { fetchLens } from "../client.js";
import { replaceParts } from "../ui/parts.js";

/** @type {[string, null][]} */
const CHANGES_WITHIN_A_LENS = [
  ["cell", null],
  ["through", null],
];

export class Lens {
  #controller = new AbortController();
  #painted = "";
  #wanted = "";
  #isFetching = false;
  /** The layer and the width that the height belongs to. */
  #heightKey = "";

  /**
   * @param {HTMLElement} figure holds the tabs, the lens and the diagram
   * @param {string} defaultName of the lens that is the diagram
   * @param {(error: unknown) => void} report
   */
  constructor(figure, defaultName, report) {
    this.defaultName = defaultName;
    this.report = report;
    this.element = /** @type {HTMLElement} */ (figure.querySelector(".lens"));
    this.diagram = /** @type {HTMLElement} */ (figure.querySelector(".diagram"));
    this.tabs = /** @type {NodeListOf<HTMLAnchorElement>} */ (figure.querySelectorAll("a[data-lens]"));
    /** Called each time that the lens shows what is wanted. @type {(() => void)[]} */
    this.listeners = [];
    // What the server rendered into the page is not fetched again.
    const { query = "" } = this.element.dataset;
    if (!this.element.querySelector("[data-unavailable]"))
      this.#painted = new URLSearchParams(query).toString();
  }

  /**
   * Marks the tab of a lens, and leads each tab to its lens of a layer.
   * @param {string} name
   * @param {string} query the layer, the look and the chosen cell
   */
  showTabs(name, query) {
    for (const tab of this.tabs) {
      tab.search = withParameters(query, [["lens", tab.dataset.lens ?? ""]]);
      if (tab.dataset.lens === name) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
  }

  /**
   * Shows a lens of a layer; what it showed before stays until the new content is there.
   * @param {string} name
   * @param {string} query the layer, the look, the lens and the cell
   * @param {boolean} [isPreview] whether it follows a pointer: a running fetch is then finished and shown, and the newest
   *   query is fetched after it
   */
  async show(name, query, isPreview = false) {
    const isDiagram = name === this.defaultName;
    this.element.hidden = isDiagram;
    this.diagram.hidden = !isDiagram;
    if (isDiagram) this.#cancel();
    if (isDiagram || query === this.#wanted) return;
    this.#wanted = query;
    if (query === this.#painted) {
      this.#keepHeight(query);
      this.#notify();
    }
    if (isPreview && this.#isFetching) return;
    this.#controller.abort();
    this.#controller = new AbortController();
    await this.#fetch(this.#controller.signal);
  }

  /** Whether what is wanted is shown. */
  get isCurrent() {
    return !this.element.hidden && this.#wanted === this.#painted;
  }

  #cancel() {
    this.#controller.abort();
    this.#wanted = this.#painted;
    this.#isFetching = false;
  }

  /** @param {AbortSignal} signal */
  async #fetch(signal) {
    this.#isFetching = true;
    try {
      while (this.#wanted !== this.#painted) {
        const query = this.#wanted;
        const onWait = (/** @type {string} */ reason) => this.element.setAttribute("title", reason);
        const html = await fetchLens(query, signal, onWait);
        if (signal.aborted) return;
        this.#painted = query;
        this.#keepHeight(query);
        this.#replace(html);
      }
    } catch (error) {
      if (signal.aborted) return;
      this.#wanted = this.#painted;
      this.report(error);
    } finally {
      if (!signal.aborted) this.#isFetching = false;
    }
  }

  /**
   * Keeps the height while only the cell changes: the maps below stay under the pointer that chooses it.
   * @param {string} query
   */
  #keepHeight(query) {
    const layer = withParameters(query, CHANGES_WITHIN_A_LENS);
    const key = `${layer} ${this.element.clientWidth}`;
    this.element.style.minHeight = key === this.#heightKey ? `${this.element.offsetHeight}px` : "";
    this.#heightKey = key;
  }

  /** @param {string} html */
  #replace(html) {
    this.element.removeAttribute("title");
    const rendered = document.createElement("div");
    rendered.innerHTML = html;
    // In the same layout the parts alone are replaced: a slider that is being dragged would be let go.
    if (layoutOf(rendered) && layoutOf(rendered) === layoutOf(this.element)) {
      replaceParts(document, rendered);
    } else {
      const focused = this.element.contains(document.activeElement) ? document.activeElement?.id : "";
      this.element.replaceChildren(...rendered.childNodes);
      const again = focused ? document.getElementById(focused) : null;
      again?.focus({ preventScroll: true });
    }
    this.#notify();
  }

  #notify() {
    for (const listener of this.listeners) listener();
  }
}

/** @param {HTMLElement} element */
function layoutOf(element) {
  return element.querySelector("[data-layout]")?.getAttribute("data-layout");
}
