"""Every lens for everyone: no axe violation, targets of 24 pixels, nothing wider than the page."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from sepviz.web.lenses import LENSES

# All that can be clicked, but for links within a sentence and fields whose label is the target.
SMALL = """() => {
  const small = [];
  for (const each of document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")) {
    if (!each.checkVisibility() || each.closest(".skip") || each.matches("p a, li a, [type=hidden]")) continue;
    const isCovered = each.matches("input:is([type=radio], [type=file], [type=checkbox])");
    const target = (isCovered && each.closest("label")) || each;
    const { width, height } = target.getBoundingClientRect();
    if (width < 23.9 || height < 23.9)
      small.push([each.nodeName, each.id || each.name || each.className, each.textContent.trim().slice(0, 20),
        width.toFixed(1), height.toFixed(1)].join(" "));
  }
  return [...new Set(small)];
}"""


@pytest.mark.parametrize("lens", LENSES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_a_lens(visit, lens, scheme):
    page = visit(f"/?size=32&lens={lens}", color_scheme=scheme)
    for theme in ("none", "active"):
        page.emulate_media(forced_colors=theme)
        results = Axe().run(page)
        assert results.violations_count == 0, (theme, results.generate_report())


@pytest.mark.parametrize("lens", LENSES)
def test_targets_and_width_fit_everyone(visit, lens):
    page = visit(f"/?size=32&lens={lens}&weights=random&kind=standard&groups=1")
    page.evaluate("() => document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    # 640 pixels are those of a laptop at 200 %.
    for width in (1280, 640, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(SMALL) == [], width
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_sheet_of_keys_is_accessible(visit):
    page = visit()
    page.keyboard.press("?")
    assert page.evaluate(SMALL) == []
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
