"""Figures as PNG and PDF: sizes, pixels beside another renderer's, and errors without Cairo."""

import io
import subprocess
import sys
from importlib.abc import MetaPathFinder

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from pypdf import PdfReader
from sepviz import cli
from sepviz.errors import InvalidParameters
from sepviz.figures import NAMES, draw
from sepviz.figures.export import MAX_PIXELS, ExportUnavailable, pdf, png, size
from sepviz.figures.options import Options
from sepviz.layer.cost import compare
from sepviz.layer.spec import LayerSpec
from sepviz.palette import COLOURS

LAYER = LayerSpec(in_channels=64, out_channels=128, size=112)


def run(*arguments):
    return CliRunner().invoke(cli.main, [str(each) for each in arguments])


def opened(data):
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "PNG"
        return image.convert("RGBA")


def rgb(role, mode):
    return tuple(bytes.fromhex(COLOURS[role][mode][1:]))


@pytest.mark.parametrize("theme", ["auto", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_png_matches_the_pixels_of_librsvg(name, theme):
    svg = draw(name, LAYER, Options(theme))
    found = opened(png(svg, 1))
    reference = subprocess.run(["rsvg-convert"], input=svg.encode(), capture_output=True, check=True).stdout
    wanted = opened(reference)
    assert found.size == tuple(round(side) for side in size(svg))
    assert abs(found.width - wanted.width) <= 1
    assert abs(found.height - wanted.height) <= 1
    box = (0, 0, min(found.width, wanted.width), min(found.height, wanted.height))
    # Averaged over 4 × 4 pixels, as hinting and positions of letters differ by fractions of a pixel.
    small = (box[2] // 4, box[3] // 4)
    one, other = (
        np.asarray(each.convert("RGB").crop(box).resize(small, Image.Resampling.BOX), float) for each in (found, wanted)
    )
    assert np.abs(one - other).mean() < 2.5
    assert one.std() > 5


@pytest.mark.parametrize(("theme", "mode"), [("auto", "light"), ("light", "light"), ("dark", "dark")])
def test_png_has_an_opaque_background_with_paper_and_a_transparent_one_without(theme, mode):
    paper = opened(png(draw("separable", LAYER, Options(theme))))
    assert paper.getpixel((0, 0)) == (*rgb("paper", mode), 255)
    none = opened(png(draw("separable", LAYER, Options(theme, background="none"))))
    assert none.getpixel((0, 0))[3] == 0
    assert none.getextrema()[3] == (0, 255)


@pytest.mark.parametrize(
    ("options", "factor"), [([], 2), (["--scale", 1], 1), (["--scale", 0.5], 0.5), (["--scale", 3], 3)]
)
@pytest.mark.parametrize("width", [None, 640])
def test_command_writes_a_png_of_the_scaled_size(tmp_path, options, factor, width):
    given = [] if width is None else ["--width", width]
    written = run("diagram", "separable", *given, *options, "-o", tmp_path / "figure.PNG")
    assert (written.exit_code, written.output) == (0, "")
    shown = size(draw("separable", LayerSpec(), Options(width=width)))
    assert opened((tmp_path / "figure.PNG").read_bytes()).size == tuple(round(side * factor) for side in shown)
    assert width in (None, shown[0])


@pytest.mark.parametrize("scale", ["0", "17", "twice"])
def test_invalid_scale_is_a_usage_error(tmp_path, scale):
    refused = run("diagram", "separable", "--scale", scale, "-o", tmp_path / "a.png")
    assert refused.exit_code == 2
    assert "'--scale'" in refused.stderr


def test_png_above_the_pixel_limit_is_refused_and_the_suggested_scale_is_accepted(tmp_path):
    svg = draw("separable", LAYER, Options(width=4096))
    with pytest.raises(InvalidParameters) as caught:
        png(svg, 16)
    (bad,) = caught.value.bad
    fits = float(bad.allowed.split()[2])
    width, height = opened(png(svg, fits)).size
    assert width * height <= MAX_PIXELS < (width + 50) * (height + 50)
    refused = run("diagram", "separable", "--width", 4096, "--scale", 16, "-o", tmp_path / "a.png")
    assert refused.exit_code == 2
    assert refused.stderr.startswith("--scale 16: the picture would be 65,536 x ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", NAMES)
def test_pdf_is_one_page_of_vectors_and_text(tmp_path, name):
    svg = draw(name, LAYER)
    written = run(
        "diagram", name, "--in-channels", 64, "--out-channels", 128, "--size", 112, "-o", tmp_path / "figure.pdf"
    )
    assert (written.exit_code, written.output) == (0, "")
    assert (tmp_path / "figure.pdf").read_bytes() == pdf(svg)
    reader = PdfReader(tmp_path / "figure.pdf")
    (page,) = reader.pages
    assert [float(side) for side in page.mediabox[2:]] == pytest.approx([0.75 * side for side in size(svg)], abs=0.01)
    assert list(page.images) == []
    assert reader.metadata.title in svg
    if name in ("separable", "comparison", "cost"):
        text = page.extract_text()
        assert f"{compare(LAYER).layer.macs:,}" in text


def test_pdf_from_another_process_has_equal_bytes(tmp_path):
    command = [sys.executable, "-m", "sepviz.cli", "diagram", "comparison", "-o"]
    for name in ("one.pdf", "other.pdf"):
        subprocess.run([*command, tmp_path / name], check=True)
    one, other = ((tmp_path / name).read_bytes() for name in ("one.pdf", "other.pdf"))
    assert one == other == pdf(draw("comparison", LayerSpec()))


def test_title_with_markup_characters_is_escaped_once():
    svg = draw("cost", LAYER, Options(title="a <b> & 'c'"))
    assert PdfReader(io.BytesIO(pdf(svg))).metadata.title == "a <b> & 'c'"


class Missing(MetaPathFinder):
    """An import hook with which importing CairoSVG raises the error."""

    def __init__(self, error):
        self.error = error

    def find_spec(self, name, _path, _target=None):
        if name.partition(".")[0] in ("cairosvg", "cairocffi"):
            raise self.error


@pytest.mark.parametrize(
    ("error", "help_"),
    [
        (ModuleNotFoundError("No module named 'cairosvg'"), "pip install 'sepviz[export]'"),
        (OSError('no library called "cairo-2" was found'), "apt-get install libcairo2"),
    ],
)
@pytest.mark.parametrize("ending", ["png", "pdf"])
def test_export_without_cairo_fails_with_instructions(tmp_path, monkeypatch, error, help_, ending):
    for name in [each for each in sys.modules if each.partition(".")[0] in ("cairosvg", "cairocffi")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Missing(error), *sys.meta_path])
    make = {"png": png, "pdf": pdf}[ending]
    with pytest.raises(ExportUnavailable, match="PNG and PDF need"):
        make(draw("separable", LAYER))
    path = tmp_path / f"a.{ending}"
    refused = run("diagram", "separable", "-o", path)
    assert refused.exit_code == 1
    assert refused.stderr.startswith(f"Error: cannot write {path}: PNG and PDF need ")
    assert help_ in refused.stderr
    assert list(tmp_path.iterdir()) == []
    assert run("diagram", "separable", "-o", tmp_path / "a.svg").exit_code == 0
