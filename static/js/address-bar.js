/**
 * The page's address, which follows the layer and the look that are shown.
 */
import { withParameters } from "./address.js";

export class AddressBar {
  /** A change that makes a step of the history may be superseded before it is shown; the step is then still to make. */
  #isStepPending = false;

  /**
   * @param {boolean} isEmbedded whether the page is inside another one, whose history it does not fill
   * @param {HTMLFormElement} form has the options of an embedded page in fields that are no parameters of the layer
   */
  constructor(isEmbedded, form) {
    this.isEmbedded = isEmbedded;
    this.form = form;
  }

  /**
   * The parameters that belong neither to the layer nor to its look.
   * @returns {[string, string][]}
   */
  get ownParameters() {
    const inputs = this.form.querySelectorAll("input[data-own]");
    return Array.from(inputs, (input) => {
      const { name, value } = /** @type {HTMLInputElement} */ (input);
      return [name, value];
    });
  }

  get isStepPending() {
    return this.#isStepPending;
  }

  requestStep() {
    this.#isStepPending = true;
  }

  dropStep() {
    this.#isStepPending = false;
  }

  /**
   * Shows a layer and how the page shows it, as a new step of the history where one is pending.
   * @param {string} query
   * @param {[string, string | null][]} pageParameters
   */
  show(query, pageParameters) {
    const method = this.#isStepPending && !this.isEmbedded ? "pushState" : "replaceState";
    const parameters = withParameters(query, [...this.ownParameters, ...pageParameters]);
    window.history[method](null, "", `${location.pathname}?${parameters}`);
    this.#isStepPending = false;
  }

  /**
   * The layer of an address of this page.
   * @param {string} search
   * @param {[string, string | null][]} pageParameters
   */
  layerOf(search, pageParameters) {
    const others = [...this.ownParameters, ...pageParameters];
    return withParameters(
      search,
      others.map(([name]) => [name, null]),
    );
  }
}
