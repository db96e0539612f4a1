/**
 * Wiring: a change of a control changes the query; the query is asked for, shown, and put in the address.
 */
import { altered, changed, parameter, remember, restored } from "./address.js";
import { fragment, Refusal, view } from "./client.js";
import { table } from "./colormap.js";
import { choose, listen, mend, problems, refusals, show, text } from "./controls.js";
import { watch } from "./edges.js";
import { place, relink } from "./figure.js";
import { inspect } from "./inspect.js";
import { tellKernels, tell as tellRange } from "./legend.js";
import { Look } from "./look.js";
import { initUploads } from "./pictures.js";
import { preparePrint } from "./print.js";
import { admit, isRefused, refuse } from "./refusal.js";
import { Strip } from "./strip.js";
import { dark, switchable } from "./switch.js";
import { usable } from "./use.js";
import { awaited } from "./waiting.js";

const TILE = 96;
/** Answered where a picture is not kept any more, and where there are no maps to show. */
const [GONE, REFUSED] = [410, 422];

const root = document.documentElement;
const main = /** @type {HTMLElement} */ (document.getElementById("maps"));
const form = /** @type {HTMLFormElement} */ (document.getElementById("controls"));
/** As many channels of each stage as are asked for and painted; "show more" adds as many again. */
const STEP = Number(document.getElementById("strip")?.dataset.step);
let shown = STEP;
const legend = /** @type {HTMLElement} */ (document.getElementById("legend"));
const look = new Look(legend);
const anchors = JSON.parse(document.getElementById("colormaps")?.textContent ?? "{}");
/** @type {Record<string, Uint32Array>} */
const tables = Object.fromEntries(Object.entries(anchors).map(([name, colours]) => [name, table(colours)]));

/** What is shown: the layer and its tensors, replaced together or not at all. */
let query = main.dataset.query ?? "";
let stages = (main.dataset.stages ?? "").split(" ");
/** @type {Record<string, import("./strip.js").Labels>} */
let labels = {};
/** @type {import("./safetensors.js").File | null} */
let file = null;
/** What was asked for last; the latest change builds on it though it is not yet shown. */
let wanted = query;
let question = new AbortController();
/** Whether a step of the history is still to be made: the question that began it may be overtaken. */
let pushing = false;

const strip = new Strip(/** @type {HTMLElement} */ (document.getElementById("strip")), {
  open: (stage, channel) => awaited(inspect(query, stage, channel, labels[stage].map, colours)).catch(tell),
  looked: (map) => tellRange(legend, map, colours(map.light), look.value("scale") === "stage"),
});
watch(document.querySelectorAll(".scroll"));

/** @param {boolean} light whether a picture's own channel is painted, which has no negative values */
function colours(light) {
  const name = look.value("colormap");
  if (name !== "diverging") return tables[name];
  return tables[light ? "grey" : dark() ? "diverging-dark" : "diverging"];
}

function paint() {
  if (!file) return;
  const multiplier = stages.length > 2 ? Number(parameter(query, "depth_multiplier") ?? 1) : 1;
  const kind = parameter(query, "kind") ?? "";
  strip.draw(file, { kind, stages, multiplier, labels }, { colours, scale: look.value("scale") });
  tellKernels(legend, strip.ranges);
  legend.hidden = false;
  const [inputs, outputs] = ["in_channels", "out_channels"].map((name) => Number(parameter(query, name)));
  const most = Math.max(inputs * multiplier, outputs);
  const more = /** @type {HTMLElement} */ (document.getElementById("more"));
  more.hidden = shown >= most;
  text("shown", `the first ${shown} of ${most} channels`);
}

/**
 * What is shown stays, and it is told why; nothing has to be done.
 * @param {string} words
 */
function busy(words) {
  problems(document, [], `${words}. What is shown is the last answer; this page asks again by itself.`);
}

/** @param {unknown} error */
function tell(error) {
  if (error instanceof DOMException && error.name === "AbortError") return;
  if (error instanceof Refusal) problems(document, error.errors, error.message);
  else problems(document, [], "The server cannot be reached; what is shown is the last answer.");
}

/**
 * Asks for a layer and shows it, all of it at once; the old one stays until then. The controls show at once what is
 * asked for, and go on showing it where it is refused: why is said beside them.
 * @param {string} next
 * @param {"push" | "replace" | "keep"} history
 */
function go(next, history) {
  choose(form, next);
  uploads.choose(parameter(next, "input") ?? "");
  return awaited(replace(next, history));
}

/**
 * @param {string} next
 * @param {"push" | "replace" | "keep"} history
 * @param {boolean} [resent] whether the picture was sent again for it
 */
async function replace(next, history, resent = false) {
  if (history === "push") pushing = true;
  question.abort();
  question = new AbortController();
  const { signal } = question;
  wanted = next;
  let waited = false;
  const waiting = (/** @type {string} */ words) => {
    waited = true;
    busy(words);
  };
  try {
    const asked = `${next}&tile=${TILE}&channels=0-${shown - 1}`;
    const answer = await view(asked, signal, waiting).catch((error) => {
      if (error instanceof Refusal && [GONE, REFUSED].includes(error.status)) return error;
      throw error;
    });
    if (answer instanceof Refusal && answer.status === GONE && !resent) {
      const there = await uploads.sendAgain(parameter(next, "input") ?? "");
      if (signal.aborted) return;
      if (there) return replace(next, history, true);
    }
    // A layer without maps, such as one that takes too much, still has a diagram and costs.
    const parts = answer instanceof Refusal ? await fragment(next, signal, waiting) : answer.parts;
    if (signal.aborted) return;
    query = parts.dataset.query ?? next;
    wanted = query;
    stages = (parts.dataset.stages ?? "").split(" ");
    labels = JSON.parse(parts.dataset.labels ?? "{}");
    const mended = isRefused(main);
    admit(main);
    place(document, parts);
    const { idle = "{}", bounds = "{}" } = parts.dataset;
    show(form, query, JSON.parse(idle), JSON.parse(bounds));
    uploads.show(parameter(query, "input") ?? "");
    relink(document, query, look.parameters, own());
    remember(query);
    if (answer instanceof Refusal) {
      problems(document, answer.errors, answer.message);
      strip.element.hidden = true;
      // Neither maps nor their ranges are those of the layer before.
      file = null;
      legend.hidden = true;
    } else {
      if (root.dataset.painted || waited || mended) problems(document, []);
      strip.element.hidden = false;
      file = answer.file;
      paint();
    }
    if (root.dataset.painted) text("told", verdict());
    root.dataset.painted = query;
    if (history !== "keep") follow();
  } catch (error) {
    if (signal.aborted) return;
    tell(error);
    if (error instanceof Refusal && error.status === REFUSED)
      refuse(
        main,
        refusals(document, error),
        root.dataset.painted ? altered(query, [...own(), ...look.parameters]) : "",
      );
  }
}

/** What the layer costs beside what it replaces, in words. */
function verdict() {
  return document.querySelector(".verdict")?.textContent.replace(/\s+/g, " ").trim() ?? "";
}

/**
 * What the address has that is neither of the layer nor of how it looks: what a teacher has decided in an embedded page.
 * @returns {[string, string][]}
 */
function own() {
  const inputs = form.querySelectorAll("input[data-own]");
  return Array.from(inputs, (input) => {
    const { name, value } = /** @type {HTMLInputElement} */ (input);
    return [name, value];
  });
}

/** The address follows what is shown; inside another page, whose history it would fill, it makes no step. */
function follow() {
  const step = pushing && !("framed" in main.dataset) ? "pushState" : "replaceState";
  window.history[step](null, "", `${location.pathname}?${altered(query, [...own(), ...look.parameters])}`);
  pushing = false;
}

/** Another look of the same layer, for which nothing is asked. */
function relook() {
  paint();
  relink(document, query, look.parameters, own());
}

/**
 * While a slider is dragged the address changes in place; the first change of a gesture is a step to come back to.
 * @type {string | null}
 */
let gesture = null;
addEventListener("change", () => {
  gesture = null;
});

listen(form, (name, value) => {
  const step = gesture === name ? "replace" : "push";
  gesture = name;
  go(changed(wanted, name, value), step);
});
mend(document, (name, value) => go(changed(wanted, name, value), "push"));
form.addEventListener("click", (event) => {
  const link = /** @type {HTMLElement} */ (event.target).closest("a[data-query]");
  if (!(link instanceof HTMLElement) || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go(restored(wanted, link.dataset.query ?? ""), "push");
});
legend.addEventListener("change", () => {
  relook();
  pushing = true;
  follow();
});
document.querySelector("#more button")?.addEventListener("click", async (event) => {
  const before = shown;
  shown += STEP;
  await go(wanted, pushing ? "push" : "keep");
  const more = /** @type {HTMLElement} */ (document.getElementById("more"));
  text("told", more.hidden ? "all channels are shown" : (more.firstElementChild?.textContent ?? ""));
  // The button is gone; a keyboard, whose clicks have no count, goes on at what it has brought.
  const byKeyboard = /** @type {MouseEvent} */ (event).detail === 0;
  if (more.hidden && byKeyboard) strip.focus(before);
});
addEventListener("popstate", () => {
  pushing = false;
  look.choose(location.search);
  const besides = [...own(), ...look.parameters].map(
    ([name]) => /** @type {[string, null]} */ ([name, null]),
  );
  const layer = altered(location.search, besides);
  if (layer === query && wanted === query) relook();
  else go(layer, "keep");
});
const uploads = initUploads(form, (id) => go(changed(wanted, "input", id), "push"));

switchable(paint);
preparePrint(paint, [...document.querySelectorAll(".pane .scroll")]);
usable(tell);

look.choose(location.search);
show(form, query, JSON.parse(main.dataset.idle ?? "{}"));
// A layer that the server has refused already stays so until it is changed.
if (!isRefused(main)) go(query, "keep");
