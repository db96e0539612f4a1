/**
 * The strip of maps: input, kernels and first maps, matrix, output maps.
 * @typedef {import("./colormap.js").Plane} Plane
 * @typedef {import("./safetensors.js").File} File
 * @typedef {(light: boolean) => Uint32Array} Colours
 */
import { paint, percentile, planeOf } from "./colormap.js";

const CHANNEL_COLOURS = 6;

/**
 * The planes of a stage.
 * @param {File} file
 * @param {string} stage
 * @returns {Plane[]}
 */
export function planesOf({ tensors }, stage) {
  const maps = tensors.get(stage);
  const ranges = tensors.get(`${stage}.range`);
  if (!maps || !ranges) return [];
  const [count, height, width] = maps.shape;
  const bytes = /** @type {Uint8Array} */ (maps.data);
  return Array.from({ length: count }, (_, at) => ({
    bytes: bytes.subarray(at * height * width, (at + 1) * height * width),
    width,
    height,
    low: ranges.data[2 * at],
    high: ranges.data[2 * at + 1],
  }));
}

/**
 * Whether a plane is light, as a picture's channels are, and not signed.
 * @param {Plane} plane
 * @param {string} stage
 */
export const isLight = ({ low }, stage) => stage === "input" && low >= 0;

/**
 * The values of the first and last colour: black to white for light, else symmetric about zero at the 99th percentile.
 * @param {Plane[]} planes
 * @param {string} stage
 * @returns {[number, number]}
 */
export function endsOf(planes, stage) {
  if (planes.every((plane) => isLight(plane, stage)))
    return [0, Math.max(1, ...planes.map(({ high }) => high))];
  const most = percentile(planes);
  return [-most, most];
}

/** The four columns, kept from one layer to the next. */
export class Strip {
  /**
   * @param {HTMLElement} element
   * @param {{
   *   open: (stage: string, channel: number) => void,
   *   looked: (what: string, ends: [number, number]) => void,
   * }} gestures
   */
  constructor(element, { open, looked }) {
    this.element = element;
    this.looked = looked;
    /** @type {WeakMap<Element, [number, number]>} */
    this.ends = new WeakMap();
    element.addEventListener("click", (event) => {
      const map = /** @type {HTMLElement} */ (event.target).closest("button.map");
      if (map instanceof HTMLElement) open(map.dataset.stage ?? "", Number(map.dataset.channel));
    });
    for (const type of ["pointerover", "focusin"])
      element.addEventListener(type, (event) => this.#light(event.target));
    for (const type of ["pointerleave", "focusout"]) element.addEventListener(type, () => this.#light(null));
  }

  /**
   * Draws a layer's maps and kernels, all at once.
   * @param {File} file
   * @param {string[]} stages
   * @param {Colours} colours
   * @param {string} scale
   * @param {number} multiplier depthwise maps of one input channel
   */
  draw(file, stages, colours, scale, multiplier) {
    const last = stages[stages.length - 1];
    const inputs = planesOf(file, "input");
    this.#rows("input", inputs, "input", colours, scale, multiplier);
    if (stages.length > 2)
      this.#rows(
        "first",
        planesOf(file, stages[1]),
        stages[1],
        colours,
        scale,
        1,
        file.tensors.get(`${stages[1]}.weight`),
      );
    else this.#column("first").replaceChildren();
    this.#matrix(/** @type {any} */ (file.tensors.get(`${last}.weight`)), colours(false));
    this.#maps(this.#column("output"), planesOf(file, last), last, colours, scale);
    const shown = this.#column("output").firstElementChild;
    if (shown) this.#tell(shown);
  }

  /** @param {string} slot */
  #column(slot) {
    return /** @type {HTMLElement} */ (this.element.querySelector(`[data-maps="${slot}"]`));
  }

  /**
   * @param {string} slot
   * @param {Plane[]} planes
   * @param {string} stage
   * @param {Colours} colours
   * @param {string} scale
   * @param {number} each rows that one channel feeds
   * @param {import("./safetensors.js").Tensor} [weight]
   */
  #rows(slot, planes, stage, colours, scale, each, weight) {
    const column = this.#column(slot);
    const rows = fit(column, planes.length, () => {
      const row = document.createElement("div");
      row.className = "row";
      return row;
    });
    const shared = scale === "stage" ? endsOf(planes, stage) : null;
    rows.forEach((row, channel) => {
      row.style.height = each > 1 ? `${each * 89 - 7}px` : "";
      if (weight) {
        const [, , height, width] = weight.shape;
        const values = /** @type {Float32Array} */ (weight.data).subarray(
          channel * height * width,
          (channel + 1) * height * width,
        );
        const kernel = /** @type {HTMLCanvasElement} */ (
          row.querySelector(".kernel") ?? row.appendChild(canvasOf("kernel"))
        );
        const plane = planeOf(values, width, height);
        const most = Math.max(Math.abs(plane.low), Math.abs(plane.high));
        paint(kernel, plane, colours(false), [-most, most]);
        kernel.setAttribute(
          "aria-label",
          `kernel of channel ${channel}, from ${plane.low.toPrecision(3)} to ${plane.high.toPrecision(3)}`,
        );
        kernel.setAttribute("role", "img");
      }
      const button = /** @type {HTMLButtonElement} */ (
        row.querySelector(".map") ?? row.appendChild(mapButton())
      );
      this.#map(button, planes[channel], stage, channel, colours, shared);
      button.classList.add("channel");
      button.style.setProperty("--channel", `var(--channel-${channel % CHANNEL_COLOURS})`);
    });
  }

  /**
   * @param {HTMLElement} column
   * @param {Plane[]} planes
   * @param {string} stage
   * @param {Colours} colours
   * @param {string} scale
   */
  #maps(column, planes, stage, colours, scale) {
    const shared = scale === "stage" ? endsOf(planes, stage) : null;
    const buttons = fit(column, planes.length, mapButton);
    buttons.forEach((button, channel) => {
      this.#map(/** @type {HTMLButtonElement} */ (button), planes[channel], stage, channel, colours, shared);
    });
  }

  /**
   * @param {HTMLButtonElement} button
   * @param {Plane} plane
   * @param {string} stage
   * @param {number} channel
   * @param {Colours} colours
   * @param {[number, number] | null} shared
   */
  #map(button, plane, stage, channel, colours, shared) {
    button.dataset.stage = stage;
    button.dataset.channel = String(channel);
    const range = `${plane.low.toPrecision(3)} to ${plane.high.toPrecision(3)}`;
    button.title = `${stage} ${channel}: ${range}`;
    button.setAttribute("aria-label", `${stage} map ${channel}, values ${range}; open large`);
    const ends = shared ?? endsOf([plane], stage);
    this.ends.set(button, ends);
    paint(
      /** @type {HTMLCanvasElement} */ (button.firstElementChild),
      plane,
      colours(isLight(plane, stage)),
      ends,
    );
  }

  /**
   * The last stage's kernels: a row for each output, the channels (and their cells) side by side.
   * @param {import("./safetensors.js").Tensor} weight
   * @param {Uint32Array} colours
   */
  #matrix(weight, colours) {
    const [outputs, channels, height, width] = weight.shape;
    const data = /** @type {Float32Array} */ (weight.data);
    const values = new Float32Array(data.length);
    // (output, channel, y, x) becomes (output and y, channel and x): kernels stand side by side in one row.
    for (let at = 0; at < data.length; at++) {
      const [x, y] = [at % width, Math.floor(at / width) % height];
      const [channel, output] = [
        Math.floor(at / width / height) % channels,
        Math.floor(at / width / height / channels),
      ];
      values[(output * height + y) * channels * width + channel * width + x] = data[at];
    }
    const column = this.#column("matrix");
    const box = /** @type {HTMLElement} */ (
      column.querySelector(".matrix-box") ?? column.appendChild(document.createElement("div"))
    );
    box.className = "matrix-box";
    for (const extra of [...column.children]) if (extra !== box) extra.remove();
    const canvas = /** @type {HTMLCanvasElement} */ (
      box.querySelector("canvas") ?? box.appendChild(canvasOf("matrix"))
    );
    const plane = planeOf(values, channels * width, outputs * height);
    const most = Math.max(Math.abs(plane.low), Math.abs(plane.high));
    paint(canvas, plane, colours, [-most, most]);
    canvas.setAttribute("role", "img");
    canvas.setAttribute(
      "aria-label",
      `${outputs} rows of weights, from ${plane.low.toPrecision(3)} to ${plane.high.toPrecision(3)}`,
    );
    const rowHeight = Math.max(6, Math.min(32, 266 / outputs));
    box.style.height = `${rowHeight * outputs}px`;
    box.style.width = `${Math.max(24, Math.min(190, (rowHeight * channels * width) / height))}px`;
    box.dataset.rows = String(outputs);
  }

  /** @param {EventTarget | null} target */
  #light(target) {
    for (const lit of this.element.querySelectorAll(".lit")) lit.classList.remove("lit");
    this.element.querySelector(".matrix-row")?.remove();
    const map = target instanceof Element ? target.closest(".map") : null;
    if (!(map instanceof HTMLElement)) return;
    const channel = Number(map.dataset.channel);
    map.classList.add("lit");
    this.#tell(map);
    const slot = /** @type {HTMLElement} */ (map.closest("[data-maps]")).dataset.maps;
    if (slot === "output") this.#lightRow(channel);
    if (slot !== "first") return;
    const kernel = map.parentElement?.querySelector(".kernel");
    kernel?.classList.add("lit");
    const inputs = this.#column("input").querySelectorAll(".map");
    const multiplier = Math.max(
      1,
      Math.round(this.#column("first").querySelectorAll(".map").length / inputs.length),
    );
    inputs[Math.floor(channel / multiplier)]?.classList.add("lit");
  }

  /** @param {Element} map */
  #tell(map) {
    const { stage, channel } = /** @type {HTMLElement} */ (map).dataset;
    const ends = this.ends.get(map);
    if (ends) this.looked(`${stage} ${channel}`, ends);
  }

  /** @param {number} output */
  #lightRow(output) {
    const box = this.#column("matrix").querySelector(".matrix-box");
    if (!(box instanceof HTMLElement)) return;
    const rows = Number(box.dataset.rows);
    const mark = document.createElement("div");
    mark.className = "matrix-row";
    mark.style.top = `${(output / rows) * 100}%`;
    mark.style.height = `${100 / rows}%`;
    box.append(mark);
  }
}

/**
 * Exactly so many children, those that are there kept.
 * @param {HTMLElement} parent
 * @param {number} count
 * @param {() => HTMLElement} make
 */
function fit(parent, count, make) {
  for (const child of [...parent.children]) if (child.tagName === "NOSCRIPT") child.remove();
  while (parent.children.length > count) parent.lastElementChild?.remove();
  while (parent.children.length < count) parent.append(make());
  return /** @type {HTMLElement[]} */ ([...parent.children]);
}

/** @param {string} name */
function canvasOf(name) {
  const canvas = document.createElement("canvas");
  canvas.className = name;
  return canvas;
}

function mapButton() {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "map";
  button.append(document.createElement("canvas"));
  return button;
}
