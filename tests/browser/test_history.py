"""After any change of kind, layer and look, and after Back and Forward, the page is the one that its address loads."""

import random

import pytest
from sepviz.layer.spec import LayerSpec

PAGE = """() => {
  const shown = (field) => !field.disabled && field.getClientRects().length > 0;
  const value = ({ type, checked, value }) => (type === "radio" ? checked : value);
  const fields = [...document.querySelectorAll("#controls :is(input, select), #legend select")].filter(shown);
  return {
    fields: fields.map((field) => [field.name || field.id, value(field)]),
    maps: [...document.querySelectorAll("#strip canvas")].map((canvas) => canvas.toDataURL()),
    names: [...document.querySelectorAll("#strip [aria-label]")].map((each) => each.getAttribute("aria-label")),
    words: document.querySelector("main").innerText,
    title: document.title,
  };
}"""
KINDS = ("depthwise-separable", "spatially-separable", "standard")
NUMBERS = {"in_channels": (1, 2, 5), "out_channels": (1, 3, 40), "kernel_size": (2, 3, 5)}
CHOICES = {"colormap": ("diverging", "viridis", "grey"), "scale": ("channel", "stage")}


# What is painted, the address and the controls say the same.
SETTLED = """() => {
  const painted = new URLSearchParams(document.documentElement.dataset.painted ?? "");
  const address = new URLSearchParams(location.search);
  const fields = [...document.querySelectorAll("#controls :is([data-number], [type=hidden])[name]:enabled")];
  return [...painted].length > 0 && [...address, ...fields.map(({ name, value }) => [name, value])].every(
    ([name, value]) =>
      name === "colormap" || name === "scale" || (painted.get(name) ?? (name === "groups" ? "1" : null)) === value);
}"""


def settle(page):
    page.wait_for_function(SETTLED)


def assert_as_loaded(page, visit):
    settle(page)
    fresh = visit(page.url)
    settle(fresh)
    found, loaded = page.evaluate(PAGE), fresh.evaluate(PAGE)
    for part, value in found.items():
        assert value == loaded[part], part
    fresh.close()


def choose_kind(page, kind):
    page.locator(f'#controls a[data-query*="kind={kind}&"]').click()


def test_typed_number_changes_with_back_and_forward(visit, painted):
    page = visit()
    field = page.locator("#in_channels-number")
    field.fill("5")
    painted(page, in_channels=5)
    page.go_back()
    painted(page, in_channels=3)
    assert field.evaluate("(field) => field === document.activeElement")
    assert field.input_value() == "3"
    page.go_forward()
    painted(page, in_channels=5)
    assert field.input_value() == "5"


@pytest.mark.parametrize("seed", range(3))
def test_page_after_changes_and_steps_is_as_loaded(visit, seed):
    page, rng = visit(f"/?{LayerSpec().query()}"), random.Random(seed)  # noqa: S311
    start = page.url
    for _ in range(8):
        name = rng.choice(["kind", "back", "forward", *NUMBERS, *CHOICES])
        if name == "kind":
            choose_kind(page, rng.choice(KINDS))
        elif name in CHOICES:
            page.locator(f"select[name={name}]").select_option(rng.choice(CHOICES[name]))
        elif name in NUMBERS:
            field = page.locator(f"#{name}-number")
            if field.is_visible() and field.is_enabled():
                field.fill(str(rng.choice(NUMBERS[name])))
        elif name == "forward":
            page.go_forward()
        elif page.url != start:
            page.go_back()
        assert_as_loaded(page, visit)
