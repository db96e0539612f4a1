/**
 * Loading of layers: the newest request wins, and the layer before is shown until the new one is complete.
 * @typedef {import("./client.js").BadParameter} BadParameter
 * @typedef {import("./safetensors.js").File} File
 * @typedef {"push" | "replace" | "keep"} HistoryStep
 *
 * @typedef {object} PageState
 * @property {string} query of the layer that is shown
 * @property {string} wanted the query that was requested last; the next change builds on it
 * @property {HTMLElement | null} parts of the page as the server rendered them for the layer
 * @property {File | null} file its tensors; null where it has none to show
 * @property {number} channelLimit channels of each stage that are requested
 * @property {Record<string, string>} look
 * @property {boolean} isDark
 * @property {string} lens the name of what is shown above the maps
 * @property {string | null} through the channel of which the lens shows window and kernel, as in an address
 * @property {string | null} cell the cell that was chosen last, as in an address: "pointwise,3,52,49"
 * @property {{ query: string, cell: string | null }} typed the layer and the cell of the address that was opened
 * @property {import("./lens/windows.js").Cell | null} pointed the cell that a pointer or the keyboard is at
 * @property {import("./lens/play.js").Play | null} play null where the whole maps are shown
 * @property {{ errors: BadParameter[], message: string }} problems
 * @property {Refusal | null} refusal of the requested layer
 */
import { getParameter } from "./address.js";
import { fetchParts, fetchView, Refusal } from "./client.js";

const MAX_TILE = 96;
/** The status where an uploaded picture has expired, and where a layer has no maps or is refused. */
const [GONE, UNPROCESSABLE] = [410, 422];

/**
 * The state of a page before its layer is loaded.
 * @param {string} query the layer of the page
 * @param {{ lens: string, cell: string | null, through: string | null }} view as its address has it
 * @param {Pick<PageState, "channelLimit" | "look" | "isDark" | "refusal">} others
 * @returns {PageState}
 */
export function initialState(query, view, others) {
  return {
    query,
    wanted: query,
    parts: null,
    file: null,
    ...view,
    typed: { query, cell: view.cell },
    pointed: null,
    play: null,
    problems: { errors: [], message: "" },
    ...others,
  };
}

export class LayerLoader {
  #controller = new AbortController();

  /**
   * @param {import("./state.js").Store<PageState>} store
   * @param {(step: HistoryStep) => void} recordStep puts the layer that is shown into the address
   * @param {(id: string) => Promise<boolean>} uploadAgain resolves to whether the server has the picture again
   */
  constructor(store, recordStep, uploadAgain) {
    this.store = store;
    this.recordStep = recordStep;
    this.uploadAgain = uploadAgain;
  }

  /**
   * Loads a layer into the store; the controls show at once what is requested, also where it is refused.
   * @param {string} query
   * @param {HistoryStep} step
   */
  async load(query, step) {
    this.#controller.abort();
    this.#controller = new AbortController();
    const { signal } = this.#controller;
    this.store.update({ wanted: query });
    try {
      await this.#load(query, signal);
      if (!signal.aborted) this.recordStep(step);
    } catch (error) {
      if (!signal.aborted) this.report(error, true);
    }
  }

  /**
   * @param {string} query
   * @param {AbortSignal} signal
   * @param {boolean} [isUploadedAgain]
   * @returns {Promise<void>}
   */
  async #load(query, signal, isUploadedAgain = false) {
    const { channelLimit } = this.store.state;
    let hasWaited = false;
    const onWait = (/** @type {string} */ reason) => {
      hasWaited = true;
      const message = `${reason}. What is shown is the last answer; this page asks again by itself.`;
      this.store.update({ problems: { errors: [], message } });
    };
    const selection = `${query}&tile=${MAX_TILE}&channels=0-${channelLimit - 1}`;
    const view = await fetchView(selection, signal, onWait).catch((error) => {
      if (error instanceof Refusal && [GONE, UNPROCESSABLE].includes(error.status)) return error;
      throw error;
    });
    if (view instanceof Refusal && view.status === GONE && !isUploadedAgain) {
      const isThere = await this.uploadAgain(getParameter(query, "input") ?? "");
      if (signal.aborted) return;
      if (isThere) return this.#load(query, signal, true);
    }
    const isRefused = view instanceof Refusal;
    // A layer without maps, such as one over the budget, still has a diagram and costs.
    const parts = isRefused ? await fetchParts(query, signal, onWait) : view.parts;
    if (signal.aborted) return;
    const { parts: before, refusal } = this.store.state;
    const canonical = parts.dataset.query ?? query;
    const problems = isRefused ? { errors: view.errors, message: view.message } : { errors: [], message: "" };
    // Problems that the server rendered into the page stay beside its first layer.
    const hasNews = isRefused || before !== null || hasWaited || refusal !== null;
    this.store.update({
      query: canonical,
      wanted: canonical,
      parts,
      file: isRefused ? null : view.file,
      refusal: null,
      pointed: null,
      play: null,
      ...(hasNews && { problems }),
    });
  }

  /**
   * Shows an error; the layer that is shown stays.
   * @param {unknown} error
   * @param {boolean} [isLayer] whether the error is that of a layer, which may be refused
   */
  report(error, isLayer = false) {
    if (error instanceof DOMException && error.name === "AbortError") return;
    const message = "The server cannot be reached; what is shown is the last answer.";
    const isRefusal = error instanceof Refusal;
    const problems = isRefusal ? { errors: error.errors, message: error.message } : { errors: [], message };
    const isRefused = isLayer && isRefusal && error.status === UNPROCESSABLE;
    this.store.update({ problems, ...(isRefused && { refusal: error }) });
  }
}
