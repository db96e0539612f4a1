/**
 * The look of the maps, which is their colours and ranges: a part of the page's address, but not of the layer.
 */
import { parameter } from "./address.js";

/** The choices; the first of each is the default, which an address leaves out. */
export class Look {
  /** @param {HTMLElement} element */
  constructor(element) {
    /** @type {HTMLSelectElement[]} */
    this.selects = [...element.querySelectorAll("select")];
  }

  /** @param {string} name */
  value(name) {
    return this.selects.find((select) => select.name === name)?.value ?? "";
  }

  /**
   * The parameters of an address; null where it is the default and left out.
   * @returns {[string, string | null][]}
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
      select.selectedIndex = Math.max(0, values.indexOf(parameter(query, select.name) ?? ""));
    }
  }
}
