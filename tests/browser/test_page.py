"""The page as a person uses it, in a real browser."""

import io
import json
import re
import urllib.request
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
import safetensors.numpy
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import expect

from tests.support.canvas import pixels

MAPS = "#strip button.map"
REFUSED = r"Failed to load resource.* status of 4\d\d"

RAPID = """(slider) => {
  for (let value = 4; value <= 13; value++) {
    slider.value = String(value);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  }
}"""

# For each control that is a slider and a number: a value, its place on the slider, and another value for the number.
TWINS = {
    "kernel_size": (5, 5, 7),
    "in_channels": (24, 17, 6),
    "out_channels": (5, 5, 12),
    "stride": (2, 2, 3),
    "dilation": (2, 2, 3),
    "depth_multiplier": (2, 2, 3),
    "size": (64, 20, 96),
}


def png(colour=(200, 30, 30)):
    file = io.BytesIO()
    picture = Image.new("RGB", (40, 40), colour)
    picture.paste((20, 20, 220), (10, 10, 25, 30))
    picture.save(file, "PNG")
    return file.getvalue()


def asked(page):
    """The parameters in the address."""
    return {name: values[-1] for name, values in parse_qs(urlsplit(page.url).query).items()}


def unfold(page):
    """Opens the folded groups of controls."""
    for details in page.locator("#controls details").all():
        details.evaluate("(details) => { details.open = true; }")


def maps(page, slot):
    return page.locator(f'[data-column="{slot}"] button.map')


def kind(page, name):
    return page.locator("#controls").get_by_role("link", name=name)


def picture_of(page, slot, channel):
    return maps(page, slot).nth(channel).locator("canvas")


def test_first_paint_has_all_maps_kernels_and_headings(visit):
    page = visit()
    assert [maps(page, slot).count() for slot in ("input", "depthwise", "output")] == [3, 3, 8]
    expect(page.locator(MAPS)).to_have_count(14)
    for canvas in page.locator(f"{MAPS} canvas").all():
        assert len(np.unique(pixels(canvas).view(np.uint32))) > 10
    expect(page.locator(".big")).to_have_text("4.24×")
    titles = ["Input maps", "Kernels and depthwise maps", "Pointwise matrix", "Output maps"]
    expect(page.locator("#strip h2")).to_have_text(titles)
    expect(page.locator("[data-column] .kernel")).to_have_count(3)


@pytest.mark.parametrize("name", TWINS)
def test_slider_and_number_field_follow_each_other(visit, painted, name):
    page = visit()
    unfold(page)
    slider = page.locator(f"input[type=range][name={name}]")
    number = page.locator(f"input[data-number][name={name}]")
    value, place, other = TWINS[name]
    slider.fill(str(place))
    painted(page, **{name: value})
    expect(number).to_have_value(str(value))
    number.fill(str(other))
    painted(page, **{name: other})
    expect(slider).to_have_attribute("aria-valuetext", str(other))
    assert asked(page)[name] == str(other)
    count = {"in_channels": ("input", 6), "out_channels": ("output", 12), "depth_multiplier": ("depthwise", 9)}.get(
        name
    )
    if count:
        expect(maps(page, count[0])).to_have_count(count[1])


def test_padding_bias_weights_and_seed_change_the_layer(visit, painted):
    page = visit()
    unfold(page)
    for value in ("valid", "2", "same"):
        page.locator("#padding").fill(value)
        painted(page, padding=value)
        assert asked(page)["padding"] == value
    page.locator("#bias").select_option("true")
    painted(page, bias="true")
    page.get_by_text("random", exact=True).click()
    painted(page, bias="true", weights="random")
    before = pixels(picture_of(page, "output", 0))
    page.locator("#seed").fill("7")
    painted(page, bias="true", weights="random", seed=7)
    assert (pixels(picture_of(page, "output", 0)) != before).any()
    assert asked(page) | {"bias": "true", "weights": "random", "seed": "7"} == asked(page)


def test_incomplete_padding_changes_nothing(visit, painted):
    page = visit()
    unfold(page)
    page.locator("#padding").fill("val")
    page.locator("input[type=number][name=stride]").fill("2")
    painted(page, stride=2, padding="same")


def test_kind_changes_columns_and_controls(visit, painted):
    page = visit()
    kind(page, "Standard").click()
    painted(page, kind="standard")
    expect(maps(page, "depthwise")).to_have_count(0)
    expect(page.locator("#strip h2")).to_have_text(["Input maps", "Standard kernels", "Output maps"])
    kind(page, "Spatially separable").click()
    painted(page, kind="spatially-separable")
    expect(page.locator('[data-control="out_channels"]')).to_be_hidden()
    assert "out_channels" not in asked(page)
    expect(kind(page, "Spatially separable")).to_have_attribute("aria-current", "page")
    kind(page, "Depthwise separable").click()
    painted(page, kind="depthwise-separable")
    expect(page.locator('[data-control="out_channels"]')).to_be_visible()
    expect(maps(page, "depthwise")).to_have_count(3)


def test_page_loaded_as_spatial_gets_all_controls_of_another_kind(visit, painted):
    page = visit("/?kind=spatially-separable")
    kind(page, "Depthwise separable").click()
    painted(page, kind="depthwise-separable")
    expect(page.locator("#out_channels-number")).to_be_visible()


def test_sample_and_generated_input_change_the_layer(visit, painted):
    page = visit()
    before = pixels(picture_of(page, "input", 0))
    page.locator("label", has=page.locator('input[value="coffee"]')).click()
    painted(page, input="coffee")
    assert asked(page)["input"] == "coffee"
    assert (pixels(picture_of(page, "input", 0)) != before).any()
    page.get_by_text("generated tensors").click()
    page.get_by_label("zone-plate").check()
    painted(page, input="zone-plate")
    assert asked(page)["input"] == "zone-plate"


def test_back_and_forward_restore_layer_and_controls(visit, painted):
    page = visit()
    page.locator("#kernel_size-number").fill("5")
    painted(page, kernel_size=5)
    kind(page, "Standard").click()
    painted(page, kind="standard", kernel_size=5)
    page.go_back()
    painted(page, kind="depthwise-separable", kernel_size=5)
    page.go_back()
    painted(page, kind="depthwise-separable", kernel_size=3)
    expect(page.locator("#kernel_size-number")).to_have_value("3")
    page.go_forward()
    painted(page, kernel_size=5)
    expect(page.locator("#kernel_size-number")).to_have_value("5")
    assert asked(page)["kernel_size"] == "5"


def test_shared_link_shows_the_same_maps(visit, painted):
    page = visit()
    page.locator("input[type=range][name=kernel_size]").fill("7")
    painted(page, kernel_size=7)
    page.get_by_text("random", exact=True).click()
    painted(page, kernel_size=7, weights="random")
    parts = urlsplit(page.url)
    other = visit(f"{parts.path}?{parts.query}")
    assert page.evaluate("document.documentElement.dataset.painted") == other.evaluate(
        "document.documentElement.dataset.painted"
    )
    for channel in range(8):
        assert (pixels(picture_of(page, "output", channel)) == pixels(picture_of(other, "output", channel))).all()
    expect(other.locator(".big")).to_have_text(page.locator(".big").inner_text())
    expect(other.locator("#kernel_size-number")).to_have_value("7")


def test_last_of_ten_rapid_changes_is_shown(visit, painted):
    page = visit()
    page.locator("input[type=range][name=kernel_size]").evaluate(RAPID)
    painted(page, kernel_size=13)
    page.wait_for_load_state("networkidle")
    painted(page, kernel_size=13)
    assert asked(page)["kernel_size"] == "13"
    expect(page.locator("#kernel_size-number")).to_have_value("13")


def test_rapid_drag_is_one_step_of_history(visit, painted):
    page = visit()
    page.locator("input[type=range][name=kernel_size]").evaluate(RAPID)
    painted(page, kernel_size=13)
    assert page.evaluate("history.length") == 3  # about:blank, the first layer, the last one
    page.go_back()
    painted(page, kernel_size=3)


def coloured(maps_of, low, high, anchors):
    """The pixels of one signed map, by plain arithmetic: symmetric about zero at the 99th percentile."""
    colours = np.array([[int(each[at : at + 2], 16) for at in (1, 3, 5)] for each in anchors], float)
    place = np.arange(256) / 255 * (len(colours) - 1)
    table = np.stack([np.interp(place, np.arange(len(colours)), colours[:, part]) for part in range(3)], -1)
    values = low + maps_of / 255 * (high - low)
    sizes = np.sort(np.abs(values).ravel())
    most = sizes[int(np.ceil(0.99 * sizes.size)) - 1] or sizes[-1]
    return table[np.floor((values + most) / (2 * most) * 255 + 0.5).clip(0, 255).astype(int)]


def test_painted_pixels_have_the_colours_of_the_tensors(visit, server):
    page = visit()
    query = page.evaluate("document.documentElement.dataset.painted")
    address = f"{server}/api/tensors?{query}&tile=96&channels=0-15&dtype=uint8"
    with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310  (the address is ours)
        tensors = safetensors.numpy.load(answer.read())
    anchors = json.loads(page.locator("#colormaps").text_content())["diverging"]
    for slot, stage in (("depthwise", "depthwise"), ("output", "pointwise")):
        for channel, plane in enumerate(tensors[stage]):
            low, high = map(float, tensors[f"{stage}.range"].reshape(-1, 2)[channel])
            if low == high:
                continue
            wanted = coloured(plane.astype(float), low, high, anchors)
            got = pixels(picture_of(page, slot, channel))
            assert got.shape[:2] == wanted.shape[:2]
            assert np.abs(got[..., :3] - wanted).max() <= 1
            assert (got[..., 3] == 255).all()


@pytest.mark.parametrize("query", ["", "&size=64", "&kernel_size=7", "&kind=standard", "&kind=spatially-separable"])
def test_zero_has_the_middle_colour_in_sparse_maps(visit, query):
    page = visit(f"/?input=impulse{query}")
    middle = json.loads(page.locator("#colormaps").text_content())["diverging"]
    middle = np.array(list(bytes.fromhex(middle[len(middle) // 2][1:])))
    for picture in page.locator('[data-column="output"] .map canvas').all():
        corner = pixels(picture)[0, 0, :3].astype(int)
        assert np.abs(corner - middle).max() <= 12


def test_keyboard_focus_survives_replaced_parts(visit, painted):
    page = visit("/?out_channels=20")
    link = kind(page, "Standard")
    link.focus()
    page.keyboard.press("Enter")
    painted(page, kind="standard")
    expect(kind(page, "Standard")).to_be_focused()
    expect(page.locator("#announcer")).to_contain_text("the MACs of the depthwise separable layer")
    page.get_by_role("button", name="show more").focus()
    page.keyboard.press("Enter")
    expect(maps(page, "output")).to_have_count(20)
    expect(maps(page, "output").nth(16)).to_be_focused()
    expect(page.locator("#announcer")).to_have_text("all channels are shown")


def test_impulse_response_is_the_rotated_kernel(visit):
    page = visit("/?input=impulse&size=9")
    seen = set()
    for channel in range(3):
        kernel, answer = (
            pixels(canvas)[..., :3].astype(int)
            for canvas in (page.locator(".kernel canvas").nth(channel), picture_of(page, "depthwise", channel))
        )
        # Blue is below zero and red above it.
        signs = np.sign(kernel[..., 0] - kernel[..., 2])[::-1, ::-1]
        around = np.sign(answer[..., 0] - answer[..., 2])[3:6, 3:6]
        strong = np.ptp(kernel, axis=-1)[::-1, ::-1] > 60
        assert (around[strong] == signs[strong]).all()
        seen |= set(signs[strong].tolist())
    assert seen == {-1, 1}


HANDED = """([type, bytes]) => {
  const carried = new DataTransfer();
  carried.items.add(new File([new Uint8Array(bytes)], "mine.png", { type: "image/png" }));
  const event = type === "drop"
    ? new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: carried })
    : new ClipboardEvent("paste", { bubbles: true, clipboardData: carried });
  document.body.dispatchEvent(event);
}"""


@pytest.mark.parametrize("way", ["button", "drop", "paste"])
def test_uploaded_picture_is_shown_by_button_drop_and_paste(visit, painted, way):
    page = visit()
    before = pixels(picture_of(page, "input", 0))
    if way == "button":
        file = {"name": "mine.png", "mimeType": "image/png", "buffer": png()}
        page.locator("#upload input").set_input_files(file)
    else:
        page.evaluate(HANDED, [way, list(png())])
    painted(page, input="upload-[0-9a-f]{32}")
    expect(page.locator("#picture-note")).to_contain_text("30 minutes")
    assert (pixels(picture_of(page, "input", 0)) != before).any()
    assert asked(page)["input"].startswith("upload-")
    expect(page.get_by_label("your picture")).to_be_checked()
    page.locator('input[value="coffee"]').check(force=True)
    painted(page, input="coffee")
    page.get_by_label("your picture").check()
    painted(page, input="upload-[0-9a-f]{32}")
    page.reload()
    painted(page, input="upload-[0-9a-f]{32}")


@pytest.mark.parametrize("lens", ["diagram", "pixel"])
def test_double_click_opens_a_map_at_full_resolution(visit, lens):
    page = visit(f"/?size=200&lens={lens}")
    assert pixels(picture_of(page, "output", 2)).shape[0] < 200
    maps(page, "output").nth(2).dblclick()
    dialog = page.locator("#inspect")
    expect(dialog).to_be_visible()
    expect(dialog.locator("h2")).to_have_text("output 2")
    expect(dialog.locator("p")).to_have_text(re.compile(r"200 × 200 cells, values −[\d.]+ to [\d.]+"))
    assert pixels(dialog.locator("canvas")).shape == (200, 200, 4)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def lit(page, slot, name="map"):
    """Which cells of a column are marked."""
    cells = page.locator(f'[data-column="{slot}"] .{name}')
    return [at for at, each in enumerate(cells.all()) if "lit" in each.get_attribute("class").split()]


def test_output_and_its_row_of_the_matrix_are_marked_together(visit):
    page = visit()
    maps(page, "output").nth(3).hover()
    expect(page.locator(".weights.lit")).to_have_count(1)
    assert lit(page, "weights", "weights") == lit(page, "output") == [3]
    assert lit(page, "depthwise", "kernel") == [0, 1, 2]
    assert lit(page, "depthwise") == lit(page, "input") == []
    expect(page.locator("[data-legend=map]")).to_have_text("output 3")
    page.locator(".weights").nth(6).hover()
    expect(page.locator("[data-legend=map]")).to_have_text("output 6")
    assert lit(page, "weights", "weights") == lit(page, "output") == [6]
    page.mouse.move(2, 2)
    expect(page.locator("#strip .lit")).to_have_count(0)


def test_depthwise_map_is_marked_with_its_kernel_and_input(visit):
    page = visit("/?depth_multiplier=2")
    maps(page, "depthwise").nth(3).hover()
    expect(page.locator("[data-legend=map]")).to_have_text("depthwise 3")
    assert lit(page, "depthwise") == lit(page, "depthwise", "kernel") == [3]
    maps(page, "input").nth(2).hover()
    expect(page.locator("[data-legend=map]")).to_have_text("input 2, blue")
    assert lit(page, "depthwise") == lit(page, "depthwise", "kernel") == [4]
    assert lit(page, "output") == lit(page, "weights", "weights") == []


def test_depthwise_map_has_the_colour_of_its_input(visit):
    page = visit("/?depth_multiplier=2")
    colour = "(maps) => maps.map((map) => getComputedStyle(map).borderLeftColor)"
    inputs, first = (maps(page, slot).evaluate_all(colour) for slot in ("input", "depthwise"))
    assert len(set(inputs)) == 3
    assert first == [each for each in inputs for _ in range(2)]


def test_spatial_channel_is_marked_in_every_column(visit):
    page = visit("/?kind=spatially-separable")
    maps(page, "output").nth(2).hover()
    expect(page.locator("[data-legend=map]")).to_have_text("output 2")
    for slot, name in (("vertical", "kernel"), ("weights", "weights"), ("output", "map")):
        assert lit(page, slot, name) == [2], (slot, name)
    for slot in ("input", "vertical", "output"):
        marked = [at for at, each in enumerate(maps(page, slot).all()) if each.locator('.mark[d^="M"]').count()]
        assert marked == [2], slot


BOXES = "(cells) => cells.map((each) => { const box = each.getBoundingClientRect(); return [box.top, box.bottom]; })"


def boxes(page, selector):
    """Top and bottom of each, in pixels."""
    return np.array(page.locator(selector).evaluate_all(BOXES))


@pytest.mark.parametrize("viewport", [(1280, 800), (390, 844)])
@pytest.mark.parametrize(("query", "count"), [("", 8), ("in_channels=64&out_channels=128", 16)])
def test_rows_of_the_matrix_share_the_height_of_their_maps(visit, viewport, query, count):
    page = visit(f"/?{query}", viewport=dict(zip(("width", "height"), viewport, strict=True)))
    for scrolled in (0, 150):
        page.locator(".pane").nth(1).locator(".scroll").evaluate("(pane, top) => { pane.scrollTop = top; }", scrolled)
        rows, cells = boxes(page, ".weights"), boxes(page, "[data-column=output] .map")
        assert len(rows) == len(cells) == count
        heights, gaps = np.ptp(rows, axis=1), rows[1:, 0] - rows[:-1, 1]
        assert (heights > 15).all()
        # One block: nothing groups its rows as a kernel's.
        assert np.ptp(heights) < 1.1
        assert ((gaps > 1) & (gaps < 3)).all()
        assert abs(rows[-1, 1] - cells[-1, 1]) < 3
        pitch = cells[3, 0] - cells[0, 0]
        assert (np.abs(rows.mean(1) - cells.mean(1)) < pitch).all()
    columns = page.locator("[data-column=output] .map").evaluate_all("(cells) => cells.map((each) => each.offsetLeft)")
    assert len(set(columns)) == 3


def test_rows_of_the_matrix_are_the_weights(visit, server):
    page = visit("/?in_channels=5&out_channels=7&weights=random")
    query = page.evaluate("document.documentElement.dataset.painted")
    with urllib.request.urlopen(f"{server}/api/tensors?{query}", timeout=60) as answer:  # noqa: S310  (the address is ours)
        weight = safetensors.numpy.load(answer.read())["pointwise.weight"][:, :, 0, 0]
    seen = np.stack([pixels(canvas)[0, :, :3] for canvas in page.locator(".weights canvas").all()]).astype(int)
    assert seen.shape[:2] == weight.shape
    # Red above zero, blue below; the nearer to zero, the nearer to white.
    strong = np.abs(weight) > np.abs(weight).max() / 5
    assert (np.sign(seen[..., 0] - seen[..., 2])[strong] == np.sign(weight[strong])).all()
    assert seen.sum(-1)[np.abs(weight).argmax() // 5, np.abs(weight).argmax() % 5] == seen.sum(-1).min()


def test_standard_kernels_are_in_line_with_their_maps(visit):
    page = visit("/?kind=standard&in_channels=20")
    sheets, cells = boxes(page, ".weights"), boxes(page, "[data-column=output] .map")
    assert len(sheets) == len(cells) == 8
    assert (np.abs(sheets.mean(1) - cells.mean(1)) < 1).all()


def test_spatial_columns_scroll_together(visit):
    page = visit("/?kind=spatially-separable&in_channels=12")
    page.locator(".pane").first.locator(".scroll").evaluate("(pane) => { pane.scrollTop = 267; }")
    expect(page.locator(".pane .scroll[data-above]")).to_have_count(2)
    tops = [boxes(page, f"[data-column={slot}] .map")[:, 0] for slot in ("input", "vertical", "output")]
    assert np.ptp(np.stack(tops), axis=0).max() < 1


def test_further_channels_are_offered_and_shown(visit):
    page = visit("/?in_channels=30&out_channels=60")
    expect(page.locator(".pane .scroll[data-below]")).to_have_count(2)
    expect(page.locator("#shown")).to_have_text("the first 16 of 60 channels")
    page.get_by_role("button", name="show more").click()
    expect(maps(page, "output")).to_have_count(32)
    expect(maps(page, "input")).to_have_count(30)
    for shown in (48, 60):
        page.get_by_role("button", name="show more").click()
        expect(maps(page, "output")).to_have_count(shown)
    expect(page.locator("#more")).to_be_hidden()


def test_no_overflow_is_marked_where_all_fits(visit):
    page = visit()
    expect(page.locator(".scroll[data-below], .scroll[data-after]")).to_have_count(0)


def test_parameters_that_spatial_lacks_return_with_another_kind(visit, painted):
    page = visit("/?out_channels=13&depth_multiplier=2")
    kind(page, "Spatially separable").click()
    painted(page, kind="spatially-separable")
    page.locator("#kernel_size-number").fill("5")
    painted(page, kind="spatially-separable", kernel_size=5)
    page.reload()
    painted(page, kind="spatially-separable", kernel_size=5)
    kind(page, "Depthwise separable").click()
    painted(page, kind="depthwise-separable", kernel_size=5, out_channels=13, depth_multiplier=2)
    expect(page.locator("#out_channels-number")).to_have_value("13")


def test_only_changed_parts_are_replaced(visit, painted):
    page = visit()
    hold = "() => { window.held = [...document.querySelectorAll('[data-part] > :first-child')]; }"
    page.evaluate(hold)
    page.get_by_text("random", exact=True).click()
    painted(page, weights="random")
    kept = page.evaluate("window.held.map((each) => each.isConnected && each.closest('[data-part]').dataset.part)")
    assert {"diagram", "cost", "head-input", "head-output"} <= set(kept)
    page.evaluate(hold)
    page.locator("#kernel_size-number").fill("5")
    painted(page, kernel_size=5)
    kept = page.evaluate("window.held.map((each) => each.isConnected && each.closest('[data-part]').dataset.part)")
    assert "diagram" not in kept
    assert "head-input" in kept


def test_legend_shows_domain_and_range_of_the_map_pointed_at(visit, server):
    page = visit()
    query = page.evaluate("document.documentElement.dataset.painted")
    # The whole map's: what is painted is averaged, and its values lie closer together.
    with urllib.request.urlopen(f"{server}/api/tensors?{query}", timeout=60) as answer:  # noqa: S310  (the address is ours)
        plane = safetensors.numpy.load(answer.read())["depthwise"][1]
    low, high = float(plane.min()), float(plane.max())
    maps(page, "depthwise").nth(1).hover()
    expect(page.locator("[data-legend=map]")).to_have_text("depthwise 1")
    legend = {
        name: page.locator(f"[data-legend={name}]").inner_text().replace("−", "-")
        for name in ("low", "zero", "high", "range", "beyond")
    }
    assert ("beyond" in legend["beyond"]) == (max(-low, high) > float(legend["high"]))
    assert [float(each) for each in re.findall(r"-?\d\S*\d", legend["range"])] == pytest.approx([low, high], rel=6e-3)
    assert float(legend["low"]) == -float(legend["high"])
    assert 0 < float(legend["high"]) <= max(abs(low), abs(high)) * 1.01
    assert legend["zero"] == "0"
    bar = page.locator("#legend canvas").bounding_box()
    zero = page.locator("[data-legend=zero]").bounding_box()
    assert abs(bar["x"] + bar["width"] / 2 - zero["x"] - zero["width"] / 2) < 1
    maps(page, "input").first.hover()
    expect(page.locator("[data-legend=map]")).to_have_text("input 0, red")
    expect(page.locator("[data-legend=zero]")).to_have_text("0")
    expect(page.locator("[data-legend=low]")).to_be_empty()
    grey = pixels(page.locator("#legend canvas"))[0, :, :3]
    assert (grey == np.arange(256)[:, None]).all()


def test_scale_and_colours_request_nothing(visit):
    page = visit()
    requests = []
    # The browser itself looks for the page's icon again at each step of the history.
    page.on("request", lambda request: request.url.endswith("/favicon.svg") or requests.append(request.url))
    seen = [pixels(picture_of(page, "output", 1))]
    choices = [("scale", "stage"), ("colormap", "viridis"), ("colormap", "grey"), ("scale", "channel")]
    for name, value in choices:
        page.locator(f"[name={name}]").select_option(value)
        seen.append(pixels(picture_of(page, "output", 1)))
        assert (seen[-1] != seen[-2]).any(), (name, value)
    assert requests == []


def test_chosen_theme_survives_reload(visit, painted):
    page = visit(color_scheme="light")
    background = "getComputedStyle(document.body).backgroundColor"
    light, before = page.evaluate(background), pixels(picture_of(page, "output", 0))
    page.locator("#theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.evaluate(background) != light
    assert (pixels(picture_of(page, "output", 0)) != before).any()
    page.reload()
    painted(page)
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_page_has_the_theme_of_the_system(visit):
    light, dark = (visit(color_scheme=scheme) for scheme in ("light", "dark"))
    background = "getComputedStyle(document.body).backgroundColor"
    assert light.evaluate(background) != dark.evaluate(background)


def test_page_without_javascript_has_diagram_formulas_and_maps(visit):
    page = visit(java_script_enabled=False)
    expect(page.locator(".diagram svg")).to_be_visible()
    assert page.locator(".formula math").count() == 2
    expect(page.locator(".rail noscript .note")).to_be_visible()
    images = page.locator("[data-column] img")
    assert images.count() >= 9
    for image in images.all():
        image.scroll_into_view_if_needed()
        expect(image).to_be_visible()
        answer = page.request.get(image.get_attribute("src"))
        assert answer.ok
        assert answer.headers["content-type"] == "image/png"


def test_form_without_javascript_loads_the_layer(visit):
    page = visit(java_script_enabled=False)
    page.locator("#kernel_size-number").fill("5")
    with page.expect_navigation() as navigation:
        page.get_by_role("button", name="Show this layer").click()
    assert navigation.value.status == 200
    assert asked(page)["kernel_size"] == "5"
    expect(page.locator("#kernel_size-number")).to_have_value("5")


def test_bad_address_shows_its_problem_beside_the_control(visit, server):
    page = visit("/?kernel_size=99&stride=2", allow=REFUSED, wait=False)
    assert page.request.get(page.url).status == 422
    problem = page.locator("#problem-kernel_size")
    expect(problem).to_be_visible()
    expect(problem).to_contain_text("99")
    expect(problem).to_contain_text("31")
    assert "stride=2" in page.locator("#maps").get_attribute("data-query")


def test_number_out_of_bounds_has_its_problem_beside_it(visit, painted):
    page = visit(allow=REFUSED)
    page.locator("#kernel_size-number").fill("99")
    expect(page.locator("#problem-kernel_size")).to_contain_text("99")
    expect(page.locator("#kernel_size-number")).to_have_attribute("aria-invalid", "true")
    painted(page, kernel_size=3)
    page.locator("#kernel_size-number").fill("5")
    painted(page, kernel_size=5)
    expect(page.locator("#problem-kernel_size")).to_be_empty()


def test_layer_over_budget_shows_its_problem_and_cost(visit):
    page = visit("/?kind=standard&in_channels=512&out_channels=1024&kernel_size=31&size=512", allow=REFUSED)
    words = page.locator(".problem:not(:empty):visible")
    expect(words.first).to_be_visible()
    expect(page.locator("#strip")).to_be_hidden()
    macs = 512 * 1024 * 31 * 31 * 512 * 512
    expect(page.locator(".formula-sum").first).to_contain_text(f"{macs:,} MACs")


def test_small_screen_scrolls_only_vertically(visit):
    page = visit(viewport={"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_phone_marks_the_overflow_of_the_diagram(visit):
    page = visit(viewport={"width": 390, "height": 844})
    diagram = page.locator(".diagram")
    expect(diagram).to_have_attribute("data-after", "")
    diagram.evaluate("(box) => { box.scrollLeft = box.scrollWidth; }")
    expect(diagram).not_to_have_attribute("data-after", "")
    expect(diagram).to_have_attribute("data-before", "")
    for box in page.locator("[data-column=output] .map").evaluate_all(
        "(cells) => cells.map((each) => each.getBoundingClientRect().right)"
    ):
        assert box <= 390


def test_laptop_shows_all_but_the_credits_without_scrolling(visit):
    page = visit()
    for selector in (
        "[data-control=seed]",
        ".diagram",
        "[data-column=input]",
        "[data-column=depthwise]",
        "[data-column=output]",
        ".big",
    ):
        box = page.locator(selector).bounding_box()
        assert box["x"] >= 0, selector
        assert box["y"] >= 0, selector
        assert box["x"] + box["width"] <= 1280, selector
        assert box["y"] + box["height"] <= 800, selector


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(visit, scheme):
    page = visit(color_scheme=scheme)
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def test_arrow_keys_move_a_slider(visit, painted):
    page = visit()
    slider = page.locator("input[type=range][name=kernel_size]")
    slider.focus()
    page.keyboard.press("ArrowRight")
    painted(page, kernel_size=4)
    expect(slider).to_be_focused()
    page.keyboard.press("ArrowLeft")
    painted(page, kernel_size=3)


def test_key_opens_a_map(visit):
    page = visit()
    maps(page, "output").first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".weights.lit")).to_have_count(1)
    page.keyboard.press("o")
    expect(page.locator("#inspect")).to_be_visible()
    page.keyboard.press("Escape")
    expect(maps(page, "output").first).to_be_focused()
