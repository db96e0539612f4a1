"""Playing how the output is computed: what is filled, what is empty, and who moves it."""

import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

COVERS = """() => [...document.querySelectorAll(".map")].map(
  (map) => [map.parentElement.dataset.column, map.querySelector(".cover")?.getAttribute("d") ?? ""])"""
# Notes each cover of the last map while it plays, until the play button says so itself.
RECORD = """() => new Promise((resolve) => {
  const map = document.querySelector('[data-column="output"] .map');
  const scrubber = document.querySelector('[data-play="scrubber"]');
  const toggle = document.querySelector('[data-play="toggle"]');
  const steps = [];
  const observer = new MutationObserver(() => {
    steps.push(Number(scrubber.value));
    if (toggle.title !== "Play") return;
    observer.disconnect();
    resolve(steps);
  });
  observer.observe(toggle, { attributeFilter: ["title"] });
  observer.observe(map, { attributeFilter: ["d"], subtree: true });
  toggle.click();
})"""
FETCHES = """() => performance.getEntriesByType("resource").filter((each) => each.name.includes("/lens?"))
  .map((each) => each.startTime)"""


def control(page, name):
    return page.locator(f'[data-play="{name}"]')


def maps(page, column):
    return page.locator(f'[data-column="{column}"] .map')


def cells(page, column, size):
    """The colour of the middle of each cell of a column's first map, as it is on the screen, (rows, columns, RGB)."""
    canvas = maps(page, column).first.locator("canvas")
    picture = np.asarray(Image.open(io.BytesIO(canvas.screenshot())).convert("RGB")).astype(int)
    side = min(picture.shape[0] / size[0], picture.shape[1] / size[1])
    top, left = ((picture.shape[axis] - side * size[axis]) / 2 for axis in (0, 1))
    # Beside the middle, and far enough from the edges, which are rounded or lines.
    rows = [int(top + (at + 0.3) * side) for at in range(size[0])]
    columns = [int(left + (at + 0.3) * side) for at in range(size[1])]
    return picture[np.ix_(rows, columns)]


def go(page, step):
    """Goes to a step, and waits for the numbers of its cell: their height moves the maps."""
    control(page, "scrubber").fill(str(step))
    row, column = re.findall(r"\d+", control(page, "place").text_content())
    expect(page.locator("#lens [data-announcement]")).to_contain_text(f"row {row}, column {column}")


def unmark(page):
    page.add_style_tag(content=".marks :is(.halo, .mark), .values { visibility: hidden }")


@pytest.mark.parametrize(
    ("query", "size"),
    [("size=6", (6, 6)), ("size=12x8&stride=2", (6, 4)), ("size=7&kind=standard&groups=3&out_channels=6", (7, 7))],
)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_cells_are_filled_one_by_one_and_the_others_are_empty(visit, query, size, scheme):
    page = visit(f"/?{query}&lens=pixel", color_scheme=scheme)
    unmark(page)
    go(page, size[0] * size[1])
    whole = cells(page, "output", size)
    paper = [
        int(part) for part in re.findall(r"\d+", page.evaluate("getComputedStyle(document.body).backgroundColor"))
    ][:3]
    number = size[0] * size[1]
    for step in (1, 2, size[1], size[1] + 1, number - 1, number):
        go(page, step)
        filled = cells(page, "output", size).reshape(-1, 3)
        assert (filled[:step] == whole.reshape(-1, 3)[:step]).all(), step
        assert (filled[step:] == paper).all(), step


def test_maps_between_are_filled_as_far_as_their_output_needs(visit):
    page = visit("/?kind=spatially-separable&size=9&lens=pixel")
    unmark(page)
    go(page, 81)
    whole = cells(page, "vertical", (9, 9))
    go(page, 9 + 4)  # row 1, columns 0 to 3: of these the kernel of three columns needs 0 to 4
    filled = (cells(page, "vertical", (9, 9)) == whole).all(2)
    expected = np.zeros((9, 9), bool)
    expected[0], expected[1, :5] = True, True
    assert (filled == expected).all()
    go(page, 81)
    assert (cells(page, "vertical", (9, 9)) == whole).all()


def test_playing_fills_every_cell_in_order_and_ends(visit):
    page = visit("/?size=4&lens=pixel")
    control(page, "speed").select_option("4")
    steps = page.evaluate(RECORD)
    assert steps == sorted(steps)
    assert (steps[0], steps[-1]) == (1, 16)
    assert all(path == "" for _, path in page.evaluate(COVERS))
    expect(control(page, "place")).to_have_text("cell (3, 3)")


def test_pause_keeps_what_is_filled_and_the_lens_shows_its_last_cell(visit):
    page = visit("/?size=30&lens=pixel")
    control(page, "speed").select_option("0.25")
    control(page, "toggle").click()
    page.wait_for_function("() => document.querySelector('[data-play=scrubber]').value >= 3")
    control(page, "toggle").click()
    expect(control(page, "toggle")).to_have_attribute("aria-label", "Play")
    step = int(control(page, "scrubber").input_value())
    covers = page.evaluate(COVERS)
    assert {column for column, path in covers if path} == {"depthwise", "output"}
    row, column = divmod(step - 1, 30)
    expect(control(page, "place")).to_have_text(f"cell ({row}, {column})")
    expect(page.locator("#lens [data-announcement]")).to_contain_text(f"row {row}, column {column}")
    assert page.evaluate(COVERS) == covers


def test_playing_asks_for_numbers_a_few_times_a_second_at_most(visit):
    page = visit("/?size=5&lens=pixel")
    page.wait_for_load_state("networkidle")
    before = len(page.evaluate(FETCHES))
    page.evaluate(RECORD)
    page.wait_for_load_state("networkidle")
    times = page.evaluate(FETCHES)[before:]
    # The last one is that of the end, which does not wait.
    pauses = np.diff(times[:-1])
    assert len(times) > 2
    assert (pauses >= 295).all(), pauses


def test_steps_forward_and_back_and_the_scrubber_by_keyboard(visit):
    page = visit("/?size=5&lens=pixel&cell=pointwise,2,1,1")
    scrubber = control(page, "scrubber")
    expect(scrubber).to_have_value("7")
    page.get_by_role("button", name="One step forward").click()
    expect(control(page, "place")).to_have_text("cell (1, 2)")
    page.get_by_role("button", name="One step back").click()
    page.get_by_role("button", name="One step back").click()
    expect(control(page, "place")).to_have_text("cell (1, 0)")
    scrubber.focus()
    for key, place in {"ArrowRight": "1, 1", "End": "4, 4", "ArrowLeft": "4, 3", "Home": "0, 0"}.items():
        page.keyboard.press(key)
        expect(control(page, "place")).to_have_text(f"cell ({place})")
        expect(scrubber).to_have_attribute("aria-valuetext", f"cell ({place})")
    page.get_by_role("button", name="One step back").click()
    expect(control(page, "place")).to_have_text("cell (0, 0)")
    assert "cell=pointwise,2,1,1" in page.evaluate("location.search")


def test_space_on_the_scrubber_plays_and_pauses(visit):
    page = visit("/?size=30&lens=pixel")
    control(page, "scrubber").focus()
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()


def test_large_map_is_filled_by_whole_rows_which_is_said(visit):
    page = visit("/?size=40x33&lens=pixel&cell=pointwise,2,7,9")
    expect(control(page, "scrubber")).to_have_attribute("max", "40")
    expect(control(page, "scrubber")).to_have_value("8")
    page.get_by_role("button", name="One step forward").click()
    expect(control(page, "place")).to_have_text("row 8, whole rows")
    unmark(page)
    paths = {path for column, path in page.evaluate(COVERS) if column == "output"}
    assert paths == {"M0 9H33V40H0Z"}


def test_with_reduced_motion_it_never_moves_by_itself(visit):
    page = visit("/?size=5&lens=pixel", reduced_motion="reduce")
    expect(control(page, "toggle")).to_be_hidden()
    control(page, "scrubber").focus()
    page.keyboard.press(" ")
    control(page, "toggle").dispatch_event("click")
    expect(control(page, "toggle")).to_have_attribute("aria-label", "Play")
    assert all(path == "" for _, path in page.evaluate(COVERS))
    page.get_by_role("button", name="One step forward").click()
    assert any(path for _, path in page.evaluate(COVERS))


def test_motion_that_is_reduced_while_it_plays_pauses_it(visit):
    page = visit("/?size=30&lens=pixel")
    control(page, "toggle").click()
    expect(control(page, "toggle")).to_have_attribute("aria-label", "Pause")
    page.emulate_media(reduced_motion="reduce")
    expect(control(page, "toggle")).to_have_attribute("aria-label", "Play")


@pytest.mark.parametrize("gesture", ["stop", "choose", "change", "leave"])
def test_whole_maps_come_back(visit, painted, gesture):
    page = visit("/?size=12&lens=pixel")
    go(page, 5)
    assert any(path for _, path in page.evaluate(COVERS))
    if gesture == "stop":
        page.get_by_role("button", name="Show the whole maps").click()
    elif gesture == "choose":
        maps(page, "output").first.click()
    elif gesture == "change":
        page.locator("#kernel_size-number").fill("5")
        painted(page, kernel_size=5)
    else:
        page.get_by_role("link", name="Diagram", exact=True).click()
        expect(page.locator(".diagram")).to_be_visible()
    page.wait_for_function("() => [...document.querySelectorAll('.cover')].every((each) => !each.getAttribute('d'))")


def test_controls_are_large_enough_to_tap(visit):
    page = visit("/?size=5&lens=pixel", has_touch=True, viewport={"width": 320, "height": 700})
    for each in page.locator(".play :is(button, input, select)").all():
        box = each.bounding_box()
        assert box["width"] >= 24, each
        assert box["height"] >= 24, each
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.get_by_role("button", name="One step forward").tap()
    assert any(path for _, path in page.evaluate(COVERS))
