"""Everything on the page has its room from the first byte, at every width: nothing moves, overlaps or is cut."""

import pytest

LAYERS = {
    "default": "",
    "many-channels": "in_channels=64&out_channels=128",
    "multiplier": "in_channels=4&depth_multiplier=2&out_channels=6",
    "standard": "kind=standard",
    "standard-many-channels": "kind=standard&in_channels=24&out_channels=40",
    "spatial": "kind=spatially-separable",
    "spatial-many-channels": "kind=spatially-separable&in_channels=20",
    "one-channel": "in_channels=1&out_channels=1",
    "small": "size=9&padding=valid&stride=2",
    "over-budget": "in_channels=512&out_channels=1024&kernel_size=15&size=512",
}
SIZES = {390: 844, 1024: 768, 1280: 800, 1920: 1080}

RECORD = """() => {
  window.shifts = [];
  const box = ({ x, y, width, height }) => [x, y, width, height].join(" ");
  const name = ({ node, previousRect, currentRect }) =>
    node && [node.nodeName, node.id || node.className, "from", box(previousRect), "to", box(currentRect)].join(" ");
  new PerformanceObserver((list) => {
    for (const { value, sources } of list.getEntries()) window.shifts.push([value, ...sources.map(name)]);
  }).observe({ type: "layout-shift", buffered: true });
}"""
PAINTED = "() => performance.getEntriesByName('first-contentful-paint').length > 0"
# An observer hears of a frame after it was drawn.
SHIFTS = """async () => {
  for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
  await new Promise((resolve) => setTimeout(resolve));
  return window.shifts;
}"""


class Held:
    """Requests to a path wait until they are let go."""

    def __init__(self, page, pattern):
        self.routes, self.open = [], False
        page.route(pattern, lambda route: route.continue_() if self.open else self.routes.append(route))

    def release(self):
        self.open = True
        for route in self.routes:
            route.continue_()


@pytest.fixture
def slow_visit(browser, server, painted):
    """Opens a page whose scripts come after the first paint, and whose maps come after the scripts."""
    contexts = []

    def visit(query, width, height):
        context = browser.new_context(viewport={"width": width, "height": height}, base_url=server)
        contexts.append(context)
        page = context.new_page()
        page.add_init_script(f"({RECORD})()")
        scripts, maps = Held(page, "**/static/js/app.js"), Held(page, "**/view?*")
        page.goto(f"/?{query}", wait_until="commit")
        page.wait_for_function(PAINTED)
        with page.expect_request("**/view?*"):
            scripts.release()
        shifts = page.evaluate(SHIFTS)
        maps.release()
        painted(page)
        return page, shifts + page.evaluate(SHIFTS)[len(shifts) :]

    yield visit
    for each in contexts:
        each.close()


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("layer", LAYERS)
def test_page_loads_without_layout_shift(slow_visit, layer, width):
    _, shifts = slow_visit(LAYERS[layer], width, SIZES[width])
    assert not shifts


# What changes a box when each map, kernel or row of weights is pointed at, and when each map is focused.
MOVED = """() => {
  const landmarks = "header, .rail, .rail *, main > *, .figure > *, .head, .maps, .map, .legend > *, .ticks, " +
    ".reading, .cost > *, .formula, .bar, .uses, footer";
  const boxes = () => [...document.querySelectorAll(landmarks)].map((each) => {
    const { x, y, width, height } = each.getBoundingClientRect();
    return [each.nodeName, each.id, "at", x, y, width, height].join(" ");
  });
  const before = boxes(), moved = [];
  const look = (cell, act) => {
    act(cell);
    boxes().forEach((box, at) => { if (box !== before[at]) moved.push(`${before[at]} to ${box}`); });
  };
  for (const cell of document.querySelectorAll("#strip :is(.map, .kernel, .weights)"))
    look(cell, () => cell.dispatchEvent(new PointerEvent("pointerover", { bubbles: true })));
  for (const map of document.querySelectorAll("#strip .map")) look(map, () => map.focus({ preventScroll: true }));
  return moved;
}"""


@pytest.mark.parametrize("layer", [name for name in LAYERS if name != "over-budget"])
def test_pointing_at_a_map_moves_nothing(visit, layer):
    page = visit(f"/?{LAYERS[layer]}")
    for width in (320, 1024, 1280):
        page.set_viewport_size({"width": width, "height": SIZES.get(width, 700)})
        for scale in ("channel", "stage"):
            page.locator("select[name=scale]").select_option(scale)
            assert page.evaluate(MOVED) == [], width


# Texts that lie over each other or are cut, and maps that are cut, where nothing shows that there is more.
FAULTS = """async () => {
  for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
  const faults = [], texts = [];
  const label = (node) => node.textContent.trim().replace(/\\s+/g, " ").slice(0, 30);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const cut = (rect, element, what) => {
    for (let box = element; box && box !== document.body; box = box.parentElement) {
      const { overflowX } = getComputedStyle(box);
      if (overflowX === "visible") continue;
      const frame = box.getBoundingClientRect();
      const out = rect.right > frame.right + 1 ? "after" : rect.left < frame.left - 1 ? "before" : "";
      if (out && !(box.matches(".scroll") && box.hasAttribute(`data-${out}`))) faults.push(`${what} is cut`);
      if (out) return { left: Math.max(rect.left, frame.left), right: Math.min(rect.right, frame.right) };
    }
    if (rect.right > innerWidth + 1 || rect.left < -1) faults.push(`${what} leaves the page`);
    return rect;
  };
  const uncovered = ({ top, bottom }, element) => {
    for (let box = element; box && box !== document.body; box = box.parentElement) {
      if (getComputedStyle(box).overflowY === "visible") continue;
      const frame = box.getBoundingClientRect();
      [top, bottom] = [Math.max(top, frame.top), Math.min(bottom, frame.bottom)];
    }
    return { top, bottom };
  };
  while (walker.nextNode()) {
    const node = walker.currentNode, parent = node.parentElement;
    if (!node.textContent.trim() || !parent.checkVisibility()) continue;
    if (parent.closest(".unseen, .skip, select, math")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const rect of range.getClientRects()) {
      const { left, right } = cut(rect, parent, label(node));
      const { top, bottom } = uncovered(rect, parent);
      if (rect.width && right > left && bottom > top) texts.push({ node, left, right, top, bottom });
    }
  }
  texts.forEach((a, at) => {
    for (const b of texts.slice(at + 1))
      if (a.node !== b.node && Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
        Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3)
        faults.push(`${label(a.node)} over ${label(b.node)}`);
  });
  for (const cell of document.querySelectorAll("#strip :is(.map, .kernel, .weights)")) {
    const pane = cell.closest(".scroll").getBoundingClientRect(), own = cell.getBoundingClientRect();
    if (cell.checkVisibility() && (own.right > pane.right + 1 || own.left < pane.left - 1 || own.width < 8))
      faults.push(`a ${cell.className} is cut`);
  }
  if (document.documentElement.scrollWidth > innerWidth) faults.push("the page scrolls sideways");
  return [...new Set(faults)];
}"""


@pytest.mark.parametrize("layer", LAYERS)
def test_nothing_overlaps_or_is_cut_at_any_width(visit, layer):
    page = visit(f"/?{LAYERS[layer]}", allow="Failed to load resource.* 422")
    faults = {}
    for width in sorted({*range(320, 1920, 64), *range(880, 920, 4), *SIZES}):
        page.set_viewport_size({"width": width, "height": 800})
        if found := page.evaluate(FAULTS):
            faults[width] = found
    assert not faults


TOPS = """() => [...document.querySelectorAll("#strip .pane")].map((pane) =>
  [...pane.querySelectorAll(".maps")].filter((column) => column.checkVisibility())
    .map((column) => column.getBoundingClientRect().top))"""


@pytest.mark.parametrize("layer", [name for name in LAYERS if name != "over-budget"])
def test_first_rows_of_all_columns_are_level(visit, layer):
    page = visit(f"/?{LAYERS[layer]}")
    for width in (320, 700, 901, *SIZES):
        page.set_viewport_size({"width": width, "height": 800})
        panes = page.evaluate(TOPS)
        rows = panes if width <= 900 else [[top for pane in panes for top in pane]]
        assert [max(row) - min(row) for row in rows] == pytest.approx([0] * len(rows), abs=0.5), width
