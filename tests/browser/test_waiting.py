"""A slow server, one that refuses, and none: what is chosen, what is marked as awaited, and what is asked for again."""

import re

import pytest
from playwright.sync_api import expect

REFUSED = r"Failed to load resource.* status of 4\d\d"
UNREACHED = r"Failed to load resource"
VIEW = re.compile("/view\\?")
NOTICEABLE = 150  # milliseconds
BOXES = """() => [...document.body.querySelectorAll("*")].map((each) => {
  const { x, y, width, height } = each.getBoundingClientRect();
  return [x, y, width, height].join();
})"""


def kind(page, name):
    return page.locator("#controls [data-part=kinds] a", has_text=re.compile(f"^{name}"))


def hold(page, address=VIEW):
    """The requests that are held until `release`."""
    held = []

    def keep(route):
        held.append(route)

    page.route(address, keep)
    return held


def release(page, held, address=VIEW):
    for route in held:
        route.continue_()
    page.unroute(address)


def expect_busy(page, busy):
    """All that is awaited is marked, or nothing is."""
    root, figures = page.locator("html"), page.locator("[data-figure]")
    if busy:
        expect(root).to_have_attribute("data-busy", "")
        expect(page.locator("[data-figure][aria-busy=true]")).to_have_count(figures.count())
    else:
        expect(root).not_to_have_attribute("data-busy", "")
        expect(page.locator("[aria-busy]")).to_have_count(0)


def test_what_is_chosen_is_marked_before_the_answer(visit, painted):
    page = visit()
    held = hold(page)
    with page.expect_request(VIEW):
        kind(page, "Standard").click()
    expect(kind(page, "Standard")).to_have_attribute("aria-current", "page")
    expect(page.locator("[data-part=kinds] [aria-current]")).to_have_count(1)
    expect(page.locator("#strip [data-column]")).to_have_count(4)
    with page.expect_request(VIEW):
        page.get_by_text("random", exact=True).click()
    expect(page.get_by_label("random")).to_be_checked()
    release(page, held)
    painted(page, kind="standard", weights="random")
    expect(kind(page, "Standard")).to_have_attribute("aria-current", "page")


def test_back_marks_what_it_goes_to_before_the_answer(visit, painted):
    page = visit()
    kind(page, "Standard").click()
    painted(page, kind="standard")
    page.locator("#kernel_size-number").fill("5")
    painted(page, kernel_size=5)
    page.locator("#strip button.map").first.focus()
    page.go_back()
    painted(page, kernel_size=3)
    held = hold(page)
    with page.expect_request(VIEW):
        page.go_forward()
    expect(page.locator("#kernel_size-number")).to_have_value("5")
    expect(page.locator("html")).to_have_attribute("data-painted", re.compile("kernel_size=3"))
    release(page, held)
    painted(page, kernel_size=5)


def test_another_kind_keeps_a_change_that_is_not_yet_answered(visit, painted):
    page = visit("/?out_channels=9")
    held = hold(page)
    with page.expect_request(VIEW):
        page.locator("#kernel_size-number").fill("5")
    with page.expect_request(VIEW):
        kind(page, "Standard").click()
    release(page, held)
    painted(page, kind="standard", kernel_size=5, out_channels=9)


@pytest.mark.parametrize(
    ("address", "ask"),
    [
        (VIEW, lambda page: page.locator("#kernel_size-number").fill("5")),
        (re.compile("/api/tensors"), lambda page: page.locator("#legend [data-open]").click()),
        (re.compile("/use/"), lambda page: page.locator("[data-part=use-maps] a").click()),
    ],
    ids=["layer", "map", "use"],
)
def test_a_late_answer_is_marked_as_awaited_and_moves_nothing(visit, address, ask):
    page = visit()
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    held = hold(page, address)
    with page.expect_request(address):
        ask(page)
    boxes = page.evaluate(BOXES)
    page.clock.run_for(NOTICEABLE - 1)
    expect_busy(page, False)
    page.clock.run_for(1)
    expect_busy(page, True)
    assert page.evaluate(BOXES) == boxes
    release(page, held, address)
    expect_busy(page, False)


def test_an_answer_in_time_is_never_marked(visit, painted):
    page = visit()
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    page.locator("#kernel_size-number").fill("5")
    painted(page, kernel_size=5)
    page.clock.run_for(10 * NOTICEABLE)
    expect_busy(page, False)


def test_a_newer_change_is_awaited_from_the_first_on(visit, painted):
    page = visit()
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    held = hold(page)
    for value in ("5", "7"):
        with page.expect_request(VIEW):
            page.locator("#kernel_size-number").fill(value)
        page.clock.run_for(NOTICEABLE / 2)
    expect_busy(page, True)
    release(page, held)
    painted(page, kernel_size=7)
    expect_busy(page, False)


@pytest.mark.parametrize(("motion", "moves"), [("no-preference", True), ("reduce", False)])
def test_the_mark_stands_still_where_motion_is_reduced(visit, motion, moves):
    page = visit(reduced_motion=motion)
    held = hold(page)
    page.locator("#kernel_size-number").fill("5")
    expect_busy(page, True)
    style = "(name) => getComputedStyle(document.body, '::before')[name]"
    assert page.evaluate(style, "visibility") == "visible"
    assert (page.evaluate(style, "animationName") != "none") == moves
    release(page, held)
    expect_busy(page, False)


def test_what_is_refused_stays_chosen_with_the_reason(visit):
    page = visit("/?kernel_size=31&size=20&padding=same&stride=2", allow=REFUSED)
    page.locator("#padding").evaluate("(input) => { input.closest('details').open = true; }")
    page.locator("#padding").fill("valid")
    expect(page.locator("#problem-kernel_size")).to_contain_text("padding=same")
    expect(page.locator("#padding")).to_have_value("valid")
    expect(page.locator("html")).to_have_attribute("data-painted", re.compile("padding=same"))
    expect_busy(page, False)


def test_a_change_without_network_is_made_once_it_returns(visit, painted):
    page = visit(allow=UNREACHED)
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    page.context.set_offline(True)
    kind(page, "Standard").click()
    problem = page.locator('[data-problem="page"]')
    expect(problem).to_have_text(
        "The server cannot be reached. What is shown is the last answer; this page asks again by itself."
    )
    expect(kind(page, "Standard")).to_have_attribute("aria-current", "page")
    page.context.set_offline(False)
    painted(page, kind="standard")
    expect(problem).to_be_empty()
    expect_busy(page, False)


def test_a_server_that_is_away_is_asked_until_it_is_back(visit, painted):
    page = visit(allow=UNREACHED)
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    tries = []

    def away(route):
        tries.append(route.request.url)
        route.abort() if len(tries) < 5 else route.continue_()

    page.route(VIEW, away)
    page.locator("#kernel_size-number").fill("5")
    for seconds in (1, 2, 4, 8):
        with page.expect_request(VIEW):
            expect(page.locator('[data-problem="page"]')).to_contain_text("cannot be reached")
            page.clock.run_for(1500 * seconds)
    painted(page, kernel_size=5)
    assert len(tries) == 5
    expect(page.locator('[data-problem="page"]')).to_be_empty()


def test_a_change_without_network_gives_way_to_a_newer_one(visit, painted):
    page = visit(allow=UNREACHED)
    page.context.set_offline(True)
    page.locator("#kernel_size-number").fill("5")
    expect(page.locator('[data-problem="page"]')).to_contain_text("cannot be reached")
    page.locator("#kernel_size-number").fill("7")
    page.context.set_offline(False)
    painted(page, kernel_size=7)
    page.wait_for_load_state("networkidle")
    painted(page, kernel_size=7)
