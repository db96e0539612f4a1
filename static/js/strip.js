/**
 * The strip of maps: input, kernels and first maps in one pane, the last stage's weights and its maps in another.
 * @typedef {import("./colormap.js").Plane} Plane
 * @typedef {import("./safetensors.js").File} File
 * @typedef {import("./safetensors.js").Tensor} Tensor
 * @typedef {{ colours: (light: boolean) => Uint32Array, scale: string }} Look
 * What the maps of a stage, one of its kernels and all of them are called.
 * @typedef {{ map: string, kernel: string, kernels: string }} Labels
 * @typedef {{ stage: string, channel: number, name: string, label: string, plane: Plane, detail: string, ends: [number, number], light: boolean }} Shown
 */
import { fit, glance, mapButton, picture } from "./cells.js";
import { paint, planeOf } from "./colormap.js";
import { detailOf, endsOf, isLight, kernelEnds, kernelsOf, nameOf, planesOf, rangeOf } from "./planes.js";

const CHANNEL_COLOURS = 6;
/** The width of a sheet of kernels over its height. */
const SHEET = 150 / 82;
/** A map of fewer cells a side is shown cell by cell. */
const COARSE = 41;
/** With more channels than this, lines between them would hide them. */
const MOST_RULED = 32;

/** The four columns, kept from one layer to the next. */
export class Strip {
  /**
   * @param {HTMLElement} element
   * @param {{ open: (stage: string, channel: number) => void, looked: (map: Shown) => void }} gestures
   */
  constructor(element, { open, looked }) {
    this.element = element;
    this.looked = looked;
    this.multiplier = 1;
    /** @type {Record<string, Labels>} */
    this.labels = {};
    /** @type {{ kernels: string, end: number }[]} the ranges of kernels, each with the kernels that share it */
    this.ranges = [];
    /** @type {WeakMap<Element, Shown>} */
    this.shown = new WeakMap();
    element.addEventListener("click", ({ target }) => {
      const shown = this.shown.get(/** @type {Element} */ (target).closest("button.map") ?? element);
      if (shown) open(shown.stage, shown.channel);
    });
    for (const type of ["pointerover", "focusin"])
      element.addEventListener(type, (event) => this.#light(event.target));
    for (const type of ["pointerleave", "focusout"]) element.addEventListener(type, () => this.#light(null));
    const panes = [...element.querySelectorAll(".scroll")];
    for (const pane of panes)
      pane.addEventListener("scroll", () => {
        if (this.apart) for (const other of panes) other.scrollTop = pane.scrollTop;
      });
  }

  /** Whether every channel stays apart to the end, a row of its own for each. */
  get apart() {
    return this.element.dataset.kind === "spatially-separable";
  }

  /**
   * Draws a layer's maps and kernels, all at once.
   * @param {File} file
   * @param {{ kind: string, stages: string[], multiplier: number, labels: Record<string, Labels> }} layer `multiplier`
   * first maps of one input channel
   * @param {Look} look
   */
  draw(file, { kind, stages, multiplier, labels }, look) {
    const last = stages[stages.length - 1];
    this.element.dataset.kind = kind;
    this.element.style.setProperty("--multiplier", String(multiplier));
    this.multiplier = multiplier;
    this.labels = labels;
    this.#maps("input", file, "input", look);
    const first = stages.length > 2 ? stages[1] : "";
    this.#maps("first", file, first, look);
    const convolutions = stages.slice(1);
    const weights = convolutions.map((stage) => /** @type {Tensor} */ (file.tensors.get(`${stage}.weight`)));
    const ends = kernelEnds(weights);
    this.ranges = rangesOf(
      convolutions.map((stage, at) => ({ kernels: labels[stage].kernels, end: ends[at] })),
    );
    this.#kernels(first, first ? weights[0] : undefined, ends[0], look);
    this.#weights(last, weights[weights.length - 1], ends[ends.length - 1], look);
    this.#maps("output", file, last, look);
    const shown = this.shown.get(this.#column("output").firstElementChild ?? this.element);
    if (shown) this.looked(shown);
  }

  /**
   * Puts the keyboard's focus on a map: an output where there are so many, else one of the first maps.
   * @param {number} channel
   */
  focus(channel) {
    const map = this.#cells("output", "map")[channel] ?? this.#cells("first", "map")[channel];
    if (map instanceof HTMLElement) map.focus();
  }

  /** @param {string} slot */
  #column(slot) {
    return /** @type {HTMLElement} */ (this.element.querySelector(`[data-maps="${slot}"]`));
  }

  /**
   * The maps of a stage, each coloured over a range of its own or all over one.
   * @param {string} slot
   * @param {File} file
   * @param {string} stage
   * @param {Look} look
   */
  #maps(slot, file, stage, { colours, scale }) {
    const planes = planesOf(file, stage);
    const shared = scale === "stage" ? endsOf(planes, stage) : null;
    const detail = detailOf(file, stage);
    const maps = fit(this.#column(slot), "map", planes.length, mapButton);
    maps.forEach((map, channel) => {
      const plane = planes[channel];
      const light = isLight(plane, stage);
      const label = this.labels[stage].map;
      const name = nameOf(file, stage, channel, label);
      const ends = shared ?? endsOf([plane], stage);
      const shown = { stage, channel, name, label, plane, detail, light, ends };
      this.shown.set(map, shown);
      map.title = `${name}: ${rangeOf(plane)}${detail}`;
      map.setAttribute("aria-label", `${name}, values ${rangeOf(plane)}${detail}; open large`);
      // The maps that are made of one input channel alone keep its colour.
      const input = slot === "first" ? Math.floor(channel / this.multiplier) : channel;
      map.style.setProperty("--channel", `var(--channel-${input % CHANNEL_COLOURS})`);
      map.classList.toggle("coarse", Math.max(plane.width, plane.height) <= COARSE);
      paint(/** @type {HTMLCanvasElement} */ (map.firstElementChild), plane, colours(light), ends);
    });
  }

  /**
   * The first stage's kernels, one beside each of its maps.
   * @param {string} stage
   * @param {Tensor | undefined} weight
   * @param {number} most where their range ends
   * @param {Look} look
   */
  #kernels(stage, weight, most, { colours }) {
    const column = this.#column("first");
    // What made a map is read before it.
    const maps = /** @type {HTMLElement[]} */ (this.#cells("first", "map"));
    const kernels = fit(column, "kernel", weight?.shape[0] ?? 0, () => picture("kernel"), maps);
    kernels.forEach((kernel, channel) => {
      const plane = kernelsOf(/** @type {Tensor} */ (weight), channel, 1);
      paint(/** @type {HTMLCanvasElement} */ (kernel.firstElementChild), plane, colours(false), [
        -most,
        most,
      ]);
      kernel.style.setProperty("--ratio", String(plane.width / plane.height));
      kernel.setAttribute("aria-label", `${this.labels[stage].kernel} ${channel}, from ${rangeOf(plane)}`);
    });
  }

  /**
   * The last stage's kernels: a row of the matrix for each output, or a sheet of kernels.
   * @param {string} stage
   * @param {Tensor} weight
   * @param {number} most where their range ends
   * @param {Look} look
   */
  #weights(stage, weight, most, { colours }) {
    const [outputs, channels, height] = weight.shape;
    const across = height > 1 ? Math.ceil(Math.sqrt(channels * SHEET)) : channels;
    const column = this.#column("matrix");
    column.style.setProperty("--across", String(across));
    column.style.setProperty("--down", String(Math.ceil(channels / across)));
    column.classList.toggle("ruled", channels > 1 && across <= MOST_RULED);
    const planes = Array.from({ length: outputs }, (_, output) => kernelsOf(weight, output, across));
    // It floats and sticks beside the rows, which have to follow it.
    const rows = /** @type {HTMLElement[]} */ (this.#cells("matrix", "weights"));
    const [overview] = fit(column, "overview", height > 1 || this.apart ? 0 : 1, glance, rows);
    if (overview)
      paint(
        /** @type {HTMLCanvasElement} */ (overview.firstElementChild),
        planeOf(/** @type {Float32Array} */ (weight.data), channels, outputs),
        colours(false),
        [-most, most],
      );
    fit(column, "weights", outputs, () => picture("weights")).forEach((row, output) => {
      const plane = planes[output];
      row.style.setProperty("--ratio", String(plane.width / plane.height));
      const whose = `${this.labels[stage].kernel} ${output}`;
      row.setAttribute("aria-label", `${whose}, from ${rangeOf(plane)}`);
      row.title = `${whose}: ${rangeOf(plane)}`;
      paint(/** @type {HTMLCanvasElement} */ (row.firstElementChild), plane, colours(false), [-most, most]);
    });
  }

  /**
   * Marks what is looked at with all that made it, and tells the range of its colours.
   * @param {EventTarget | null} target
   */
  #light(target) {
    for (const lit of this.element.querySelectorAll(".lit")) lit.classList.remove("lit");
    const cell = target instanceof Element ? target.closest(".map, .kernel, .weights") : null;
    const column = cell?.parentElement;
    if (!cell || !column) return;
    const at = this.#cells(column.dataset.maps ?? "", cell.classList[0]).indexOf(cell);
    for (const each of this.#related(column.dataset.maps ?? "", at)) each?.classList.add("lit");
    const maps = this.#cells(
      column.dataset.maps === "matrix" ? "output" : (column.dataset.maps ?? ""),
      "map",
    );
    const shown = this.shown.get(maps[at]);
    if (shown) this.looked(shown);
  }

  /**
   * @param {string} slot
   * @param {string} name
   */
  #cells(slot, name) {
    return [...this.#column(slot).getElementsByClassName(name)];
  }

  /**
   * A map with the kernels and maps that made it; an input with what its channel alone makes.
   * @param {string} slot
   * @param {number} at
   */
  #related(slot, at) {
    const after = ["matrix", "output"].includes(slot);
    const outputs =
      after || this.apart ? [this.#cells("matrix", "weights")[at], this.#cells("output", "map")[at]] : [];
    if (after && !this.apart) return outputs;
    const channel = slot === "first" ? Math.floor(at / this.multiplier) : at;
    const [from, to] =
      slot === "first" ? [at, at + 1] : [channel * this.multiplier, (channel + 1) * this.multiplier];
    const first = ["kernel", "map"].flatMap((name) => this.#cells("first", name).slice(from, to));
    return [this.#cells("input", "map")[channel], ...first, ...outputs];
  }
}

/**
 * Each range once, with all kernels that share it.
 * @param {{ kernels: string, end: number }[]} ranges
 */
function rangesOf(ranges) {
  const ends = [...new Set(ranges.map(({ end }) => end))];
  return ends.map((end) => ({
    kernels: ranges.flatMap((range) => (range.end === end ? [range.kernels] : [])).join(" and "),
    end,
  }));
}
