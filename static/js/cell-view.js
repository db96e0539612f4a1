/**
 * The selected cell on the page: its marks over the maps, its numbers in the lens, its words for screen readers, and the
 * gestures and controls that change it.
 * @typedef {import("./layer-loader.js").PageState} PageState
 * @typedef {import("./lens/windows.js").Cell} Cell
 * @typedef {import("./lens/lens.js").Lens} Lens
 * @typedef {import("./maps/drawing.js").MapInfo} MapInfo
 * @typedef {import("./maps/strip.js").Spot} Spot
 * @typedef {import("./maps/strip.js").Strip} Strip
 *
 * @typedef {object} Callbacks
 * @property {() => [string, string | null][]} pageParameters
 * @property {() => void} onChoose called after a cell was chosen that was not before
 * @property {(map: MapInfo) => void} onOpen opens the map large
 * @property {(map: MapInfo) => void} onLegend shows the colours of the map in the legend
 */
import { withParameter, withParameters } from "./address.js";
import { coverageOf } from "./lens/play.js";
import { PlayControls } from "./lens/play-controls.js";
import { CELL_LENS, currentCell, describeCell, previewedCell, shownCell } from "./lens/selection.js";
import { formatCell } from "./lens/windows.js";
import { Marks } from "./maps/marks.js";
import { initPointing } from "./maps/pointing.js";
import { announce } from "./ui/announcer.js";

/** The pause between two requests of a lens while it plays. */
const PLAY_PAUSE_MS = 300;

export class CellView {
  /** What is announced where the lens has no words for it; empty where nothing is to be announced. */
  #announcement = "";
  #requested = 0;
  /** The map that was pointed at last. @type {{ stage: string, channel: number } | null} */
  #pointedMap = null;
  /** What the legend speaks of. @type {MapInfo | null} */
  #legendMap = null;

  /**
   * @param {import("./state.js").Store<PageState>} store
   * @param {Strip} strip
   * @param {Lens} lens
   * @param {Callbacks} callbacks
   */
  constructor(store, strip, lens, callbacks) {
    this.store = store;
    this.strip = strip;
    this.lens = lens;
    this.callbacks = callbacks;
    this.marks = new Marks(strip);
    const current = () => currentCell(store.state, strip.layer);
    const element = /** @type {HTMLElement} */ (document.querySelector(".play"));
    this.controls = new PlayControls(element, current, (play) => store.update({ play, pointed: null }));
    initPointing(strip, {
      current,
      point: (cell, spot) => this.#point(cell, spot),
      choose: (cell, spot) => this.#choose(cell, spot),
      open: (spot) => {
        this.#pointAtMap(spot);
        this.#open();
      },
    });
    document.querySelector("[data-open]")?.addEventListener("click", () => this.#open());
    lens.listeners.push(() => this.#announce());
    store.subscribe(["lens"], ({ lens, play }) => {
      if (play && lens !== CELL_LENS) store.update({ play: null });
    });
    store.subscribe(["pointed", "cell", "lens", "play"], () => this.show());
    store.subscribe(["parts", "look", "lens", "cell", "through", "pointed", "play"], () => this.#showLens());
  }

  /** Shows the marks of the selected cell, and in the controls its place. */
  show() {
    const { state } = this.store;
    const { layer } = this.strip;
    this.controls.element.hidden = !state.file || state.lens !== CELL_LENS;
    if (!state.file) return;
    const coverage = state.play && coverageOf(layer.operations, state.play.step);
    this.marks.show(layer, shownCell(state, layer), coverage);
    this.controls.show(layer.operations, state.play);
  }

  /** Shows in the legend the colours of the map that was pointed at last; before, of the map with the selected cell. */
  showLegend() {
    const { stage, channel } = this.#pointedMap ?? shownCell(this.store.state, this.strip.layer) ?? {};
    const map = this.strip.infoOf(stage, channel);
    this.#legendMap = map ?? null;
    if (map) this.callbacks.onLegend(map);
  }

  /** @param {Spot} spot */
  #pointAtMap({ column, channel }) {
    const { stage } = column;
    if (this.#pointedMap?.stage === stage && this.#pointedMap.channel === channel) return;
    this.#pointedMap = { stage, channel };
    this.showLegend();
  }

  /**
   * @param {Cell | null} cell
   * @param {Spot | null} spot
   */
  #point(cell, spot) {
    if (spot) this.#pointAtMap(spot);
    if (!this.store.state.play?.isPlaying) this.store.update({ pointed: cell });
  }

  /**
   * @param {Cell} cell
   * @param {Spot} spot
   */
  #choose(cell, spot) {
    const text = formatCell(cell);
    const isNew = text !== this.store.state.cell || this.store.state.lens !== CELL_LENS;
    this.#pointAtMap(spot);
    this.#announcement = describeCell(this.strip.layer, cell);
    this.store.update({ cell: text, lens: CELL_LENS, pointed: null, play: null });
    if (isNew) this.callbacks.onChoose();
    this.#announce();
  }

  /** Opens the map that the legend speaks of. */
  #open() {
    if (this.#legendMap) this.callbacks.onOpen(this.#legendMap);
  }

  /** Shows the numbers of the pointed cell in the lens of cells, of the chosen cell in every other one. */
  #showLens() {
    const { state } = this.store;
    const { query, parts, lens, play } = state;
    if (!parts) return;
    const preview = lens === CELL_LENS ? previewedCell(state, this.strip.layer) : null;
    const now = performance.now();
    if (preview && play?.isPlaying && now - this.#requested < PLAY_PAUSE_MS) return;
    this.#requested = now;
    const parameters = withParameters(query, this.callbacks.pageParameters());
    const wanted = preview ? withParameter(parameters, "cell", formatCell(preview)) : parameters;
    this.lens.show(lens, wanted, preview !== null);
  }

  /** Announces a cell that was just chosen, once the lens shows it. */
  #announce() {
    if (!this.#announcement || !this.lens.isCurrent) return;
    const words = this.lens.element.querySelector("[data-announcement]")?.textContent ?? "";
    announce(words.replace(/\s+/g, " ").trim() || this.#announcement);
    this.#announcement = "";
  }
}
