"""Figures inlined in one page, in Chromium: each looks, moves and is read as it does alone."""

import math

import pytest
from defusedxml import ElementTree
from sepviz.figures import Options, draw, error_figure
from sepviz.layer.spec import LayerSpec

SVG = "{http://www.w3.org/2000/svg}"
SMALL, WIDE = LayerSpec(in_channels=4, out_channels=6), LayerSpec(in_channels=64, out_channels=128, bias=True)
# Two of the theme `auto` with an exact neighbour in the other themes; others of the same name; one that moves.
FIGURES = [
    draw("separable", SMALL, Options("auto")),
    draw("separable", SMALL, Options("light")),
    draw("separable", SMALL, Options("dark")),
    draw("cost", WIDE, Options("light")),
    draw("cost", WIDE, Options("auto")),
    draw("cost", SMALL, Options("light", title="Words")),
    draw("spatial", SMALL, Options("dark", animate=True)),
    draw("spatial", SMALL, Options("auto", animate=True)),
    draw("window", SMALL, Options("light", background="none")),
    error_figure("This is no figure", ["kernel_size=99: too large"]),
]
MOVEMENTS = """svg => [...svg.querySelectorAll('*')].flatMap(node => node.getAnimations().map(animation => [
  node.tagName, animation.animationName, animation.effect.getTiming().duration, animation.effect.getKeyframes(),
]))"""


def page_of(figures, shown):
    """Those that are shown, each where it is among all: elsewhere, edges may be drawn a shade otherwise."""
    heights = [math.ceil(float(ElementTree.fromstring(svg).get("height"))) for svg in figures]
    boxes = "".join(
        f'<div style="height:{height}px">{figures[index] if index in shown else ""}</div>'
        for index, height in enumerate(heights)
    )
    return f"<!doctype html><style>body{{margin:0}}svg{{display:block}}</style>{boxes}"


def together(page, figures):
    """The pixels of each, all in one page, which stays open."""
    page.set_content(page_of(figures, range(len(figures))))
    return [page.locator("svg").nth(index).screenshot() for index in range(len(figures))]


def alone(page, figures):
    """The pixels of each, in a page of its own."""
    pictures = []
    for index in range(len(figures)):
        page.set_content(page_of(figures, [index]))
        pictures.append(page.locator("svg").screenshot())
    return pictures


def words(svg):
    root = ElementTree.fromstring(svg)
    return f"{root.findtext(f'{SVG}title')} {root.findtext(f'{SVG}desc')}"


def accessible_names(page):
    """Of every image, in order, as Chromium gives them to a screen reader."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    return [each["name"]["value"] for each in nodes if each.get("role", {}).get("value") in ("image", "img")]


@pytest.fixture(params=["dark", "light"])
def still(browser, request):
    """A page of a reader with this colour scheme, for whom nothing moves."""
    context = browser.new_context(color_scheme=request.param, reduced_motion="reduce")
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("count", [2, 3, 10])
def test_inlined_figures_look_and_read_as_single_ones(still, count):
    figures = FIGURES[:count]
    for order in (figures, figures[::-1]):
        wanted = alone(still, order)
        assert len(set(wanted)) >= count / 2  # not all blank
        seen = together(still, order)
        assert [index for index in range(count) if seen[index] != wanted[index]] == []
        assert accessible_names(still) == [words(each) for each in order]


def test_inlined_animations_play_as_single_ones(page):
    films = [
        draw("spatial", spec, Options(theme, animate=True)) for spec in (SMALL, WIDE) for theme in ("auto", "light")
    ]
    wanted = []
    for each in films:
        page.set_content(each)
        wanted.append(page.locator("svg").evaluate(MOVEMENTS))
    assert all(wanted)
    page.set_content("".join(films))
    assert [page.locator("svg").nth(index).evaluate(MOVEMENTS) for index in range(len(films))] == wanted


def test_figure_inlined_twice_looks_and_reads_the_same(still):
    figures = [FIGURES[0], FIGURES[1], FIGURES[0]]
    wanted = alone(still, figures)
    assert together(still, figures) == wanted
    assert accessible_names(still) == [words(each) for each in figures]


def test_figure_inlined_into_the_page_keeps_its_colours(visit):
    page = visit("/", color_scheme="light")
    figure = draw("separable", SMALL, Options("dark"))
    page.evaluate(
        """figure => document.body.insertAdjacentHTML('afterbegin', `<div id="inlined">${figure}</div>`)""", figure
    )
    styled = """svg => [...svg.querySelectorAll('[fill], [stroke]')].map(node =>
      ['fill', 'stroke'].filter(name => node.hasAttribute(name)).map(name => getComputedStyle(node)[name]))"""
    inlined = page.locator("#inlined svg").evaluate(styled)
    page.set_content(figure)
    assert inlined == page.locator("svg").evaluate(styled)
