"""The figures `groups` and `window`, and animations: they match torch, and are valid, small and legible."""

import io
import re
import shutil
import subprocess
from itertools import pairwise
from urllib.parse import quote

import cairosvg
import numpy as np
import pytest
import torch
from defusedxml import ElementTree
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image
from sepviz.figures import groups, window
from sepviz.figures.animation import ANIMATED, draw_animation
from sepviz.figures.canvas import Canvas
from sepviz.figures.map_patch import within
from sepviz.figures.passes import passes
from sepviz.figures.receptive_field import first_receptive_field
from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec
from sepviz.palette import COLOURS
from torch.nn import functional

from tests.support.layers import any_layers, layers, steps
from tests.support.overlaps import overlaps

SVG = "{http://www.w3.org/2000/svg}"
ELEMENTS = {"svg", "title", "desc", "defs", "style", "rect", "path", "text", "tspan", "g"}
FIGURES = {"groups": groups, "window": window}
WIDEST = LayerSpec(in_channels=512, out_channels=1024, kernel_size=31, dilation=16, stride=8, padding=64, size=512)
TINY = LayerSpec(in_channels=2, out_channels=6, kernel_size=31, dilation=16, size=8, depth_multiplier=8)
SINGLE = LayerSpec(in_channels=1, out_channels=1, kernel_size=1)
ONE_CELL = LayerSpec(in_channels=7, stride=8, size=8, padding="valid")
BLIND = LayerSpec(kernel_size=2, dilation=16, padding=5, size=8, stride=8)  # all cells under the kernel are padding


def figure(name, spec, theme="auto"):
    canvas = Canvas(name, spec.query(), theme)
    height = FIGURES[name].draw(canvas, spec)
    title = canvas.translate(f"{name}.title")
    return canvas.finish(FIGURES[name].WIDTH, height, title, FIGURES[name].describe(spec), None, title)


def animated_figure(name, spec, frames=0, theme="auto"):
    canvas = Canvas(name, spec.query(), theme)
    width, height = draw_animation(canvas, name, spec, frames)
    title = canvas.translate(f"{name}.title")
    return canvas.finish(width, height, title, window.describe(spec), None, title)


def parsed(svg):
    return ElementTree.fromstring(svg)


def assert_valid(svg):
    """Assert that a figure has only known elements, nothing unsafe to inline, short numbers and legible type."""
    nodes = list(parsed(svg).iter())
    assert len(nodes) <= 4000
    assert {node.tag.removeprefix(SVG) for node in nodes} <= ELEMENTS
    assert not re.search(r"url\(|href|script|@import|NaN|inf\b", svg)
    assert svg.count("http") == 1
    for node in nodes:
        assert not any(key.startswith("on") for key in node.attrib)
        for key in ("x", "y", "width", "height", "d", "transform", "stroke-dasharray", "opacity"):
            assert not re.search(r"\.\d{3}", node.get(key, ""))
        for key in ("width", "height"):
            assert float(node.get(key, 1)) > 0
        if node.tag == f"{SVG}text":
            assert float(node.get("font-size", 12)) >= 11


@settings(max_examples=60)
@given(any_layers(plain=False), st.sampled_from(sorted(FIGURES)))
@example(WIDEST, "window")
@example(WIDEST, "groups")
@example(TINY, "window")
@example(SINGLE, "groups")
@example(BLIND, "window")
@example(BLIND.as_kind("spatially-separable"), "window")
@example(ONE_CELL, "window")
def test_groups_and_window_are_valid_and_small(spec, name):
    svg = figure(name, spec)
    assert_valid(svg)
    assert len(svg.encode()) <= 30_000
    assert svg == figure(name, spec)


@settings(max_examples=60)
@given(any_layers(plain=False), st.sampled_from(ANIMATED))
@example(WIDEST, "separable")
@example(WIDEST, "spatial")
@example(TINY, "separable")
@example(TINY, "spatial")
@example(SINGLE, "window")
@example(BLIND, "spatial")
@example(LayerSpec(kernel_size=7, in_channels=8, size=64, stride=4), "standard")
def test_animation_is_valid_and_small(spec, name):
    svg = animated_figure(name, spec)
    assert_valid(svg)
    assert len(svg.encode()) <= 60_000


@settings(max_examples=40)
@given(any_layers(plain=False), st.sampled_from(ANIMATED), st.integers(1, 12))
@example(SINGLE, "standard", 12)
@example(ONE_CELL, "separable", 12)
def test_frames_draws_that_many_numbered_stills(spec, name, frames):
    svg = animated_figure(name, spec, frames)
    assert_valid(svg)
    assert "animation" not in svg
    said = [node.text for node in parsed(svg).iter(f"{SVG}text")]
    assert [text for text in said if text.isdigit()] == [str(number) for number in range(1, frames + 1)]
    panels = [node for node in parsed(svg).iter(f"{SVG}g") if "translate" in node.get("transform", "")]
    assert len(panels) == frames
    working = passes(name, spec)[-1]
    last = [text for text in said if "cell (" in text][-1]
    assert last.endswith(f"cell ({working.rows[-1]}, {working.columns[-1]})")


def feeding(spec, y, x):
    """Rows and columns that an output cell depends on, by torch's gradients, with explicit padding."""
    maps = torch.zeros(1, spec.in_channels, *spec.size, dtype=torch.float64, requires_grad=True)
    out = maps
    for shape, (_, stage_groups, stride, dilation, padding) in zip(plan(spec).convolutions, steps(spec), strict=True):
        (top, bottom), (left, right) = padding
        weight = torch.ones(shape.weight_shape, dtype=torch.float64)
        padded = functional.pad(out, (left, right, top, bottom))
        out = functional.conv2d(padded, weight, stride=stride, dilation=dilation, groups=stage_groups)
    out[0, 0, y, x].backward()
    return {(row, column) for _, row, column in maps.grad[0].nonzero().tolist()}


@settings(max_examples=80)
@given(layers(), st.data())
def test_receptive_field_is_where_torch_has_a_gradient(spec, data):
    stages = plan(spec).convolutions
    field = first_receptive_field(stages)
    height, width = stages[-1].output
    cells = {field.cell, (data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1)))}
    for cell in cells:
        rows, columns = field.input_ranges(cell)
        drawn = {(row, column) for row in within(rows, spec.size.height) for column in within(columns, spec.size.width)}
        assert drawn == feeding(spec, *cell)
    under, inside = field.count()
    assert under == spec.kernel_size.area
    assert inside == len(feeding(spec, *field.cell))
    assert f"{under - inside} of them are padding" in window.describe(spec)


@given(st.integers(-600, 600), st.integers(1, 31), st.integers(1, 16), st.integers(1, 512))
def test_within_keeps_the_cells_on_the_map(start, count, step, size):
    reach = range(start, start + count * step, step)
    assert list(within(reach, size)) == [each for each in reach if 0 <= each < size]


@settings(max_examples=60)
@given(layers(), st.sampled_from(ANIMATED))
def test_passes_compute_every_cell_once_from_drawn_cells(spec, name):
    working = passes(name, spec)
    for each in working:
        made = [(row, column) for row, columns in each.steps() for column in columns]
        assert made == [(row, column) for row in each.rows for column in each.columns]
        rows, columns = each.input_ranges()
        for step in range(len(each.steps())):
            down, across = each.window(step)
            assert set(down) <= set(rows)
            assert set(across) <= set(columns)
            filled = {(row, col) for ys, xs in each.cells_made(step + 1) for row in ys for col in xs}
            assert filled == {(row, col) for row, cols in each.steps()[: step + 1] for col in cols}
    for before, after in pairwise(working):
        height, width = after.shape.input
        needed = {
            (row, column)
            for y, xs in after.steps()
            for x in xs
            for row in within(after.shape.window(y, x)[0], height)
            for column in within(after.shape.window(y, x)[1], width)
        }
        assert needed <= {(row, column) for row in before.rows for column in before.columns}


def connected(svg):
    """By panel and output, the inputs that its lines lead to, read from the drawing."""
    root = parsed(svg)
    labels = {}
    for node in root.iter(f"{SVG}text"):
        if node.get("font-size") == "11" and node.text.isdigit():
            side = "input" if node.get("text-anchor") == "end" else "output"
            panel = int(float(node.get("x")) // 336)
            labels[panel, side, round(float(node.get("y")) - 4, 2)] = int(node.text)
    lines = {}
    for node in root.iter(f"{SVG}path"):
        for x, y, to_y in re.findall(r"M([\d.]+) ([\d.]+)L[\d.]+ ([\d.]+)", node.get("d")):
            panel = int(float(x) // 336)
            output = labels[panel, "output", float(to_y)]
            lines.setdefault(panel, {}).setdefault(output, set()).add(labels[panel, "input", float(y)])
    shown = {}
    for (panel, side, _), channel in labels.items():
        shown.setdefault((panel, side), set()).add(channel)
    return lines, shown


@settings(max_examples=60)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 4))
@example(512, 1024, 1)
@example(12, 18, 8)
@example(3, 8, 1)
def test_connections_lead_to_the_channels_that_torch_reads(channels, outputs, multiplier):
    spec = LayerSpec(in_channels=channels, out_channels=outputs, depth_multiplier=multiplier, size=8)
    divisors = [g for g in range(2, channels) if channels % g == 0 and outputs % g == 0]
    chosen = groups.between(channels, outputs)
    assert (chosen in divisors) if divisors else chosen is None
    lines, shown = connected(figure("groups", spec))
    panels = {0: (1, outputs), 1: (chosen, outputs), 2: (channels, channels * multiplier)}
    said = figure("groups", spec)
    for panel, (count, made) in panels.items():
        if count is None:
            assert panel not in lines
            continue
        layer = torch.nn.Conv2d(channels, made, 3, groups=count, bias=False)
        assert f"{sum(each.numel() for each in layer.parameters()):,} param" in said
        maps = torch.zeros(1, channels, 3, 3, requires_grad=True)
        torch.nn.init.ones_(layer.weight)
        out = layer(maps)[0, :, 0, 0]
        for output in shown[panel, "output"]:
            (gradient,) = torch.autograd.grad(out[output], maps, retain_graph=True)
            read = set(gradient[0].abs().sum((1, 2)).nonzero().flatten().tolist())
            assert lines[panel][output] == read & shown[panel, "input"]
        assert {0, made - 1} <= shown[panel, "output"]


def test_groups_without_a_divisor_suggest_outputs_that_have_one():
    assert "M = 7 is prime" in groups.describe(LayerSpec(in_channels=7, out_channels=14))
    assert "one channel" in groups.describe(SINGLE)
    assert "With N = 36, groups = 3 would" in groups.describe(LayerSpec(in_channels=6, out_channels=35))
    assert "8 biases" in figure("groups", LayerSpec(bias=True))
    told = groups.describe(LayerSpec(in_channels=64, out_channels=128, size=112))
    assert "73,728 params, 924,844,032 MACs" in told
    assert "Grouped, 8 groups: each of 128 outputs reads 8 of 64 channels, 9,216 params" in told


@settings(max_examples=30)
@given(any_layers(plain=False), st.sampled_from(ANIMATED))
def test_animated_elements_have_keyframes_of_their_own(spec, name):
    svg = animated_figure(name, spec, theme="light")
    prefix = re.search(r"\[class\^=(m\w+)\]", svg).group(1)
    classes = [node.get("class") for node in parsed(svg).iter(f"{SVG}g") if node.get("class")]
    assert sorted(classes) == sorted(re.findall(r"@keyframes ([\w-]+)", svg))
    assert all(each.startswith(prefix) for each in classes)
    other = animated_figure(name, spec.replace(in_channels=spec.in_channels % 512 + 1), theme="light")
    assert prefix not in other
    seconds = float(re.search(r"animation:([\d.]+)s linear infinite", svg).group(1))
    assert 8 <= seconds <= 12
    for frames in re.findall(r"@keyframes [\w-]+\{((?:[^{}]*\{[^{}]*\})*)\}", svg):
        times = [100 if each == "to" else float(each[:-1]) for each in re.findall(r"to|[\d.]+%", frames)]
        assert times == sorted(times)
        assert times[0] == 0
        assert times[-1] == 100


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(any_layers(plain=False), st.sampled_from(ANIMATED))
@example(WIDEST, "separable")
@example(WIDEST.replace(padding="same", stride=1), "spatial")
@example(TINY, "standard")
@example(SINGLE, "window")
@example(ONE_CELL, "separable")
@example(LayerSpec(in_channels=509, out_channels=1021, kernel_size=31, bias=True, depth_multiplier=8), "depthwise")
def test_texts_of_animations_neither_overlap_nor_leave_the_figure(page, spec, name):
    figures = [*(figure(each, spec) for each in FIGURES), animated_figure(name, spec), animated_figure(name, spec, 3)]
    assert overlaps(page, figures) == []


def moves(page, most=200):
    """Whether a screenshot ever differs from the first."""
    first = page.screenshot()
    return any(page.screenshot() != first for _ in range(most))


def as_image(svg):
    return f'<body style="margin:0"><img src="data:image/svg+xml,{quote(svg)}">'


@pytest.mark.parametrize("name", ["separable", "spatial"])
def test_animation_plays_in_an_img(page, name):
    page.set_content(as_image(animated_figure(name, LayerSpec())))
    assert moves(page)


def test_animation_stands_still_with_reduced_motion(browser, browser_type, browser_type_launch_args):
    svg = animated_figure("separable", LayerSpec())
    context = browser.new_context(reduced_motion="reduce")
    inline = context.new_page()
    inline.set_content(f"<body>{svg}")
    assert not moves(inline, 30)
    context.close()
    # Emulated media do not apply inside an image; the preference of the system does.
    flags = [*browser_type_launch_args["args"], "--force-prefers-reduced-motion"]
    preferring = browser_type.launch(**{**browser_type_launch_args, "args": flags})
    image = preferring.new_page()
    image.set_content(as_image(svg))
    assert not moves(image, 30)
    preferring.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ANIMATED)
def test_renderer_without_animation_shows_the_middle_of_the_last_pass(name, theme):
    svg = animated_figure(name, LayerSpec(), theme=theme).encode()
    pictures = [cairosvg.svg2png(svg)]
    if shutil.which("rsvg-convert"):
        pictures.append(subprocess.run(["rsvg-convert"], input=svg, stdout=subprocess.PIPE, check=True).stdout)
    last = passes(name, LayerSpec())[-1]
    groups_ = [g for g in parsed(svg.decode()).iter(f"{SVG}g") if re.search(r"c\d-\d+$", g.get("class", ""))]
    shown = [g for g in groups_ if g.get("opacity") != "0"]
    assert 0 < len(groups_) - len(shown) < len(last.steps())
    for picture in pictures:
        assert share(picture, COLOURS["ink"][theme]) > 0.0005
        assert share(picture, COLOURS["paper"][theme]) < 0.95


def share(png, colour):
    """The share of a picture's pixels that have a colour."""
    with Image.open(io.BytesIO(png)) as image:
        pixels = np.asarray(image.convert("RGB"), dtype=int)
    return (abs(pixels - np.array([*bytes.fromhex(colour[1:])])).max(axis=2) <= 3).mean()


def test_maps_of_one_input_channel_have_its_name_and_colour():
    svg = figure("window", LayerSpec(in_channels=1, out_channels=2, depth_multiplier=3))
    assert re.findall(r"map \d, of channel \d", svg) == [f"map {each}, of channel 0" for each in range(3)]
    assert COLOURS["channel-0"]["light"] in svg
    assert COLOURS["channel-1"]["light"] not in svg


def test_groups_name_the_outputs_of_each_convolution():
    spec = LayerSpec(in_channels=1, out_channels=64, depth_multiplier=3)
    svg = re.sub(r"</?tspan[^>]*>", "", figure("groups", spec))
    assert re.findall(r">([MNm·]+) = (\d+)<", svg) == [("M", "1"), ("N", "64"), ("M", "1"), ("M·m", "3")]
    assert "every output reads all 1" not in svg
