/**
 * The page of a layer: connects its state with the views that show it and the controls that change it.
 */

import {
  asKind,
  chosenView,
  DEFAULT_LENS,
  getParameter,
  rememberLayer,
  viewParameters,
  withParameter,
  withParameters,
} from "./address.js";
import { AddressBar } from "./address-bar.js";
import { CellView } from "./cell-view.js";
import { Refusal } from "./client.js";
import { initialState, LayerLoader } from "./layer-loader.js";
import { DiagramMaps } from "./lens/diagram-maps.js";
import { Lens } from "./lens/lens.js";
import { chosenCell } from "./lens/selection.js";
import { initStopSlider } from "./lens/stop-slider.js";
import { Colours } from "./maps/colours.js";
import { openMap } from "./maps/inspect.js";
import { showKernelDomains, showMapDomain } from "./maps/legend.js";
import { LookControls } from "./maps/look.js";
import { Strip } from "./maps/strip.js";
import { Store } from "./state.js";
import { announceVerdict } from "./ui/announcer.js";
import { withBusyMark } from "./ui/busy.js";
import { initControls, showLayer, showQuery } from "./ui/controls.js";
import { onLink } from "./ui/links.js";
import { MoreChannels } from "./ui/more-channels.js";
import { watchOverflow } from "./ui/overflow.js";
import { replaceParts, updateLinks } from "./ui/parts.js";
import { initPresent, togglePresent } from "./ui/present.js";
import { initPrint } from "./ui/print.js";
import { describeProblems, initFixButtons, showProblems } from "./ui/problems.js";
import { hideRefusal, isRefused, showRefusal } from "./ui/refusal.js";
import { initShortcuts } from "./ui/shortcuts.js";
import { initThemeToggle, isDark } from "./ui/theme-toggle.js";
import { initUseDialog } from "./ui/use-dialog.js";
import { initUploads } from "./upload/uploads.js";

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const [main, legend] = ["maps", "legend"].map(byId);
const form = /** @type {HTMLFormElement} */ (byId("controls"));
const { step = "" } = byId("strip").dataset;
const { query = "", values = "", idle = "{}" } = main.dataset;

const lookControls = new LookControls(legend);
lookControls.choose(location.search);
const colours = new Colours(byId("colormaps"));
const addressBar = new AddressBar("embedded" in main.dataset, form);
const store = new Store(
  initialState(query, chosenView(location.search), {
    channelLimit: Number(step),
    look: lookControls.values,
    isDark: isDark(),
    refusal: isRefused(main) ? new Refusal(0, "", []) : null,
  }),
);
const loader = new LayerLoader(
  store,
  (historyStep) => historyStep !== "keep" && showAddress(),
  (id) => uploads.uploadAgain(id),
);

/**
 * @param {string} next
 * @param {import("./layer-loader.js").HistoryStep} historyStep
 */
function load(next, historyStep) {
  if (historyStep === "push") addressBar.requestStep();
  return withBusyMark(loader.load(next, historyStep));
}

/** The parameters of how the page shows its layer. */
const pageParameters = () => [
  ...lookControls.parameters,
  ...viewParameters({ ...store.state, cell: chosenCell(store.state, strip.layer) }),
];
const showAddress = () => addressBar.show(store.state.query, pageParameters());
function pushAddress() {
  addressBar.requestStep();
  showAddress();
}
const updateTheme = () => store.update({ isDark: isDark() });

const currentLook = () => colours.look(store.state.look, store.state.isDark);

const strip = new Strip(byId("strip"), () => cellView.show());
const diagramMaps = new DiagramMaps(/** @type {HTMLElement} */ (document.querySelector(".diagram")));
const lensZone = new Lens(
  /** @type {HTMLElement} */ (document.querySelector('[data-figure="diagram"]')),
  DEFAULT_LENS,
  (error) => loader.report(error),
);
const moreChannels = new MoreChannels(
  byId("more"),
  (channel) => strip.focus(channel),
  (channels) => {
    store.update({ channelLimit: channels + Number(step) });
    return load(store.state.wanted, addressBar.isStepPending ? "push" : "keep");
  },
);
const uploads = initUploads(form, (id) => load(withParameter(store.state.wanted, "input", id), "push"));

store.subscribe(["wanted"], ({ wanted }) => {
  showQuery(form, wanted);
  uploads.choose(getParameter(wanted, "input") ?? "");
});
store.subscribe(["refusal"], ({ refusal, query, parts }) => {
  if (!refusal) return hideRefusal(main);
  const previous = withParameters(query, [...addressBar.ownParameters, ...pageParameters()]);
  showRefusal(main, describeProblems(document, refusal), parts ? previous : "");
});
store.subscribe(["parts"], ({ parts, query }) => {
  if (!parts) return;
  const panes = /** @type {HTMLElement} */ (parts.querySelector(".panes"));
  strip.arrange(panes);
  replaceParts(document, parts);
  const { values = "", idle = "{}", bounds = "{}", groups = "[]" } = parts.dataset;
  showLayer(form, values, JSON.parse(idle), JSON.parse(bounds), { groups });
  uploads.show(getParameter(query, "input") ?? "");
  rememberLayer(query);
});
store.subscribe(["parts", "look", "lens", "cell", "through"], ({ query, lens, parts }) => {
  updateLinks(document, query, pageParameters(), addressBar.ownParameters);
  if (parts) lensZone.showTabs(lens, withParameters(query, pageParameters()));
});
store.subscribe(["problems"], ({ problems: { errors, message } }) => showProblems(document, errors, message));
store.subscribe(["parts", "file", "look", "isDark"], ({ parts, file, channelLimit, isDark }) => {
  if (!parts) return;
  strip.element.hidden = legend.hidden = !file;
  if (!file) return diagramMaps.show(null);
  showKernelDomains(legend, strip.draw(file, currentLook()));
  diagramMaps.show({ ...strip.source(currentLook()), isDark });
  cellView.showLegend();
  cellView.show();
  moreChannels.show(channelLimit, strip.maxChannels);
});
store.subscribe(["parts"], ({ query }) => {
  const { dataset } = document.documentElement;
  if (dataset.painted) announceVerdict();
  dataset.painted = query;
});
const cellView = new CellView(store, strip, lensZone, {
  pageParameters,
  onChoose: pushAddress,
  onOpen: (map) =>
    withBusyMark(openMap(store.state.query, map, currentLook())).catch((error) => loader.report(error)),
  onLegend: (map) => {
    const look = currentLook();
    showMapDomain(legend, map, look.colours(map.isUnsigned), look.scale === "stage");
  },
});

initControls(form, (name, value, isContinued) =>
  load(withParameter(store.state.wanted, name, value), isContinued ? "replace" : "push"),
);
initFixButtons(document, (name, value) => load(withParameter(store.state.wanted, name, value), "push"));
onLink(form, "a[data-query]", ({ dataset }) => load(asKind(store.state.wanted, dataset.query ?? ""), "push"));
legend.addEventListener("change", () => {
  store.update({ look: lookControls.values });
  pushAddress();
});
/**
 * Shows what an address of this page says.
 * @param {string} search
 * @param {import("./layer-loader.js").HistoryStep} historyStep
 */
function visit(search, historyStep) {
  lookControls.choose(search);
  store.update({ look: lookControls.values, ...chosenView(search) });
  const layer = addressBar.layerOf(search, pageParameters());
  const { query, wanted } = store.state;
  if (layer !== query || wanted !== query) {
    load(layer, historyStep);
  } else if (historyStep !== "keep") {
    pushAddress();
  }
}
// A link with `data-go` leads to this page with another layer, lens or cell.
onLink(document, "a[data-go]", ({ search }) => visit(search, "push"));
lensZone.listeners.push(
  initStopSlider(lensZone.element, (search, isContinued) => visit(search, isContinued ? "replace" : "push")),
);
addEventListener("popstate", () => {
  addressBar.dropStep();
  visit(location.search, "keep");
});

watchOverflow(document.querySelectorAll(".diagram"));
initThemeToggle(updateTheme);
initPrint(
  () => {
    updateTheme();
    diagramMaps.paint();
  },
  () => document.querySelectorAll(".pane .scroll"),
);
initUseDialog((error) => loader.report(error));
initPresent(byId("leave-present"));
initShortcuts(/** @type {HTMLDialogElement} */ (byId("shortcuts")), {
  f: () => togglePresent(byId("leave-present")),
});

showLayer(form, values, JSON.parse(idle));
if (!isRefused(main)) load(query, "keep");
