"""Figures of any legal layer are well-formed, safe to inline, legible, and have the right numbers."""

import io
import re
import shutil
import subprocess
from itertools import combinations, pairwise
from urllib.parse import parse_qsl, urlsplit

import cairosvg
import numpy as np
import pytest
import torch
from defusedxml import ElementTree
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageFilter
from sepviz.errors import InvalidParameters, UnknownName
from sepviz.figures import COLUMNS, NAMES, Options, draw, error_figure
from sepviz.figures.block import EXPANSION, blocks
from sepviz.figures.figure_spec import FigureSpec
from sepviz.figures.layer_figures import format_ratio
from sepviz.figures.options import THEMES
from sepviz.figures.ratio import saving
from sepviz.layer.cost import compare
from sepviz.layer.operations import Convolution
from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec
from sepviz.palette import COLOURS
from torch import nn

from tests.support.layers import any_layers
from tests.support.overlaps import overlaps

SVG = "{http://www.w3.org/2000/svg}"
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
CC = "{http://creativecommons.org/ns#}"
DC = "{http://purl.org/dc/elements/1.1/}"
LICENCE = "https://creativecommons.org/publicdomain/zero/1.0/"
ELEMENTS = {"svg", "title", "desc", "metadata", "defs", "style", "g", "rect", "path", "text", "tspan"}
METADATA = {f"{RDF}RDF", f"{CC}Work", f"{CC}license", f"{DC}format", f"{DC}title", f"{DC}identifier"}
NUMBERED = ("x", "y", "width", "height", "d", "viewBox", "font-size", "stroke-width", "fill-opacity")
ANY = any_layers(plain=False)
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


def parsed(svg):
    return ElementTree.fromstring(svg)


def written(svg):
    """The texts of the drawing, in order."""
    return " ".join("".join(each.itertext()) for each in parsed(svg).iter(f"{SVG}text"))


def rgb(role, theme="light"):
    return tuple(bytes.fromhex(COLOURS[role][theme][1:]))


def on_paper(role, share):
    """The colour of a share of a role over the paper."""
    return "#" + bytes(round(share * a + (1 - share) * b) for a, b in zip(rgb(role), rgb("paper"), strict=True)).hex()


@settings(max_examples=80)
@given(
    any_layers(plain=False),
    st.sampled_from(NAMES),
    st.sampled_from((*THEMES, "page")),
    st.none() | st.integers(64, 4096),
)
@example(LARGEST, "comparison", "auto", None)
@example(LARGEST, "standard", "auto", None)
@example(LARGEST, "separable", "auto", None)
@example(LARGEST.replace(in_channels=5, depth_multiplier=2, stride=7), "comparison", "auto", 4096)
@example(SINGLE, "comparison", "auto", 64)
def test_figure_is_small_safe_to_inline_and_deterministic(spec, name, theme, width):
    svg = draw(name, spec, Options(theme, width))
    assert svg == draw.__wrapped__(name, spec, Options(theme, width))
    assert svg.startswith("<svg ")
    assert len(svg.encode()) <= 30_000
    root = parsed(svg)
    nodes = list(root.iter())
    assert len(nodes) <= 4000
    assert {node.tag.removeprefix(SVG) for node in nodes} <= ELEMENTS | (METADATA if theme != "page" else set())
    assert "url(" not in svg
    assert svg.count("http") == (1 if theme == "page" else 5)
    for node in nodes:
        assert not any("href" in key or key.startswith("on") for key in node.attrib)
        for key in NUMBERED:
            for number in re.findall(r"[\d.]+", node.get(key, "")):
                assert len(number.replace(".", "").lstrip("0")) <= 6
    assert {float(node.get("font-size", 12)) for node in root.iter(f"{SVG}text")} <= {11, 12, 14}
    assert root.get("role") == "img"
    labels = root.get("aria-labelledby").split()
    assert labels == [root.find(f"{SVG}title").get("id"), root.find(f"{SVG}desc").get("id")]
    assert all(label.startswith(f"sepviz-{name}-") for label in labels)
    assert len(list(root.iter(f"{SVG}style"))) == (theme == "auto")
    if width is not None:
        assert root.get("width") == str(width)


@given(ANY, st.sampled_from(NAMES))
@settings(max_examples=30)
def test_dark_mode_rules_of_theme_auto_give_the_colours_of_theme_dark(spec, name):
    own, light, dark = (draw(name, spec, Options(theme)) for theme in ("auto", "light", "dark"))
    rules = dict(re.findall(r"\.(\w+)\{([^}]*)\}", parsed(own).find(f".//{SVG}style").text))
    drawn = [[node for node in parsed(svg).iter() if node.tag != f"{SVG}style"] for svg in (own, light, dark)]
    for auto, bright, night in zip(*drawn, strict=True):
        colours = {each: auto.get(each) for each in ("fill", "stroke")}
        assert colours == {each: bright.get(each) for each in colours}
        assert bright.get("class") is night.get("class") is None
        ruled = dict(each.split(":") for each in rules[auto.get("class")].split(";")) if auto.get("class") else {}
        assert colours | ruled == {each: night.get(each) for each in colours}


@given(ANY, st.sampled_from(NAMES))
@settings(max_examples=30)
def test_class_of_a_figure_in_the_page_names_the_role_of_its_colour(spec, name):
    for node in parsed(draw(name, spec, Options("page"))).iter():
        for each in node.get("class", "").split():
            kind, role = each.split("-", 1)
            assert bytes.fromhex(node.get("stroke" if kind == "s" else "fill")[1:]) == bytes(rgb(role))


@given(
    channels=st.integers(1, 512),
    outputs=st.integers(1, 1024),
    kernel=st.integers(1, 31),
    stride=st.integers(1, 8),
    size=st.integers(8, 512),
    multiplier=st.integers(1, 8),
    bias=st.booleans(),
)
@settings(max_examples=40)
def test_headings_and_costs_match_the_layer(channels, outputs, kernel, stride, size, multiplier, bias):
    spec = LayerSpec(
        in_channels=channels,
        out_channels=outputs,
        kernel_size=kernel,
        stride=stride,
        size=size,
        depth_multiplier=multiplier,
        bias=bias,
    )
    out = -(-size // stride)
    inlined = written(draw("separable", spec, Options("page")))
    assert f"M × H × W = {channels} × {size} × {size}" in inlined
    assert f"N × H′ × W′ = {outputs} × {out} × {out}" in inlined
    texts = written(draw("separable", spec))
    assert f"M × H × W {channels} × {size} × {size}" in texts
    between = "M" if multiplier == 1 else "M·m"
    assert f"{between} × H′ × W′ {channels * multiplier} × {out} × {out}" in texts
    assert f"N × H′ × W′ {outputs} × {out} × {out}" in texts
    for each in (inlined, texts):
        assert f"1 × 1 × {channels * multiplier}" in each
        assert f"{kernel} × {kernel}" in each
        assert f"groups={channels}" in each
        assert (f"stride {stride}" in each) == (stride > 1)
        if multiplier > 1:
            assert f"{channels} × {multiplier} kernels" in each
    assert f"{kernel} × {kernel} × {channels}" in written(draw("standard", spec))
    depthwise = channels * multiplier * kernel**2 * out**2
    pointwise = channels * multiplier * outputs * out**2
    standard = channels * outputs * kernel**2 * out**2
    assert f"= + = {depthwise:,}" not in inlined
    for name in ("comparison", "cost"):
        compared = written(draw(name, spec))
        assert f"{depthwise + pointwise:,}" in compared
        assert f"{standard:,}" in compared
        assert ("costs more" in compared) == (depthwise + pointwise > standard)
    assert f"Depthwise {depthwise:,} Pointwise {pointwise:,}" in compared
    described = parsed(draw("separable", spec)).find(f"{SVG}desc").text
    assert f"{depthwise:,} MAC" in described
    assert f"{pointwise:,} MAC" in described


def test_count_of_one_is_in_the_singular():
    texts = written(draw("comparison", SINGLE.replace(depth_multiplier=1, size=8)))
    assert "64 MACs, 1 param Input" in texts
    assert "1 params" not in texts
    assert "1 kernels" not in texts


def test_formula_has_each_number_below_its_letter(page):
    page.set_content(draw("separable", LayerSpec(in_channels=64, out_channels=128, size=112, bias=True)))
    columns = page.evaluate(
        """() => {
          const texts = [...document.querySelectorAll('g[font-family] > text')], found = [];
          const all = [...document.querySelectorAll('text')];
          for (const letter of texts) {
            const box = letter.getBoundingClientRect(), middle = (box.left + box.right) / 2;
            const below = all.filter(each => {
              const other = each.getBoundingClientRect();
              const apart = other.top - box.top;
              return Math.abs((other.left + other.right) / 2 - middle) < 3 && apart > 5 && apart < 25;
            });
            found.push(letter.textContent + below.map(each => each.textContent).join('|'));
          }
          return found;
        }"""
    )
    macs = ["DK3", "DK3", "M64", "DF112", "DF112", "M64", "N128", "DF112", "DF112"]
    assert columns == [*macs, "DK3", "DK3", "M64", "M64", "N128"]


def test_stride_padding_and_dilation_are_written_unless_they_are_the_default():
    usual = written(draw("separable", LayerSpec()))
    assert not re.search("stride|padding|dilation", usual)
    told = written(draw("separable", LayerSpec(stride=2, padding=5, dilation=3)))
    assert "stride 2, padding 5, dilation 3" in told
    assert "no padding" in written(draw("spatial", LayerSpec(padding="valid")))


def test_unknown_name_or_empty_output_is_refused():
    with pytest.raises(UnknownName, match="figure named cube"):
        draw("cube", LayerSpec())
    with pytest.raises(UnknownName, match="theme"):
        draw("cost", LayerSpec(), Options("sepia"))
    for name in NAMES:
        with pytest.raises(InvalidParameters):
            draw(name, LayerSpec(size=8, kernel_size=9, padding="valid"))


@pytest.mark.parametrize(("options", "parameter"), [(Options(animate=True), "animate"), (Options(frames=4), "frames")])
def test_animating_a_figure_without_animation_is_refused(options, parameter):
    with pytest.raises(InvalidParameters) as refused:
        draw("cost", LayerSpec(), options)
    (bad,) = refused.value.bad
    assert bad.parameter == parameter
    assert "separable" in bad.allowed
    assert draw("separable", LayerSpec(), options) != draw("separable", LayerSpec())


@given(
    any_layers(plain=False),
    st.sampled_from(NAMES),
    st.sampled_from(THEMES),
    st.sampled_from([None, "A & <b>", "漢字 50 %"]),
)
@settings(max_examples=30)
def test_metadata_has_the_figures_address_and_licence(spec, name, theme, title):
    options = Options(theme, 640, "none", title)
    root = parsed(draw(name, spec, options))
    address = urlsplit(root.find(f".//{DC}identifier").text)
    assert address.path == f"/diagrams/{name}.svg"
    assert (address.scheme, address.netloc) == ("", "")
    asked = FigureSpec.parse(parse_qsl(address.query, strict_parsing=True))
    assert (asked.layer, asked.options) == (spec, options)
    assert root.find(f".//{CC}license").get(f"{RDF}resource") == LICENCE
    assert root.find(f".//{DC}title").text == root.find(f"{SVG}title").text
    if title is not None:
        assert root.find(f"{SVG}title").text == title
    first = "".join(next(root.iter(f"{SVG}text")).itertext())
    assert root.find(f"{SVG}title").text.startswith(first)


@pytest.mark.parametrize("name", NAMES)
def test_margin_is_transparent_without_paper(name):
    spec = LayerSpec(in_channels=5)
    for background, opaque in (("paper", True), ("none", False)):
        svg = draw(name, spec, Options("light", None, background)).encode()
        with Image.open(io.BytesIO(cairosvg.svg2png(svg))) as image:
            alpha = image.convert("RGBA").getchannel("A")
        margin = [(x, y) for x in (2, 9, alpha.width - 3) for y in (2, 9, alpha.height - 3)]
        assert {alpha.getpixel(place) for place in margin} == {255 if opaque else 0}


STAGE = {
    "separable": "pointwise-ink",
    "depthwise": "depthwise-ink",
    "pointwise": "pointwise",
    "standard": "standard",
    "spatial": "depthwise-ink",
    "comparison": "standard",
    "cost": "depthwise",
    "ratio": "depthwise",
    "block": "depthwise-ink",
}
DRAWN = [
    LayerSpec(),
    LayerSpec(in_channels=64, out_channels=128, kernel_size=5, stride=2, size=112, bias=True),
    LARGEST,
]
APART = 60  # levels of 255 after blurring: fonts and edges differ
USUALLY = 1.6


@pytest.mark.parametrize("name", NAMES)
def test_renderers_agree_on_the_picture(browser, name):
    page = browser.new_page()
    for spec, theme in zip(DRAWN, ("light", "dark", "light"), strict=True):
        svg = draw(name, spec, Options(theme, 800))
        pictures = {
            "cairosvg": decoded(cairosvg.svg2png(svg.encode())),
            "chromium": decoded(render_in_chromium(page, svg)),
        }
        if shutil.which("rsvg-convert"):
            pictures["rsvg"] = decoded(
                subprocess.run(["rsvg-convert"], input=svg.encode(), stdout=-1, check=True).stdout
            )
        for (one, a), (other, b) in combinations(pictures.items(), 2):
            assert abs(a.height - b.height) <= 1
            box = (0, 0, a.width, min(a.height, b.height) - 2)  # the last row may be cut
            apart = ImageChops.difference(*(blurred(each.crop(box)) for each in (a, b)))
            levels = apart.convert("L").histogram()
            mean = sum(level * count for level, count in enumerate(levels)) / sum(levels)
            most = max(level for level, count in enumerate(levels) if count)
            assert (mean <= USUALLY, most <= APART) == (True, True), f"{one} and {other}: {mean:.2f}, {most}"
        if name in STAGE:
            assert has(pictures["chromium"], rgb("paper", theme), within=0)
            assert has(pictures["chromium"], rgb(STAGE[name], theme), within=2)
    page.close()


def test_comparison_of_pictures_detects_another_layer():
    a, b = (decoded(cairosvg.svg2png(draw("separable", spec, Options("light", 800)).encode())) for spec in DRAWN[:2])
    apart = ImageChops.difference(blurred(a), blurred(b.crop((0, 0, *a.size)))).convert("L").histogram()
    assert max(level for level, count in enumerate(apart) if count) > APART


def render_in_chromium(page, svg):
    """A screenshot of the figure in Chromium."""
    page.set_content(f"<style>body {{ margin: 0 }} svg {{ display: block }}</style>{svg}")
    return page.locator("svg").screenshot()


def decoded(data):
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGB")


def blurred(image):
    return image.filter(ImageFilter.GaussianBlur(4))


def has(image, colour, within):
    """Whether a pixel has the colour within so many levels."""
    return (np.abs(np.asarray(image, int) - colour).max(axis=-1) <= within).any()


@given(st.text(max_size=300), st.lists(st.text(max_size=400), max_size=8))
@example("A <b>title</b> & more", ["x" * 3000, "漢字" * 200, "a\x00b\ud800c"])
@settings(max_examples=60)
def test_error_figure_of_any_text_is_valid_and_small(title, lines):
    svg = error_figure(title, lines)
    nodes = list(parsed(svg.encode().decode()).iter())
    assert {node.tag.removeprefix(SVG) for node in nodes} <= ELEMENTS
    assert len(svg.encode()) <= 30_000


@given(st.lists(ANY, min_size=8, max_size=8), st.sampled_from([None, "W" * 80, "A caption " * 8]))
@example(
    [LARGEST, LARGEST.as_kind("spatially-separable"), LARGEST.replace(padding="valid", stride=1), SINGLE], "W" * 80
)
@example([LayerSpec(out_channels=n, kernel_size=k) for n in (1, 2, 1024) for k in range(1, 32)], None)
@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_texts_neither_overlap_nor_leave_the_figure(page, specs, title):
    figures = [draw.__wrapped__(name, spec, Options("light", title=title)) for spec in specs for name in NAMES]
    inlined = [draw.__wrapped__(name, spec, Options("page")) for spec in specs for name in PAGE]
    long = error_figure("W" * 90, ["M" * 200, "漢字かな" * 60, "kernel_size=31: too large; it must be less " * 9])
    assert overlaps(page, [*figures, *inlined, long]) == []


def test_overlap_check_finds_overlapping_and_leaving_texts(page):
    over = '<svg><title>t</title><text x="0" y="20">aa</text><text x="4" y="20">bb</text></svg>'
    aside = '<svg width="9"><title>t</title><text x="0" y="20">wide</text></svg>'
    assert overlaps(page, [over, aside]) == ["t: aa over bb", "t: wide leaves"]


PAGE = ("separable", "standard", "spatial")


def test_headings_in_the_page_begin_at_the_columns_edges():
    drawn = parsed(draw("separable", LARGEST, Options("page")))
    headings = [float(node.get("x")) for node in drawn.iter(f"{SVG}text") if node.get("font-weight") == "600"]
    assert tuple(headings) == COLUMNS[:-1]
    assert all(a < b for a, b in pairwise(COLUMNS))


@given(ANY)
@example(LARGEST)
@example(SINGLE)
@settings(max_examples=40)
def test_figure_in_the_page_has_one_height_for_all_layers(spec):
    for name in PAGE:
        _, _, wide, high = map(float, parsed(draw(name, spec, Options("page"))).get("viewBox").split())
        assert (wide, high) == (COLUMNS[-1], 176)


PLANES = """fills => Object.fromEntries(Object.entries(fills).map(([role, fill]) => {
  const [first] = document.querySelectorAll(`[fill="${fill}"]`);
  const box = (first.tagName === 'g' ? first.firstElementChild : first).getBBox();
  return [role, [box.width, box.height]];
}))"""


@pytest.mark.parametrize(("stride", "share"), [(1, 1), (2, 1 / 2), (3, 43 / 128), (4, 1 / 4), (8, 1 / 4)])
def test_maps_are_drawn_to_scale_down_to_a_quarter(page, stride, share):
    page.set_content(draw("standard", LayerSpec(stride=stride)))
    planes = page.evaluate(PLANES, {role: on_paper(role, 0.28) for role in ("channel-0", "plane")})
    for before, after in zip(planes["channel-0"], planes["plane"], strict=True):
        assert after / before == pytest.approx(share, abs=0.002)
    texts = written(draw("standard", LayerSpec(stride=stride)))
    assert ("none below 1/4 of the largest" in texts) == (stride == 8)


@pytest.mark.parametrize(
    ("channels", "more"), [(4, None), (5, None), (6, "2 more"), (64, "60 more"), (512, "508 more")]
)
def test_omitted_channels_are_counted(channels, more):
    texts = written(draw("depthwise", LayerSpec(in_channels=channels)))
    assert re.findall(r"\d+ more", texts) == ([more] if more else [])
    assert ("left out" in texts) == bool(more)


@given(ANY)
@settings(max_examples=40)
def test_curve_of_the_ratio_matches_the_costs(spec):
    layer = spec.as_kind("depthwise-separable") if spec.kind != "depthwise-separable" else spec
    ratio = compare(layer).macs_ratio
    assert 1 / saving(layer, layer.out_channels, layer.kernel_size) == pytest.approx(ratio)
    texts = written(draw("ratio", spec))
    limit = f"to {layer.kernel_size.area / layer.depth_multiplier:.4g} ×"
    assert (f"tends {limit}" if layer.kernel_size.is_square else f"{layer.kernel_size.text}, {limit}") in texts
    assert ("costs more N" in texts) == (ratio > 1)
    # The layer's own label has its costs.
    own = format_ratio(1 / saving(layer, layer.out_channels, layer.kernel_size), "MACs")
    assert (f"this layer: {own}" in texts) == (spec.kind == "depthwise-separable")


CROSSED = """strokes => {
  const svg = document.querySelector('svg'), texts = [...svg.querySelectorAll('text')];
  const label = texts.findIndex(text => /^(this layer|separable): /.test(text.textContent));
  const boxes = texts.slice(label, label + 2).map(text => text.getBBox());
  const drawn = [...svg.querySelectorAll('path[fill="none"]')];
  const lines = drawn.filter(path => strokes.includes(path.getAttribute('stroke')));
  return lines.filter(line => {
    const length = line.getTotalLength();
    return Array.from({length: 601}, (_, i) => line.getPointAtLength(length * i / 600)).some(({x, y}) =>
      boxes.some(box => x > box.x && x < box.x + box.width && y > box.y && y < box.y + box.height));
  }).length;
}"""


STROKES = [COLOURS[role]["light"] for role in ("plane", "depthwise", "ink")]


@given(ANY)
@example(LARGEST)
@example(SINGLE)
@example(LayerSpec(in_channels=16, out_channels=32))
@example(LayerSpec(kind="standard", in_channels=1, out_channels=1, kernel_size=13, size=8))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_label_of_the_layer_is_off_all_lines(page, spec):
    page.set_content(draw("ratio", spec, Options("light")))
    assert page.evaluate(CROSSED, STROKES) == 0


def test_line_check_finds_a_line_through_the_label(page):
    svg = draw("ratio", LayerSpec(), Options("light"))
    (name,) = (node for node in parsed(svg).iter(f"{SVG}text") if (node.text or "").startswith("this layer"))
    x, y = name.get("x"), name.get("y")
    line = f'<path d="M0 {y}L{x} {y}h99" transform="translate(0 0)" fill="none" stroke="{STROKES[0]}"/></svg>'
    page.set_content(svg.replace("</svg>", line.replace(y, f"{float(y) - 3:g}")))
    assert page.evaluate(CROSSED, STROKES) == 1


@pytest.mark.parametrize(
    ("channels", "multiplier", "colours"), [(1, 3, 1), (1, 1, 1), (4, 8, 4), (512, 8, 6), (5, 1, 5)]
)
def test_legend_of_pointwise_has_the_colours_of_the_input_channels(channels, multiplier, colours):
    svg = draw("pointwise", LayerSpec(in_channels=channels, depth_multiplier=multiplier))
    legend = {rect.get("fill") for rect in parsed(svg).iter(f"{SVG}rect") if rect.get("width") == "10"}
    assert len(legend & {COLOURS[f"channel-{channel}"]["light"] for channel in range(6)}) == colours
    texts = written(svg)
    assert ("the one input channel" in texts) == (channels == 1)
    assert ("again after" in texts) == (channels > 6)


@pytest.mark.parametrize(("channels", "multiplier"), [(1, 5), (1, 6), (2, 3), (2, 4), (1, 7), (6, 1), (5, 1)])
def test_legend_explains_dots_if_channels_are_omitted(channels, multiplier):
    spec = LayerSpec(in_channels=channels, depth_multiplier=multiplier, out_channels=2)
    for name in ("depthwise", "pointwise", "separable"):
        assert ("left out" in written(draw(name, spec))) == (max(channels, channels * multiplier - 1) > 5), name


def test_legend_of_one_channel_does_not_speak_of_mixing():
    for name in ("pointwise", "separable", "standard"):
        texts = written(draw(name, LayerSpec(in_channels=1)))
        assert "made of the one channel" in texts
        assert "mix" not in texts
        assert "made of the one channel" not in written(draw(name, LayerSpec(in_channels=2)))


@pytest.mark.parametrize(
    ("given_", "told"),
    [
        ({}, None),
        ({"stride": 2}, None),
        ({"padding": 64, "dilation": 3, "stride": 2}, "depthwise: stride 2, padding 64, dilation 3"),
        ({"padding": "valid"}, "depthwise: no padding"),
    ],
)
def test_block_names_padding_and_dilation_unless_they_are_the_default(given_, told):
    texts = written(draw("block", LayerSpec(**given_)))
    assert (told in texts) if told else ("depthwise:" not in texts)


def as_torch(block):
    """The block in PyTorch, batch norm and all."""
    steps = []
    for step in block.steps:
        operation = step.operation
        if isinstance(operation, Convolution):
            inputs, outputs = operation.in_channels, operation.out_channels
            groups = inputs if step.name == "depthwise" else 1
            steps.append(nn.Conv2d(inputs, outputs, operation.kernel, groups=groups, padding="same", bias=False))
        elif step.name == "norm":
            steps.append(nn.BatchNorm2d(steps[-1].out_channels))
        else:
            steps.append({"relu": nn.ReLU, "relu6": nn.ReLU6}[step.name]())
    return nn.Sequential(*steps)


@given(
    channels=st.integers(1, 24),
    outputs=st.integers(1, 24),
    kernel=st.sampled_from([1, 3, 5, 7]),  # of even ones PyTorch warns
    multiplier=st.integers(1, 3),
)
@settings(max_examples=20)
def test_blocks_have_the_steps_and_params_of_torch_modules(channels, outputs, kernel, multiplier):
    spec = LayerSpec(
        in_channels=channels, out_channels=outputs, kernel_size=kernel, depth_multiplier=multiplier, size=9, bias=True
    )
    mobile, xception, inverted = blocks(spec)
    names = ["depthwise", "norm", "relu6", "pointwise", "norm", "relu6"]
    assert [step.name for step in mobile.steps] == names
    assert [step.name for step in xception.steps] == ["relu", "depthwise", "pointwise", "norm"]
    assert [step.name for step in inverted.steps] == ["expand", *names[1:3], *names[:3], "project", "norm"]
    for block in (mobile, xception, inverted):
        network = as_torch(block).eval()
        assert block.params == sum(each.numel() for each in network.parameters())
        with torch.inference_mode():
            made = network(torch.zeros(1, channels, 9, 9))
        assert tuple(made.shape[1:]) == block.steps[-1].operation.output_shape
    assert inverted.steps[0].operation.out_channels == EXPANSION * channels
    assert inverted.shortcut == (channels == outputs)


@given(ANY)
@settings(max_examples=60)
def test_shortcut_is_drawn_if_shapes_and_stride_allow_it(spec):
    stages = plan(spec.as_kind("depthwise-separable") if spec.kind != "depthwise-separable" else spec).convolutions
    allowed = spec.stride == 1 and stages[0].input_shape == stages[-1].output_shape
    texts = written(draw("block", spec))
    assert ("with a shortcut" in texts) == allowed
    assert ("without a shortcut" in texts) != allowed


def test_spatial_figure_states_the_rank_of_the_product():
    outer = torch.outer(torch.arange(1.0, 6), torch.arange(2.0, 7))
    assert torch.linalg.matrix_rank(outer) == 1
    assert "A kernel of 5 × 5 that is a column of 5 × 1 times a row of 1 × 5 has rank 1." in written(
        draw("spatial", LayerSpec(kernel_size=5))
    )


@given(ANY, st.sampled_from(NAMES))
@example(SINGLE, "groups")
@example(SINGLE, "window")
@example(SINGLE, "block")
@example(SINGLE.as_kind("spatially-separable"), "window")
def test_description_of_one_thing_is_in_the_singular(spec, name):
    description = parsed(draw(name, spec)).find(f"{SVG}desc").text
    assert not re.search(r"(?<![\d,.])(?<!× )1 (groups|channels|params|MACs|kernels|cells|outputs)\b", description)


@pytest.mark.parametrize("channels", [2, 4, 6])
def test_grouped_layer_is_drawn_with_its_groups_and_the_channels_of_one_group(channels):
    spec = LayerSpec(kind="standard", in_channels=channels, out_channels=2 * channels, groups=2, kernel_size="5x3")
    texts = written(draw("standard", spec))
    assert "groups=2" in texts
    assert f"{2 * channels} kernels, 5 × 3 × {channels // 2}" in texts
    assert "of its group, for one output" in texts
    assert "one kernel, through all channels" not in texts


@given(ANY)
@settings(max_examples=40)
def test_norms_are_named_and_counted_in_the_figure_of_the_layer(spec):
    spec = spec.replace(after="norm,relu6")
    figure = {"depthwise-separable": "separable", "spatially-separable": "spatial"}.get(spec.kind, spec.kind)
    texts = written(draw(figure, spec))
    assert "batch norm" in texts
    assert f"{compare(spec).layer.params:,}" in texts
