/**
 * The lens: the zone above the maps, which shows the diagram or what the server renders for another lens.
 */
import { withParameters } from "../address.js";
import { fetchLens } from "../client.js";
import { replaceParts } from "../ui/parts.js";

export class Lens {
  #controller = new AbortController();
  #painted = "";

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
    /** Called with the lens after each time that its content was replaced. @type {(() => void)[]} */
    this.listeners = [];
  }

  /**
   * Shows a lens of a layer; what it showed before stays until the new content is there.
   * @param {string} name
   * @param {string} query the layer, the look, the lens and the cell
   */
  async show(name, query) {
    this.#controller.abort();
    for (const tab of this.tabs) {
      tab.search = withParameters(query, [["lens", tab.dataset.lens ?? ""]]);
      if (tab.dataset.lens === name) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
    const isDiagram = name === this.defaultName;
    this.element.hidden = isDiagram;
    this.diagram.hidden = !isDiagram;
    if (isDiagram || query === this.#painted) return;
    this.#controller = new AbortController();
    const { signal } = this.#controller;
    try {
      const html = await fetchLens(query, signal, (reason) => this.element.setAttribute("title", reason));
      if (signal.aborted) return;
      this.#painted = query;
      this.#replace(html);
    } catch (error) {
      if (!signal.aborted) this.report(error);
    }
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
    for (const listener of this.listeners) listener();
  }
}

/** @param {HTMLElement} element */
function layoutOf(element) {
  return element.querySelector("[data-layout]")?.getAttribute("data-layout");
}
