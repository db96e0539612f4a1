"""The lens "Groups" in the browser: the slider, its links, and the maps that follow."""

from playwright.sync_api import expect

STOPS = ".stop-links a"


def chosen(page):
    return page.locator(f"{STOPS}[aria-current=page]")


def test_arrow_keys_move_from_stop_to_stop_with_the_maps(visit, painted):
    page = visit("/?kind=standard&in_channels=4&out_channels=8&lens=groups&size=32")
    slider = page.get_by_role("slider", name="Groups", exact=True)
    slider.focus()
    for groups in (2, 4):
        page.keyboard.press("ArrowRight")
        painted(page, kind="standard", groups=groups)
        expect(chosen(page)).to_contain_text(f"{groups} groups")
        expect(slider).to_be_focused()
        expect(page.locator("[data-part=groups-cost]")).to_contain_text(f"{groups}× fewer than with 1 group")
    page.keyboard.press("End")
    painted(page, kind="depthwise-separable", in_channels=4, out_channels=8)
    expect(chosen(page)).to_contain_text("Depthwise separable")
    expect(slider).to_have_attribute("aria-valuetext", "Depthwise separable")
    assert "lens=groups" in page.url
    page.go_back()
    painted(page, kind="standard", groups=4)
    expect(slider).to_have_value("2")


def test_dragged_slider_is_the_same_element_at_every_stop(visit, painted):
    page = visit("/?kind=standard&in_channels=4&out_channels=8&lens=groups&size=32")
    slider = page.locator("#group-stops")
    slider.evaluate("(slider) => { window.dragged = slider; }")
    box = slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 8, middle)
    page.mouse.down()
    for stop, groups in ((1, 2), (2, 4)):
        page.mouse.move(box["x"] + 8 + (box["width"] - 16) * stop / 3, middle)
        painted(page, kind="standard", groups=groups)
        expect(chosen(page)).to_contain_text(f"{groups} groups")
        assert page.evaluate("window.dragged.isConnected")
    page.mouse.up()
    page.go_back()
    painted(page, kind="standard", out_channels=8)
    expect(chosen(page)).to_contain_text("1 group")


def test_stops_are_links_without_javascript(visit):
    page = visit("/?lens=groups", java_script_enabled=False)
    expect(page.locator("#group-stops")).to_be_hidden()
    with page.expect_navigation():
        page.locator(STOPS, has_text="3 groups").click()
    assert "kind=standard" in page.url
    assert "out_channels=9" in page.url
    assert "groups=3" in page.url
    expect(chosen(page)).to_contain_text("3 groups")
