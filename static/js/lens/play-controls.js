/**
 * The controls beside the tabs that play how the output is computed.
 * @typedef {import("./play.js").Play} Play
 * @typedef {import("./windows.js").Cell} Cell
 * @typedef {import("./windows.js").Operation} Operation
 */
import { cellOfStep, stepOfCell, stepsOf } from "./play.js";

const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

export class PlayControls {
  /** The steps that are done, and the part of the next one. */
  #progress = 0;
  #frame = 0;
  #time = 0;
  /** @type {Operation[]} */
  #operations = [];
  /** @type {Play | null} */
  #play = null;

  /**
   * @param {HTMLElement} element
   * @param {() => Cell} current the cell that is shown
   * @param {(play: Play | null) => void} onPlay called with null where the whole maps are shown
   */
  constructor(element, current, onPlay) {
    const part = (/** @type {string} */ name) => element.querySelector(`[data-play="${name}"]`);
    this.element = element;
    this.current = current;
    this.onPlay = onPlay;
    this.place = /** @type {HTMLElement} */ (part("place"));
    this.toggle = /** @type {HTMLButtonElement} */ (part("toggle"));
    this.stop = /** @type {HTMLButtonElement} */ (part("stop"));
    this.scrubber = /** @type {HTMLInputElement} */ (part("scrubber"));
    this.speed = /** @type {HTMLSelectElement} */ (part("speed"));
    this.toggle.addEventListener("click", () => this.#toggle());
    this.stop.addEventListener("click", () => this.onPlay(null));
    part("back")?.addEventListener("click", () => this.#go(this.#step - 1));
    part("forward")?.addEventListener("click", () => this.#go(this.#step + 1));
    this.scrubber.addEventListener("input", () => this.#go(Number(this.scrubber.value)));
    this.scrubber.addEventListener("keydown", (event) => {
      if (event.key !== " ") return;
      event.preventDefault();
      this.#toggle();
    });
    reducedMotion.addEventListener("change", () => this.#pause());
  }

  /**
   * Shows the state of playing, and the place of the cell that is shown.
   * @param {Operation[]} operations
   * @param {Play | null} play
   */
  show(operations, play) {
    this.#operations = operations;
    this.#play = play;
    const { count, isByRow } = stepsOf(operations);
    const { row, column } = play?.cell ?? this.current();
    setText(this.place, isByRow && play ? `row ${row}, whole rows` : `cell (${row}, ${column})`);
    this.scrubber.max = String(count);
    this.scrubber.value = String(this.#step);
    this.scrubber.setAttribute("aria-valuetext", this.place.textContent);
    this.element.classList.toggle("playing", Boolean(play?.isPlaying));
    const label = play?.isPlaying ? "Pause" : "Play";
    if (this.toggle.title !== label) {
      this.toggle.title = label;
      this.toggle.setAttribute("aria-label", label);
    }
    this.stop.disabled = !play;
    if (!play?.isPlaying) cancelAnimationFrame(this.#frame);
  }

  get #step() {
    return this.#play?.step ?? stepOfCell(this.#operations, this.current());
  }

  #toggle() {
    if (this.#play?.isPlaying) return this.#pause();
    if (reducedMotion.matches) return;
    const { count } = stepsOf(this.#operations);
    const isOver = !this.#play || this.#play.step >= count;
    this.#progress = isOver ? 1 : this.#step;
    this.#setStep(this.#progress, true);
    this.#time = performance.now();
    this.#frame = requestAnimationFrame((time) => this.#advance(time));
  }

  #pause() {
    if (this.#play?.isPlaying) this.onPlay({ ...this.#play, isPlaying: false });
  }

  /** @param {number} step */
  #go(step) {
    this.#setStep(Math.max(1, Math.min(step, stepsOf(this.#operations).count)), false);
  }

  /** @param {number} time */
  #advance(time) {
    if (!this.#play?.isPlaying) return;
    const { count, rate } = stepsOf(this.#operations);
    this.#progress += (Math.max(0, time - this.#time) / 1000) * rate * Number(this.speed.value);
    this.#time = time;
    const step = Math.min(Math.floor(this.#progress), count);
    if (step !== this.#play.step) this.#setStep(step, step < count);
    if (step < count) this.#frame = requestAnimationFrame((next) => this.#advance(next));
  }

  /**
   * @param {number} step
   * @param {boolean} isPlaying
   */
  #setStep(step, isPlaying) {
    this.onPlay({ step, cell: cellOfStep(this.#operations, step, this.current()), isPlaying });
  }
}

/**
 * @param {HTMLElement} element
 * @param {string} text
 */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
