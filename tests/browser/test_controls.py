"""The controls: what is folded, and what can be changed."""

import re

import pytest
from playwright.sync_api import expect

from app.spec import LayerSpec

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
def test_what_is_not_as_usual_is_not_folded(visit, name):
    page = visit(f"/?{name}={FOLDED[name]}", java_script_enabled=False)
    expect(folds(page)).to_have_attribute("open", "")
    expect(page.locator(f"#controls details [name={name}]:not([type=range])")).to_be_visible()


@pytest.mark.parametrize("query", ["", "kernel_size=5&out_channels=9&weights=random", "stride=1&padding=same&size=128"])
def test_what_is_as_usual_is_folded(visit, query):
    page = visit(f"/?{query}", java_script_enabled=False)
    expect(folds(page)).not_to_have_attribute("open", "")


def test_a_frame_does_not_unfold_for_what_it_hides(visit):
    page = visit("/embed?stride=2&hide=stride", java_script_enabled=False)
    expect(folds(page)).not_to_have_attribute("open", "")


def test_a_refusal_is_not_folded(visit):
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
def test_the_seed_can_be_changed_where_something_is_random(visit, query, script):
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


def test_the_seed_follows_weights_and_input(visit, painted):
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


def test_without_javascript_a_seed_that_cannot_be_changed_is_kept(visit):
    page = visit("/?seed=5", java_script_enabled=False)
    page.get_by_text("random", exact=True).click()
    page.get_by_role("button", name="Show this layer").click()
    expect(page.locator("#seed")).to_be_enabled()
    expect(page.locator("#seed")).to_have_value("5")


def test_a_locked_seed_stays_locked(visit, painted):
    page = visit("/embed?lock=seed&seed=5")
    page.get_by_text("random", exact=True).click()
    painted(page, weights="random", seed=5)
    expect(page.locator("#seed")).to_be_disabled()
