"""The page's colours are those of the palette, in each theme, and light where it is printed."""

import pytest
from sepviz.palette import COLOURS
from sepviz.web.rendering import create_environment

from tests.support.sepviz_server import ROOT

PROPERTIES = "names => names.map(name => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`))"


def show(page, system, chosen="", body=""):
    page.emulate_media(color_scheme=system)
    colours = create_environment(ROOT / "templates").get_template("parts/colours.html").render()
    page.set_content(f'<!doctype html><html data-theme="{chosen}"><head>{colours}</head><body>{body}</body></html>')


@pytest.mark.parametrize(
    ("system", "chosen", "theme"),
    [("light", "", "light"), ("dark", "", "dark"), ("light", "dark", "dark"), ("dark", "light", "light")],
)
def test_page_has_the_colours_of_the_chosen_theme_or_else_the_systems(page, system, chosen, theme):
    show(page, system, chosen)
    assert page.evaluate(PROPERTIES, list(COLOURS)) == [colour[theme] for colour in COLOURS.values()]


@pytest.mark.parametrize("chosen", ["", "dark"])
def test_dark_page_is_printed_in_light_colours(page, chosen):
    show(page, "dark", chosen)
    page.emulate_media(media="print")
    assert page.evaluate(PROPERTIES, list(COLOURS)) == [colour["light"] for colour in COLOURS.values()]


def test_classes_paint_with_the_colour_of_their_role(page):
    shapes = "".join(f'<path class="f-{role} s-{role}"/>' for role in COLOURS)
    show(page, "light", body=f'<svg>{shapes}</svg><p class="ink-depthwise"></p><p class="ink-ink"></p>')
    painted = page.evaluate(
        "() => [...document.querySelectorAll('path')].map(path => [getComputedStyle(path).fill, "
        "getComputedStyle(path).stroke])"
    )
    rgb = [f"rgb({', '.join(map(str, bytes.fromhex(colour['light'][1:])))})" for colour in COLOURS.values()]
    assert painted == [[colour, colour] for colour in rgb]
    inks = page.evaluate("() => [...document.querySelectorAll('p')].map(p => getComputedStyle(p).color)")
    assert inks == [rgb[list(COLOURS).index(role)] for role in ("depthwise-ink", "ink")]
