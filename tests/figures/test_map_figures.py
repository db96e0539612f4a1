"""Figures with the real maps on their planes and the real weights in their kernels."""

import io
import re
import subprocess
import sys

import cairosvg
import numpy as np
import pytest
from defusedxml import ElementTree
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sepviz.errors import InvalidParameters
from sepviz.figures import MAPPED, NAMES, draw, find_requests
from sepviz.figures.export import pdf, png
from sepviz.figures.options import Options
from sepviz.layer.plan import plan
from sepviz.layer.spec import LayerSpec
from sepviz.palette import colour_of
from sepviz.pictures.fewer_colours import limit_png
from sepviz.tensors.encoders.grid import limit
from sepviz.tensors.figure_maps import draw_with_maps
from sepviz.tensors.inputs import Inputs
from sepviz.tensors.trace import run
from sepviz.web.app import create_app
from starlette.testclient import TestClient

from tests.support.layers import layers
from tests.support.overlaps import overlaps
from tests.support.redis_server import until

SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}href"
INPUTS = Inputs()
FIGURES = {"depthwise-separable": "separable", "spatially-separable": "spatial", "standard": "standard"}
SCALE = 4  # pixels of a rasterised figure for each of its units
# The layers that take the most bytes: noise, large kernels, many of all.
LARGE = [
    ("comparison", LayerSpec(in_channels=12, out_channels=16, kernel_size=9, weights="random", input="noise")),
    ("standard", LayerSpec(kind="standard", in_channels=8, out_channels=12, kernel_size=9, weights="random")),
    ("separable", LayerSpec(in_channels=512, out_channels=512, kernel_size=31, weights="random", size=24)),
]


def with_maps(name, spec, **options):
    return draw_with_maps(name, spec, Options(maps=True, **options), INPUTS)


def shown(count, most):
    """The channels of a stack, by the rule that the legend calls "left out"."""
    return list(range(count)) if count <= most + 1 else [*range(most - 1), count - 1]


def planes(spec):
    """The map and the source of each plane, in the order in which they are drawn."""
    stages = plan(spec).convolutions
    found = [("input", channel) for channel in shown(spec.in_channels, 4)]
    for stage in stages[:-1]:
        most = 4 if stage.out_channels == stage.in_channels else 5
        found += [(stage.name, channel) for channel in shown(stage.out_channels, most)]
    last = stages[-1]
    most = 8 if last.stage.mixes_channels else 4
    return found + [(last.name, channel) for channel in shown(last.out_channels, most)]


def expected_colour(trace, stage, channel, place, theme):
    """The colour of the cell at a place of the unit square, from the whole map."""
    maps = trace.selected_maps()
    values = maps[stage].values[0, channel].numpy()
    across, down = place
    value = float(values[int(down * values.shape[0]), int(across * values.shape[1])])
    if stage == "input" and values.min() >= 0:
        return colour_of(value, (0, max(1.0, float(values.max()))), "grey")
    colormap = "diverging" if theme == "light" else "diverging-dark"
    return colour_of(value, limit(values, colormap), colormap)


def visible_places(matrix, shape):
    """Places of the unit square that no other plane, line or mark covers, in the middle of their cells."""
    across, rise, _, upright, *_ = matrix
    left = 5.2 / across  # planes stand at least 9 units apart
    for down in (0.25, 0.8):
        cells = (left * shape[1], down * shape[0])
        sides = (across / shape[1], upright / shape[0])
        inside = (min(cell % 1, 1 - cell % 1) * side for cell, side in zip(cells, sides, strict=True))
        if min(inside) > 0.6 and abs((down - 0.5) * upright + left * rise - rise / 2) > 8:
            yield left, down


def matrices(svg):
    for image in ElementTree.fromstring(svg).iter(f"{SVG}image"):
        assert image.get(LINK).startswith("data:image/png;base64,")
        yield [float(each) for each in image.get("transform")[len("matrix(") : -1].split()]


def rsvg(svg):
    done = subprocess.run(["rsvg-convert", "--zoom", str(SCALE)], input=svg.encode(), check=True, capture_output=True)
    return Image.open(io.BytesIO(done.stdout)).convert("RGB")


def cairo(svg):
    return Image.open(io.BytesIO(cairosvg.svg2png(svg.encode(), scale=SCALE))).convert("RGB")


def compare_planes(svg, spec, picture, theme):
    """Compare each plane's visible cells with the colours of its map; return how many were compared."""
    trace = run(spec, INPUTS)
    maps = trace.selected_maps()
    box = [float(each) for each in ElementTree.fromstring(svg).get("viewBox").split()]
    drawn, wanted = list(matrices(svg)), planes(spec)
    assert len(drawn) == len(wanted)
    count = 0
    for (stage, channel), matrix in zip(wanted, drawn, strict=True):
        a, b, c, d, e, f = matrix
        for u, v in visible_places(matrix, maps[stage].values.shape[2:]):
            x, y = a * u + c * v + e - box[0], b * u + d * v + f - box[1]
            found = picture.getpixel((round(x * SCALE), round(y * SCALE)))
            expected = bytes.fromhex(expected_colour(trace, stage, channel, (u, v), theme)[1:])
            assert np.abs(np.subtract(found, list(expected))).max() <= 12, (stage, channel, u, v)
            count += 1
    return count


@settings(max_examples=12, deadline=None)
@given(layers(plain=False), st.sampled_from(["light", "dark"]), st.sampled_from([rsvg, cairo]))
def test_planes_have_the_colours_of_their_maps(spec, theme, render):
    svg = with_maps(FIGURES[spec.kind], spec, theme=theme)
    compare_planes(svg, spec, render(svg), theme)


@pytest.mark.parametrize("render", [rsvg, cairo])
@pytest.mark.parametrize("kind", FIGURES)
def test_every_plane_is_compared_in_a_layer_of_each_kind(kind, render):
    spec = LayerSpec(kind=kind, size=8, out_channels=3, weights="random", input="noise")
    svg = with_maps(FIGURES[kind], spec, theme="light")
    assert compare_planes(svg, spec, render(svg), "light") >= len(planes(spec))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_automatic_theme_shows_the_maps_of_the_readers_theme_in_chromium(browser, theme):
    spec = LayerSpec(size=8, weights="random", input="noise")
    svg = with_maps("separable", spec)
    tab = browser.new_page(viewport={"width": 1000, "height": 500}, device_scale_factor=SCALE, color_scheme=theme)
    tab.set_content(f"<style>*{{margin:0}}svg{{display:block}}</style>{svg}")
    picture = Image.open(io.BytesIO(tab.screenshot())).convert("RGB")
    tab.close()
    images = ElementTree.fromstring(svg).iter(f"{SVG}image")
    pairs = [image.get("class", "")[-1:] for image in images]
    assert pairs == ["l", "d"] * (len(pairs) // 2)
    # One of each pair is seen.
    single = with_maps("separable", spec, theme=theme)
    assert compare_planes(single, spec, picture, theme) > 0


def kernel_cells(svg):
    """The fills of squares without an outline, from left to right in rows from above; of two, the one in front."""
    found = {}
    for path in ElementTree.fromstring(svg).iter(f"{SVG}path"):
        if path.get("stroke") is None and re.fullmatch(r"(M\S+ \S+?h\S+?v\S+?h\S+?z)+", path.get("d")):
            corners = re.findall(r"M(\S+?) (\S+?)h", path.get("d"))
            found |= {(float(y), float(x)): path.get("fill") for x, y in corners}
    return [found[place] for place in sorted(found)]


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 4), st.sampled_from(["light", "dark"]))
def test_kernels_have_the_colours_of_their_weights(seed, channels, side, theme):
    spec = LayerSpec(in_channels=channels, kernel_size=side, weights="random", seed=seed, size=8)
    weight = run(spec, INPUTS).stage("depthwise").weight.numpy()[:, 0]
    colormap = "diverging" if theme == "light" else "diverging-dark"
    end = float(np.abs(weight).max())
    *drawn, _, _, _, _, _ = kernel_cells(with_maps("depthwise", spec, theme=theme))  # the last are in the legend
    assert len(drawn) == weight.size
    for fill, value in zip(drawn, weight.ravel(), strict=True):
        nearby = [colour_of(value + step * end, (-end, end), colormap) for step in (-1 / 60, 0, 1 / 60)]
        parts = np.array([list(bytes.fromhex(each[1:])) for each in nearby])
        found = list(bytes.fromhex(fill[1:]))
        assert (parts.min(0) - 1 <= found).all()
        assert (found <= parts.max(0) + 1).all()


@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
@pytest.mark.parametrize(("name", "spec"), LARGE, ids=[name for name, _ in LARGE])
def test_largest_figures_are_small_enough(name, spec, theme):
    assert len(with_maps(name, spec, theme=theme).encode()) <= 300_000


def test_png_and_pdf_are_small_enough_and_show_the_maps():
    svg = with_maps(*LARGE[0], theme="light")
    reduced = limit_png(png(svg), 300_000)
    assert len(reduced) <= 300_000
    assert len(pdf(svg)) <= 300_000
    whole, fewer = (np.asarray(Image.open(io.BytesIO(each)).convert("RGB")).astype(int) for each in (png(svg), reduced))
    assert np.abs(whole - fewer).mean() < 4
    assert limit_png(reduced, 300_000) is reduced
    clear = png(with_maps("separable", LayerSpec(), background="none"))
    kept = Image.open(io.BytesIO(limit_png(clear, 200_000))).convert("RGBA")
    assert kept.getpixel((0, 0))[3] == 0


def test_only_drawn_maps_are_requested():
    spec = LayerSpec(in_channels=512, out_channels=256, size=4)
    requests = find_requests("separable", spec, Options(maps=True))
    assert {key.channel for key in requests.maps if key.stage == "depthwise"} == {0, 1, 2, 511}
    assert {key.channel for key in requests.maps if key.stage == "pointwise"} == {*range(7), 255}


def test_figure_without_maps_has_no_pictures():
    for name in NAMES:
        assert "<image" not in draw(name, LayerSpec())


def test_maps_show_what_follows_the_stages():
    spec = LayerSpec(size=8, between=("relu",), input="noise", weights="random")
    svg = with_maps("separable", spec, theme="light")
    trace = run(spec, INPUTS)
    picture, box = rsvg(svg), [float(each) for each in ElementTree.fromstring(svg).get("viewBox").split()]
    matrix = list(matrices(svg))[3]  # the first depthwise plane
    values = trace.stages[1].output.values[0, 0]
    for u, v in visible_places(matrix, values.shape):
        x, y = matrix[0] * u + matrix[4] - box[0], matrix[1] * u + matrix[3] * v + matrix[5] - box[1]
        colour = colour_of(float(values[int(v * 8), int(u * 8)]), limit(values.numpy(), "diverging"), "diverging")
        found = picture.getpixel((round(x * SCALE), round(y * SCALE)))
        assert np.abs(np.subtract(found, list(bytes.fromhex(colour[1:])))).max() <= 12


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(MAPPED)))
def test_figure_without_planes_refuses_maps(name):
    with pytest.raises(InvalidParameters, match=f"maps=true: the figure {name} has no planes.*separable"):
        draw(name, LayerSpec(), Options(maps=True))


@pytest.mark.parametrize("options", [{"animate": True}, {"frames": 3}])
def test_moving_kernel_refuses_maps(options):
    with pytest.raises(InvalidParameters, match="draws cells, and no maps; leave out"):
        draw("separable", LayerSpec(), Options(maps=True, **options))


def test_texts_neither_overlap_nor_leave_figures_with_maps(page):
    specs = [LayerSpec(), LayerSpec(in_channels=512, out_channels=512, size=4, kernel_size=31), LayerSpec(size=1)]
    assert overlaps(page, [draw(name, spec, Options("light", maps=True)) for spec in specs for name in MAPPED]) == []


@pytest.fixture(scope="module")
def client():
    with TestClient(create_app(), base_url="http://localhost") as made:
        until(lambda: made.get("/readyz").status_code == 200, 60)
        yield made


def test_response_is_the_figure_of_the_library_and_revalidates(client):
    found = client.get("/diagrams/separable.svg?size=16&maps=true&theme=dark")
    here = with_maps("separable", LayerSpec(size=16), theme="dark")
    # A worker has one thread, and may round a last digit otherwise.
    assert re.sub('base64,[^"]*', "", found.text) == re.sub('base64,[^"]*', "", here)
    assert client.get(found.url, headers={"If-None-Match": found.headers["etag"]}).status_code == 304
    assert "public" in found.headers["cache-control"]
    other = client.get("/diagrams/separable.svg?size=16&maps=true&theme=dark&input=coffee")
    assert other.content != found.content
    for form, start in (("png", b"\x89PNG"), ("pdf", b"%PDF")):
        exported = client.get(f"/diagrams/separable.{form}?size=16&maps=true")
        assert exported.content.startswith(start)
        assert client.get(f"/diagrams/separable.{form}?size=16&maps=true").content == exported.content


def test_figure_of_an_upload_is_private(client):
    buffer = io.BytesIO()
    Image.new("RGB", (20, 20), "teal").save(buffer, "PNG")
    upload = client.post("/api/images", files={"file": buffer.getvalue()}).json()["id"]
    for form in ("svg", "png"):
        found = client.get(f"/diagrams/separable.{form}?size=16&maps=true&input={upload}")
        assert found.status_code == 200
        assert found.headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("standard.svg?maps=true&in_channels=4096&out_channels=4096", "size up to 63 would fit"),
        ("cost.svg?maps=true", "the figure cost has no planes"),
        ("separable.svg?maps=true&animate=true", "leave out animate, or maps"),
    ],
)
def test_refusal_names_what_would_fit(client, path, words):
    found = client.get(f"/diagrams/{path}")
    assert found.status_code == 422
    # An image that is refused is a figure with the reason, whose lines are broken.
    assert words in " ".join(ElementTree.fromstring(found.text).itertext())


NO_TORCH = "import sys; sys.modules['torch'] = None\nfrom sepviz.cli import main\nmain()"


def test_command_without_torch_draws_plain_figures_and_says_what_maps_need():
    command = [sys.executable, "-c", NO_TORCH, "diagram", "separable", "--size", "8", "-o", "-"]
    plain = subprocess.run(command, capture_output=True, text=True, check=True)
    assert plain.stdout == draw("separable", LayerSpec(size=8))
    refused = subprocess.run([*command, "--maps"], capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "maps=true needs PyTorch, which is not installed" in refused.stderr
