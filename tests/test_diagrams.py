"""Figures of any legal layer: well-formed, safe to inline, true in their numbers, and legible."""

import io
import re
import shutil
import subprocess
from itertools import combinations

import cairosvg
import pytest
from defusedxml import ElementTree
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from app.diagrams import COLUMNS, NAMES, Options, draw, error_figure
from app.errors import InvalidParameters, UnknownName
from app.options import THEMES
from app.palette import COLOURS
from app.spec import KINDS, LayerSpec

SVG = "{http://www.w3.org/2000/svg}"
ELEMENTS = {"svg", "title", "desc", "style", "rect", "polygon", "path", "text", "tspan"}
NUMBERED = ("x", "y", "width", "height", "points", "d", "viewBox", "font-size", "stroke-width", "fill-opacity")
LARGEST = LayerSpec(
    in_channels=512,
    out_channels=1024,
    kernel_size=31,
    stride=8,
    padding=64,
    dilation=16,
    depth_multiplier=8,
    bias=True,
    size=512,
)
SINGLE = LayerSpec(in_channels=1, out_channels=1, kernel_size=1, depth_multiplier=8)


@st.composite
def layers(draw_from):
    kind = draw_from(st.sampled_from(KINDS))
    channels = draw_from(st.integers(1, 512) | st.integers(1, 6))
    given_ = {
        "kind": kind,
        "in_channels": channels,
        "kernel_size": draw_from(st.integers(1, 31)),
        "stride": draw_from(st.integers(1, 8)),
        "padding": draw_from(st.sampled_from(["same", "valid"]) | st.integers(0, 64)),
        "dilation": draw_from(st.integers(1, 16)),
        "bias": draw_from(st.booleans()),
        "size": draw_from(st.integers(8, 512)),
    }
    if kind != "spatially-separable":
        given_["out_channels"] = draw_from(st.integers(1, 1024) | st.integers(1, 10))
        given_["depth_multiplier"] = draw_from(st.integers(1, 8))
    if given_["padding"] != "same":
        sides = 0 if given_["padding"] == "valid" else 2 * given_["padding"]
        if given_["dilation"] * (given_["kernel_size"] - 1) + 1 > given_["size"] + sides:
            given_["padding"] = "same"
    return LayerSpec(**given_)


def parsed(svg):
    return ElementTree.fromstring(svg)


def written(svg):
    """All that the figure says in its drawing, in order."""
    return " ".join("".join(each.itertext()) for each in parsed(svg).iter(f"{SVG}text"))


def pixels(data):
    with Image.open(io.BytesIO(data)) as image:
        return {colour for _, colour in image.convert("RGB").getcolors(1 << 24)}


def rgb(role, theme="light"):
    return tuple(bytes.fromhex(COLOURS[role][theme][1:]))


@settings(max_examples=60)
@given(layers(), st.sampled_from(NAMES), st.sampled_from((*THEMES, "page")), st.none() | st.integers(50, 4000))
@example(LARGEST, "comparison", "auto", None)
@example(LARGEST, "standard", "auto", None)
@example(LARGEST, "separable", "auto", None)
@example(SINGLE, "comparison", "auto", 1)
def test_every_figure_is_small_safe_and_the_same_again(spec, name, theme, width):
    svg = draw(name, spec, Options(theme, width))
    assert svg == draw(name, spec, Options(theme, width))
    assert svg.startswith("<svg ")
    assert len(svg.encode()) <= 30_000
    root = parsed(svg)
    nodes = list(root.iter())
    assert len(nodes) <= 4000
    assert {node.tag.removeprefix(SVG) for node in nodes} <= ELEMENTS
    assert "url(" not in svg
    assert svg.count("http") == 1
    for node in nodes:
        assert not any("href" in key or key.startswith("on") for key in node.attrib)
        for key in NUMBERED:
            for number in re.findall(r"[\d.]+", node.get(key, "")):
                assert len(number.replace(".", "").lstrip("0")) <= 6
        if node.tag == f"{SVG}text":
            assert float(node.get("font-size")) >= 11
    assert root.get("role") == "img"
    labels = root.get("aria-labelledby").split()
    assert labels == [root.find(f"{SVG}title").get("id"), root.find(f"{SVG}desc").get("id")]
    assert all(label.startswith(f"sepviz-{name}-") for label in labels)
    assert len(list(root.iter(f"{SVG}style"))) == (theme == "auto")
    if width is not None:
        assert root.get("width") == str(width)
    if name == "separable":
        _, _, wide, high = map(float, root.get("viewBox").split())
        assert wide == COLUMNS[-1] == 968
        assert high <= 190


@given(layers(), st.sampled_from(NAMES))
@settings(max_examples=30)
def test_every_painted_class_has_its_colour(spec, name):
    svg = draw(name, spec)
    rules = parsed(svg).find(f"{SVG}style").text
    for node in parsed(svg).iter():
        for each in node.get("class", "").split():
            prefix, role = each.split("-", 1)
            attribute = {"f": "fill", "s": "stroke"}[prefix]
            assert node.get(attribute) == COLOURS[role]["light"]
            assert f".{each}{{{attribute}:{COLOURS[role]['dark']}}}" in rules


@given(
    channels=st.integers(1, 512),
    outputs=st.integers(1, 1024),
    kernel=st.integers(1, 31),
    stride=st.integers(1, 8),
    size=st.integers(8, 512),
    multiplier=st.integers(1, 8),
)
@settings(max_examples=40)
def test_headings_and_costs_are_true(channels, outputs, kernel, stride, size, multiplier):
    spec = LayerSpec(
        in_channels=channels,
        out_channels=outputs,
        kernel_size=kernel,
        stride=stride,
        size=size,
        depth_multiplier=multiplier,
    )
    out = -(-size // stride)
    said = written(draw("separable", spec))
    assert f"M × H × W = {channels} × {size} × {size}" in said
    assert f"N × H × W = {outputs} × {out} × {out}" in said
    assert f"1 × 1 × {channels * multiplier}" in said
    assert f"{kernel} × {kernel}, groups = {channels}" in said
    assert (f"stride {stride}" in said) == (stride > 1)
    if multiplier > 1:
        assert f"{channels} × {multiplier} kernels" in said
    assert f"{kernel} × {kernel} × {channels}" in written(draw("standard", spec))
    depthwise = channels * multiplier * kernel**2 * out**2
    pointwise = channels * multiplier * outputs * out**2
    standard = channels * outputs * kernel**2 * out**2
    for name in ("comparison", "cost"):
        said = written(draw(name, spec))
        assert f"{depthwise + pointwise:,}" in said
        assert f"{standard:,}" in said
        assert ("costs more" in said) == (depthwise + pointwise > standard)
    assert f"depthwise {depthwise:,} pointwise {pointwise:,}" in said
    described = parsed(draw("separable", spec)).find(f"{SVG}desc").text
    assert f"{depthwise:,} MACs" in described
    assert f"{pointwise:,} MACs" in described


def test_steps_are_told_only_where_they_are_not_the_usual_ones():
    usual = written(draw("separable", LayerSpec()))
    assert not re.search("stride|padding|dilation", usual)
    told = written(draw("separable", LayerSpec(stride=2, padding=5, dilation=3)))
    assert "stride 2, padding 5, dilation 3" in told
    assert "no padding" in written(draw("spatial", LayerSpec(padding="valid")))


def test_unknown_names_and_empty_outputs_are_refused():
    with pytest.raises(UnknownName, match="figure named cube"):
        draw("cube", LayerSpec())
    with pytest.raises(UnknownName, match="theme"):
        draw("cost", LayerSpec(), Options("sepia"))
    for name in NAMES:
        with pytest.raises(InvalidParameters):
            draw(name, LayerSpec(size=8, kernel_size=9, padding="valid"))


STAGE = {
    "separable": "pointwise-ink",
    "depthwise": "depthwise-ink",
    "pointwise": "pointwise",
    "standard": "standard",
    "spatial": "depthwise-ink",
    "comparison": "standard",
    "cost": "depthwise",
}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_other_renderers_show_the_stages_colour(name, theme):
    svg = draw(name, LayerSpec(), Options(theme, 1600)).encode()
    renderings = [cairosvg.svg2png(svg)]
    if shutil.which("rsvg-convert"):
        renderings.append(subprocess.run(["rsvg-convert"], input=svg, stdout=subprocess.PIPE, check=True).stdout)
    for rendering in renderings:
        colours = pixels(rendering)
        assert rgb("paper", theme) in colours
        assert any(
            all(abs(a - b) <= 2 for a, b in zip(colour, rgb(STAGE[name], theme), strict=True)) for colour in colours
        )
        assert len(colours) > 10


@given(st.text(max_size=300), st.lists(st.text(max_size=400), max_size=8))
@example("A <b>title</b> & more", ["x" * 3000, "漢字" * 200, "a\x00b\ud800c"])
@settings(max_examples=60)
def test_any_error_is_a_figure(title, lines):
    svg = error_figure(title, lines)
    nodes = list(parsed(svg.encode().decode()).iter())
    assert {node.tag.removeprefix(SVG) for node in nodes} <= ELEMENTS
    assert len(svg.encode()) <= 30_000


OVERLAPS = """() => [...document.querySelectorAll('svg')].flatMap(svg => {
  const frame = svg.getBoundingClientRect(), found = [], name = svg.querySelector('title').textContent;
  const texts = [...svg.querySelectorAll('text')];
  const boxes = texts.map(text => text.getBoundingClientRect());
  boxes.forEach((a, i) => {
    const aside = a.left < frame.left - .5 || a.right > frame.right + .5;
    if (aside || a.top < frame.top - .5 || a.bottom > frame.bottom + .5)
      found.push(`${name}: ${texts[i].textContent} leaves`);
    boxes.slice(i + 1).forEach((b, k) => {
      if (a.left < b.right && b.left < a.right && a.top + 2.5 < b.bottom && b.top + 2.5 < a.bottom)
        found.push(`${name}: ${texts[i].textContent} over ${texts[i + 1 + k].textContent}`);
    });
  });
  return found;
})"""


@given(layers())
@example(LARGEST)
@example(LARGEST.as_kind("spatially-separable"))
@example(LARGEST.replace(padding="valid", stride=1))
@example(SINGLE)
@settings(max_examples=36, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_texts_keep_apart_and_inside(page, spec):
    figures = [draw(name, spec) for name in NAMES]
    long = error_figure("W" * 90, ["M" * 200, "漢字かな" * 60, "kernel_size=31: too large; it must be less " * 9])
    page.set_content("<body>" + "<br>".join([*figures, long]))
    assert page.evaluate(OVERLAPS) == []


def test_drawn_text_boxes_are_compared_at_all(page):
    page.set_content('<svg><title>t</title><text x="0" y="20">aa</text><text x="4" y="20">bb</text></svg>')
    assert len(page.evaluate(OVERLAPS)) == 1


def test_columns_begin_where_the_page_has_its_maps():
    headings = [
        float(node.get("x"))
        for node in parsed(draw("separable", LARGEST)).iter(f"{SVG}text")
        if node.get("font-weight") == "600"
    ]
    assert tuple(headings) == COLUMNS[:-1]
    assert all(a < b for a, b in combinations(COLUMNS, 2))
