/**
 * The button that shows more channels of each stage, beside the number of those that are shown.
 */
import { announce } from "./announcer.js";

export class MoreChannels {
  #limit = 0;

  /**
   * @param {HTMLElement} element hidden where all channels are shown
   * @param {(channel: number) => void} focusMap moves the focus to the first map of a channel
   * @param {(limit: number) => Promise<void>} onMore called with the number that is shown; resolves once there are more
   */
  constructor(element, focusMap, onMore) {
    this.element = element;
    this.text = /** @type {HTMLElement} */ (element.querySelector("#shown"));
    element.querySelector("button")?.addEventListener("click", async ({ detail }) => {
      const before = this.#limit;
      await onMore(before);
      announce(element.hidden ? "all channels are shown" : (this.text.textContent ?? ""));
      // The button is gone: the keyboard, whose clicks have no count, goes on at the first new map.
      if (element.hidden && detail === 0) focusMap(before);
    });
  }

  /**
   * @param {number} limit channels of each stage that are shown
   * @param {number} total channels of the stage that has most
   */
  show(limit, total) {
    this.#limit = limit;
    this.element.hidden = limit >= total;
    this.text.textContent = `the first ${limit} of ${total} channels`;
  }
}
