/**
 * The look of the maps, which is their colours and ranges: a part of the page's address, but not of the layer.
 * @typedef {[string, string | null][]} Parameters
 */
import { getParameter } from "../address.js";

/** The selects of the look; the first option of each is the default, which an address leaves out. */
export class LookControls {
  /** @param {HTMLElement} element */
  constructor(element) {
    /** @type {HTMLSelectElement[]} */
    this.selects = [...element.querySelectorAll("select")];
  }

  /**
   * What is chosen, by name.
   * @returns {Record<string, string>}
   */
  get values() {
    return Object.fromEntries(this.selects.map(({ name, value }) => [name, value]));
  }

  /**
   * The parameters for an address; null where the default is left out.
   * @returns {Parameters}
   */
  get parameters() {
    return this.selects.map(({ name, value, options }) => [name, value === options[0].value ? null : value]);
  }

  /**
   * Chooses the look of an address; a missing or unknown value is the default.
   * @param {string} query
   */
  choose(query) {
    for (const select of this.selects) {
      const values = Array.from(select.options, ({ value }) => value);
      select.selectedIndex = Math.max(0, values.indexOf(getParameter(query, select.name) ?? ""));
    }
  }
}
