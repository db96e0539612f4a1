"""Pointing at cells of maps and choosing them: by mouse, keyboard and finger, as marks, as an address, as words."""

import re
from itertools import product
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import expect
from sepviz.layer.cell import default_cell, feeding_cells, parse_cell
from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec

REFUSED = r"Failed to load resource.* status of 4\d\d"
MIN_SIDE = 9
# Maps that the canvas shows whole and a cell for a pixel, so that a mark's place is a matter of counting.
LAYERS = {
    "stride": "size=24&stride=2",
    "valid": "size=21&kernel_size=5&padding=valid",
    "multiplier": "size=20&depth_multiplier=2&between=relu&after=norm",
    "spatial": "size=20x24&kind=spatially-separable&kernel_size=3x5&stride=2",
    "groups": "size=20&kind=standard&in_channels=4&out_channels=8&groups=2",
    "dilation": "size=24&dilation=2&padding=3",
    "single cell": "size=1&in_channels=1&out_channels=1",
}
# Of each map that is marked: its column, channel, and the frame's box and the map's in pixels of the screen.
MARKS = """() => [...document.querySelectorAll(".map")].flatMap((map) => {
  const path = map.querySelector(".mark")?.getAttribute("d") ?? "";
  if (!path) return [];
  const svg = map.querySelector(".marks");
  const [left, top, right, bottom] = path.match(/^M(\\S+) (\\S+)H(\\S+)V([^H]+)/).slice(1).map(Number);
  const toScreen = svg.getScreenCTM();
  const from = new DOMPoint(left, top).matrixTransform(toScreen);
  const to = new DOMPoint(right, bottom).matrixTransform(toScreen);
  const channel = [...map.parentElement.querySelectorAll(".map")].indexOf(map);
  const canvas = map.querySelector("canvas").getBoundingClientRect();
  const box = [canvas.left, canvas.top, canvas.width, canvas.height];
  return [[map.parentElement.dataset.column, channel, [from.x, from.y, to.x, to.y], box]];
})"""
LIT = """(name) => [...document.querySelectorAll(name)].flatMap((each, at) => each.matches(".lit") ? [at] : [])"""


def planned_of(page):
    pairs = [
        (name, value) for name, [value] in parse_qs(page.evaluate("document.documentElement.dataset.painted")).items()
    ]
    return plan(LayerSpec.parse(pairs))


def maps(page, column):
    return page.locator(f'[data-column="{column}"] .map')


def chosen(page):
    return parse_qs(page.evaluate("location.search.slice(1)")).get("cell", [None])[0]


def lens(page):
    return parse_qs(page.evaluate("location.search.slice(1)")).get("lens", ["diagram"])[0]


def point_of(page, column, channel, size, row, column_of):
    """Where the middle of a cell is on the page; the map, as large as fits, is in the middle of its canvas."""
    canvas = maps(page, column).nth(channel).locator("canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    side = min(box["width"] / size[1], box["height"] / size[0])
    left = box["x"] + (box["width"] - side * size[1]) / 2
    top = box["y"] + (box["height"] - side * size[0]) / 2
    return left + (column_of + 0.5) * side, top + (row + 0.5) * side


def columns_of(planned):
    """By column of maps, the names of the stages whose cells are marked in it."""
    before, last = planned.convolutions[:-1], planned.convolutions[-1]
    names = [each.name for each in planned.operations]
    found = {"input": ["input"]}
    for convolution in (*before, last):
        end = names.index(planned.result(convolution).name)
        key = "output" if convolution is last else convolution.name
        found[key] = names[names.index(convolution.name) : end + 1]
    return found


def expect_marks(page, cell):
    """The marks are around the cells that feed the cell in every map, as Python has them."""
    planned = planned_of(page)
    sizes = {"input": planned.operations[0].input, **{each.name: each.output for each in planned.operations}}
    feeding = {each.stage: each for each in feeding_cells(planned, cell)}
    expected = {}
    for key, names in columns_of(planned).items():
        cells = next((feeding[name] for name in reversed(names) if name in feeding), None)
        if cells and cells.rows and cells.columns:
            expected |= {(key, channel): (cells, sizes[names[-1]]) for channel in cells.channels}
    found = {(key, channel): (frame, box) for key, channel, frame, box in page.evaluate(MARKS)}
    assert found.keys() == expected.keys()
    for key, (frame, box) in found.items():
        cells, size = expected[key]
        side = min(box[2] / size[1], box[3] / size[0])
        edges = [box[at] + (box[2 + at] - side * size[1 - at]) / 2 for at in (0, 1)]
        for axis, places in ((0, cells.columns), (1, cells.rows)):
            low, high = edges[axis], edges[axis] + side * size[1 - axis]
            first, end = (min(max(low + side * at, low - 3), high + 3) for at in (places[0], places[-1] + 1))
            more = max(0, MIN_SIDE - (end - first)) / 2
            assert frame[axis] == pytest.approx(first - more, abs=0.6), (key, axis)
            assert frame[axis + 2] == pytest.approx(end + more, abs=0.6), (key, axis)


@pytest.mark.parametrize("query", LAYERS.values(), ids=LAYERS)
def test_cells_that_feed_the_cell_under_the_pointer_are_marked(visit, query):
    page = visit(f"/?{query}")
    planned = planned_of(page)
    for key, names in columns_of(planned).items():
        if key == "input":
            continue
        made = next(each for each in planned.operations if each.name == names[-1])
        rows, columns = made.output
        for channel, (row, column) in zip(
            (0, made.out_channels - 1), ((rows // 3, columns // 2), (rows - 1, 0)), strict=True
        ):
            page.mouse.move(*point_of(page, key, channel, made.output, row, column))
            expect_marks(page, parse_cell(f"{names[-1]},{channel},{row},{column}"))


def test_pointing_sends_no_request_and_leaves_with_the_pointer(visit):
    page = visit("/?size=24")
    sent = []
    page.on("request", lambda request: sent.append(request.url))
    for row in range(0, 24, 4):
        page.mouse.move(*point_of(page, "output", 1, (24, 24), row, 5))
        expect_marks(page, parse_cell(f"pointwise,1,{row},5"))
    page.mouse.move(2, 2)
    assert page.evaluate(MARKS) == []
    assert page.evaluate(LIT, ".map, .kernel, .weights") == []
    assert sent == []


@pytest.mark.parametrize(
    "query", ["size=24&stride=2&depth_multiplier=2", "size=20&kind=standard&groups=3&out_channels=6"]
)
def test_input_map_stands_for_the_output_that_is_made_of_its_cell(visit, query):
    page = visit(f"/?{query}")
    first = planned_of(page).operations[0]
    each = first.out_channels // first.in_channels
    for channel, row, column in ((0, 5, 7), (2, 0, 19)):
        page.mouse.move(*point_of(page, "input", channel, first.input, row, column))
        centres = [
            min(range(first.output[axis]), key=lambda out: abs(sum(first.reach(axis, out)) / 3 - at))
            for axis, at in enumerate((row, column))
        ]
        expect_marks(page, parse_cell(f"{first.name},{channel * each},{centres[0]},{centres[1]}"))


def test_kernel_and_row_of_the_matrix_stand_for_their_channel_at_the_current_place(visit):
    page = visit("/?size=24&cell=pointwise,3,7,9")
    page.locator(".weights").nth(5).hover()
    expect_marks(page, parse_cell("pointwise,5,7,9"))
    assert page.evaluate(LIT, ".weights") == [5]
    page.locator(".kernel").nth(1).hover()
    expect_marks(page, parse_cell("depthwise,1,7,9"))
    assert page.evaluate(LIT, ".kernel") == [1]
    page.mouse.move(2, 2)
    expect_marks(page, parse_cell("pointwise,3,7,9"))
    assert page.evaluate(LIT, ".map") == [3 + 3 + 3]


def test_click_chooses_the_cell_in_the_address_and_opens_the_lens(visit, painted):
    page = visit("/?size=24")
    page.mouse.click(*point_of(page, "output", 2, (24, 24), 6, 17))
    assert (chosen(page), lens(page)) == ("pointwise,2,6,17", "pixel")
    expect(page.locator("#announcer")).to_have_text(re.compile("row 6, column 17"))
    expect_marks(page, parse_cell("pointwise,2,6,17"))
    page.mouse.click(*point_of(page, "depthwise", 1, (24, 24), 3, 4))
    assert chosen(page) == "depthwise,1,3,4"
    page.mouse.move(2, 2)
    page.reload()
    painted(page)
    expect_marks(page, parse_cell("depthwise,1,3,4"))
    page.go_back()
    page.wait_for_function("() => location.search.includes('cell=pointwise')")
    expect_marks(page, parse_cell("pointwise,2,6,17"))
    page.go_back()
    expect(page.locator(".diagram")).to_be_visible()
    assert (chosen(page), lens(page)) == (None, "diagram")
    assert page.evaluate(MARKS) == []


def test_arrow_keys_move_over_the_cells_and_enter_chooses_one(visit):
    page = visit("/?size=24&lens=pixel&cell=pointwise,3,7,9")
    maps(page, "output").nth(3).focus()
    for key, place in {
        "ArrowRight": "7,10",
        "ArrowDown": "8,10",
        "Shift+ArrowDown": "18,10",
        "Shift+ArrowRight": "18,20",
        "Shift+ArrowUp": "8,20",
        "ArrowLeft": "8,19",
        "ArrowUp": "7,19",
        "Shift+ArrowLeft": "7,9",
    }.items():
        page.keyboard.press(key)
        expect_marks(page, parse_cell(f"pointwise,3,{place}"))
    for _ in range(3):
        page.keyboard.press("Shift+ArrowUp")
    expect_marks(page, parse_cell("pointwise,3,0,9"))
    assert chosen(page) == "pointwise,3,7,9"
    page.keyboard.press("Enter")
    assert chosen(page) == "pointwise,3,0,9"
    page.keyboard.press("Tab")
    expect(maps(page, "output").nth(4)).to_be_focused()
    expect_marks(page, parse_cell("pointwise,4,0,9"))


def test_tap_chooses_a_cell(visit):
    page = visit("/?size=24", has_touch=True, viewport={"width": 390, "height": 800})
    page.touchscreen.tap(*point_of(page, "output", 1, (24, 24), 20, 3))
    page.wait_for_function("() => location.search.includes('cell=')")
    assert (chosen(page), lens(page)) == ("pointwise,1,20,3", "pixel")
    expect_marks(page, parse_cell("pointwise,1,20,3"))


def test_lens_follows_the_pointer_and_returns_to_the_chosen_cell(visit):
    page = visit("/?size=24&lens=pixel&cell=pointwise,3,7,9")
    words = page.locator("#lens [data-announcement]")
    page.mouse.move(*point_of(page, "output", 1, (24, 24), 5, 6))
    expect(words).to_contain_text("row 5, column 6")
    assert chosen(page) == "pointwise,3,7,9"
    page.mouse.move(2, 2)
    expect(words).to_contain_text("row 7, column 9")


def test_at_most_one_request_of_the_lens_is_under_way_and_the_last_cell_wins(visit):
    page = visit("/?size=24&lens=pixel&cell=pointwise,3,7,9")
    sent, held = [], []

    def hold(route):
        sent.append(re.search("cell=([^&]*)", route.request.url)[1])
        if len(sent) == 1:
            held.append(route)
        else:
            route.continue_()

    page.route("**/lens?*", hold)
    for column in range(8):
        page.mouse.move(*point_of(page, "output", 1, (24, 24), 5, column))
        expect_marks(page, parse_cell(f"pointwise,1,5,{column}"))
    assert sent == ["pointwise%2C1%2C5%2C0"]
    with page.expect_response(re.compile(r"/lens\?.*cell=pointwise%2C1%2C5%2C7")):
        held[0].continue_()
    assert sent == ["pointwise%2C1%2C5%2C0", "pointwise%2C1%2C5%2C7"]


def test_chosen_cell_comes_back_after_layers_that_lack_it(visit, painted):
    page = visit("/?size=24&in_channels=4&out_channels=8&lens=pixel")
    page.mouse.click(*point_of(page, "output", 6, (24, 24), 20, 21))
    page.mouse.move(2, 2)
    for parameter, value, cell in (
        ("out_channels", 3, "pointwise,2,20,21"),
        ("size", 12, "pointwise,2,11,11"),
        ("size", 24, "pointwise,2,20,21"),
        ("out_channels", 8, "pointwise,6,20,21"),
    ):
        page.locator(f"#{parameter}-number").evaluate(
            "(field, value) => { field.value = value; field.dispatchEvent(new Event('input', { bubbles: true })); }",
            value,
        )
        painted(page, **{parameter: value})
        page.wait_for_function("(cell) => new URLSearchParams(location.search).get('cell') === cell", arg=cell)
        expect_marks(page, parse_cell(cell))
    page.get_by_role("link", name="Standard", exact=True).click()
    painted(page, kind="standard")
    page.wait_for_function("() => new URLSearchParams(location.search).get('cell') === 'standard,6,20,21'")
    page.get_by_role("link", name="Depthwise separable").click()
    painted(page, kind="depthwise-separable")
    page.wait_for_function("() => new URLSearchParams(location.search).get('cell') === 'pointwise,6,20,21'")


def test_typed_cell_outside_its_map_stays_in_the_address_without_marks(visit):
    page = visit("/?size=24&lens=pixel&cell=pointwise,99,7,9")
    assert chosen(page) == "pointwise,99,7,9"
    assert page.evaluate(MARKS) == []


def test_without_a_chosen_cell_the_lens_marks_the_default_one(visit):
    page = visit("/?size=24&lens=pixel")
    expect_marks(page, default_cell(planned_of(page)))
    assert chosen(page) is None


def test_part_of_a_sparse_map_is_marked_where_it_is_shown(visit):
    page = visit("/?size=200&input=impulse&cell=pointwise,0,100,100")
    marks = {(key, channel): (frame, box) for key, channel, frame, box in page.evaluate(MARKS)}
    frame, box = marks["output", 0]
    title = maps(page, "output").first.get_attribute("title")
    first_row, last_row, first, last = map(
        int, re.search(r"rows (\d+) to (\d+) and columns (\d+) to (\d+)", title).groups()
    )
    for axis, (low, high) in enumerate(((first, last), (first_row, last_row))):
        middle = box[axis] + (100.5 - low) / (high - low + 1) * box[axis + 2]
        assert (frame[axis] + frame[axis + 2]) / 2 == pytest.approx(middle, abs=0.6)


def test_cell_beside_the_part_of_a_sparse_map_that_is_shown_has_no_mark(visit):
    page = visit("/?size=200&input=impulse&cell=pointwise,0,20,100")
    assert page.evaluate(MARKS) == []
    assert page.evaluate(LIT, ".weights") == [0]


def test_cells_are_pointed_at_and_chosen_in_an_embedded_page(visit):
    page = visit("/embed?size=24&lens=pixel")
    length = page.evaluate("history.length")
    page.mouse.click(*point_of(page, "output", 2, (24, 24), 6, 17))
    assert chosen(page) == "pointwise,2,6,17"
    assert page.evaluate("history.length") == length
    expect_marks(page, parse_cell("pointwise,2,6,17"))


def test_legend_opens_the_map_that_was_pointed_at_last(visit):
    page = visit("/?size=24")
    maps(page, "input").nth(1).hover()
    page.get_by_role("button", name="open large").click()
    expect(page.locator("#inspect h2")).to_have_text("input 1, green")


def test_marks_are_at_least_as_large_as_can_be_seen(visit):
    page = visit("/?size=512&cell=pointwise,0,10,500&kernel_size=1")
    marks = page.evaluate(MARKS)
    assert len(marks) == len(list(product(("input", "depthwise"), range(3)))) + 1
    for *_, frame, _ in marks:
        assert min(frame[2] - frame[0], frame[3] - frame[1]) == pytest.approx(MIN_SIDE, abs=0.1)
