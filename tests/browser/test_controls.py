"""The controls: what is folded, and what can be changed."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect
from sepviz.layer.spec import LayerSpec, properties

UNREACHED = r"Failed to load resource"
REFUSED = r"Failed to load resource.* status of 4\d\d"
FOLDED = {
    "stride": "2",
    "padding": "valid",
    "dilation": "2",
    "depth_multiplier": "2",
    "size": "64",
    "bias": "true",
}


def folds(page):
    return page.locator("#controls details:not(.generated)")


@pytest.mark.parametrize("name", FOLDED)
def test_controls_are_unfolded_for_values_that_are_not_the_default(visit, name):
    page = visit(f"/?{name}={FOLDED[name]}", java_script_enabled=False)
    expect(folds(page)).to_have_attribute("open", "")
    expect(page.locator(f"#controls details [name={name}]:not([type=range])")).to_be_visible()


@pytest.mark.parametrize("query", ["", "kernel_size=5&out_channels=9&weights=random", "stride=1&padding=same&size=128"])
def test_controls_are_folded_for_defaults(visit, query):
    page = visit(f"/?{query}", java_script_enabled=False)
    expect(folds(page)).not_to_have_attribute("open", "")


def test_embedded_page_stays_folded_for_a_hidden_parameter(visit):
    page = visit("/embed?stride=2&hide=stride", java_script_enabled=False)
    expect(folds(page)).not_to_have_attribute("open", "")


def test_refused_control_is_unfolded(visit):
    page = visit("/?in_channels=4", allow=REFUSED)
    folds(page).evaluate("(details) => { details.open = true; }")
    held = []

    def hold(route):
        held.append(route)

    page.route("**/view?*", hold)
    with page.expect_request("**/view?*"):
        page.locator("#stride-number").fill("99")
    folds(page).evaluate("(details) => { details.open = false; }")
    held[0].continue_()
    expect(page.locator("#problem-stride")).to_contain_text("99")
    expect(folds(page)).to_have_attribute("open", "")


@pytest.mark.parametrize(
    ("query", "script"),
    [("", True), ("", False), ("weights=random", True), ("input=noise", True), ("input=noise", False)],
)
def test_seed_is_enabled_where_something_is_random(visit, query, script):
    page = visit(f"/?seed=5&{query}", java_script_enabled=script)
    pairs = [pair.split("=") for pair in query.split("&") if pair]
    seed = page.locator("#seed")
    if LayerSpec.parse(pairs).is_random:
        expect(seed).to_be_enabled()
        expect(seed).to_have_accessible_description("")
    else:
        expect(seed).to_be_disabled()
        expect(seed).to_have_accessible_description(re.compile("neither the weights nor the input is random"))
    expect(seed).to_have_value("5")


def test_seed_is_enabled_and_disabled_with_weights_and_input(visit, painted):
    page = visit("/?seed=5")
    seed = page.locator("#seed")
    expect(seed).to_be_disabled()
    page.get_by_text("random", exact=True).click()
    painted(page, weights="random", seed=5)
    expect(seed).to_be_enabled()
    page.get_by_text("classic", exact=True).click()
    painted(page, weights="classic")
    expect(seed).to_be_disabled()
    page.get_by_text("generated tensors").click()
    page.get_by_label("noise").check()
    painted(page, input="noise", seed=5)
    expect(seed).to_be_enabled()


def test_disabled_seed_is_submitted_without_javascript(visit):
    page = visit("/?seed=5", java_script_enabled=False)
    page.get_by_text("random", exact=True).click()
    page.get_by_role("button", name="Show this layer").click()
    expect(page.locator("#seed")).to_be_enabled()
    expect(page.locator("#seed")).to_have_value("5")


def test_locked_seed_stays_disabled(visit, painted):
    page = visit("/embed?lock=seed&seed=5")
    page.get_by_text("random", exact=True).click()
    painted(page, weights="random", seed=5)
    expect(page.locator("#seed")).to_be_disabled()


# What people use, far enough for every bound.
USED = [*range(1, 17), 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096]
# The bounds of groups follow from the channels, and the seed has no slider.
COUNTED = [
    name for name, schema in properties(LayerSpec).items() if "maximum" in schema and name not in ("groups", "seed")
]


def slider_of(page, name):
    return page.locator(f"input[type=range][name={name}]")


def number_of(page, name):
    return page.locator(f"#{name}-number")


def values(name):
    """The values that the slider of a parameter goes over."""
    low, high = (properties(LayerSpec)[name][end] for end in ("minimum", "maximum"))
    return list(range(low, high + 1)) if high - low < 32 else [each for each in USED if low <= each <= high]


@pytest.mark.parametrize("name", COUNTED)
def test_arrow_keys_reach_every_stop_of_a_slider(visit, name):
    page = visit("/?in_channels=1&out_channels=1&size=8&kernel_size=1", allow=UNREACHED)
    page.route("**/view?*", lambda route: route.abort())
    folds(page).evaluate("(details) => { details.open = true; }")
    slider, number = slider_of(page, name), number_of(page, name)
    slider.press("Home")
    expect(number).to_have_value(str(values(name)[0]))
    seen = [number.input_value()]
    for _ in values(name)[1:]:
        slider.press("ArrowRight")
        seen.append(number.input_value())
    assert seen == [str(each) for each in values(name)]
    slider.press("ArrowRight")
    expect(number).to_have_value(seen[-1])
    slider.press("ArrowLeft")
    expect(number).to_have_value(seen[-2])
    slider.press("End")
    expect(number).to_have_value(seen[-1])


@pytest.mark.parametrize("name", ["in_channels", "out_channels"])
def test_stops_of_a_slider_are_evenly_spaced(visit, name):
    page = visit(allow=UNREACHED)
    page.route("**/view?*", lambda route: route.abort())
    slider, number = slider_of(page, name), number_of(page, name)
    box = slider.bounding_box()
    thumb = 16  # pixels; the middle of the thumb cannot go nearer to an end than half of it
    places = np.linspace(box["x"] + thumb / 2, box["x"] + box["width"] - thumb / 2, len(values(name)))
    seen = []
    for at, place in enumerate(places):
        # A click on the thumb moves nothing: it begins at the other end.
        slider.press("End" if at < len(places) / 2 else "Home")
        page.mouse.click(place, box["y"] + box["height"] / 2)
        seen.append(int(number.input_value()))
    assert seen == values(name)


def test_value_between_two_stops_has_a_position_between_them(visit, painted):
    page = visit()
    slider, number = slider_of(page, "out_channels"), number_of(page, "out_channels")
    number.fill("100")
    painted(page, out_channels=100)
    expect(slider).to_have_attribute("aria-valuetext", "100")
    assert 20 < float(slider.input_value()) - 1 < 21  # 96 is the 21st stop
    expect(number).to_have_value("100")
    slider.press("ArrowRight")
    painted(page, out_channels=128)
    number.fill("100")
    painted(page, out_channels=100)
    slider.press("ArrowLeft")
    painted(page, out_channels=96)
    number.fill("96")
    number.press("ArrowUp")
    painted(page, out_channels=97)


def test_slider_has_the_bounds_of_the_server(visit, painted):
    page = visit("/?padding=valid&kernel_size=31&dilation=3&size=100", allow=REFUSED)
    expect(number_of(page, "size")).to_have_attribute("min", "91")
    slider = slider_of(page, "size")
    slider.press("Home")
    painted(page, size=91)
    slider.press("ArrowRight")
    painted(page, size=96)
    slider.press("End")
    painted(page, size=2048)


def test_slider_moved_within_one_value_requests_nothing(visit):
    page = visit()
    slider = slider_of(page, "in_channels")
    asked = []
    page.on("request", lambda request: "/view?" in request.url and asked.append(request.url))
    moved = """(slider) => {
      for (const place of [3.2, 2.9, 3.4, 3]) {
        slider.value = String(place);
        slider.dispatchEvent(new Event("input", { bubbles: true }));
      }
      return slider.value;
    }"""
    assert slider.evaluate(moved) == "3"
    assert asked == []


@pytest.mark.parametrize(
    ("query", "fit", "wanted"),
    [
        ("kernel_size=99&stride=2", "kernel size 31", {"kernel_size": 31, "stride": 2}),
        ("kernel_size=31&size=20&padding=valid", "kernel size 20", {"kernel_size": 20, "padding": "valid"}),
        ("kernel_size=31&size=20&padding=valid", "padding same", {"kernel_size": 31, "padding": "same"}),
        ("kind=standard&in_channels=512&out_channels=1024&size=512", "size 164", {"size": 164, "kind": "standard"}),
    ],
)
@pytest.mark.parametrize("path", ["/", "/embed"])
def test_fitting_value_is_offered_as_a_button(visit, painted, path, query, fit, wanted):
    page = visit(f"{path}?{query}", allow=REFUSED, wait=False)
    page.get_by_role("button", name=fit, exact=True).first.click()
    painted(page, **wanted)
    expect(page.locator("button[data-fit]:visible")).to_have_count(0)
    expect(page.locator("#strip")).to_be_visible()
    assert page.evaluate("document.activeElement.name") == fit.rpartition(" ")[0].replace(" ", "_")
    assert all(f"{name}={value}" in page.url for name, value in wanted.items())


def test_locked_parameter_is_not_offered_as_a_button(visit):
    page = visit("/embed?kernel_size=31&size=20&lock=size&hide=padding", allow=REFUSED)
    page.locator("#dilation-number").evaluate("(input) => { input.closest('details').open = true; }")
    page.locator("#kernel_size-number").fill("99")
    expect(page.get_by_role("button", name="kernel size 31").first).to_be_visible()
    page.goto("/embed?kernel_size=31&size=20&padding=valid&lock=size&hide=padding")
    expect(page.get_by_role("button", name="kernel size 20").first).to_be_visible()
    expect(page.locator("button[data-fit=size], button[data-fit=padding]")).to_have_count(0)


def test_groups_slider_stops_at_common_divisors_alone(visit, painted):
    page = visit("/?kind=standard&in_channels=6&out_channels=12&groups=2&size=16")
    slider = page.locator("input[type=range][name=groups]")
    for groups in (3, 6):
        slider.press("ArrowRight")
        painted(page, groups=groups)
    page.locator("#in_channels-number").fill("12")
    painted(page, in_channels=12)
    slider.press("ArrowRight")
    painted(page, groups=12)
