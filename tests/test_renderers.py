"""Every figure in the four renderers that people use: Chromium, Firefox, librsvg and CairoSVG show the same picture."""

import io
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import cairosvg
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser

from app.diagrams import NAMES, Options, draw
from app.export import size
from app.spec import LayerSpec

WIDTH = 640  # each figure is shown so wide
LAYERS = {
    "the default": LayerSpec(),
    "many channels": LayerSpec(in_channels=512, out_channels=1024, kernel_size=31, size=64),
    "strided": LayerSpec(in_channels=6, out_channels=4, kernel_size=5, stride=3, dilation=2, depth_multiplier=2),
    "one channel": LayerSpec(in_channels=1, out_channels=1, kernel_size=1, size=8),
}
FIGURES = [(name, layer) for name in NAMES for layer in LAYERS]


@cache
def figure(name: str, layer: str) -> str:
    return draw(name, LAYERS[layer], Options(width=WIDTH))


def height(name: str, layer: str) -> int:
    return round(size(figure(name, layer))[1])


def page(folder: Path) -> tuple[Path, int]:
    """A page with every figure in an `<img>`, one below the other, and its height."""
    rows, total = [], 0
    for index, key in enumerate(FIGURES):
        (folder / f"{index}.svg").write_text(figure(*key))
        rows.append(f'<img src="{index}.svg" width="{WIDTH}" height="{height(*key)}">')
        total += height(*key)
    style = "<style>*{margin:0}img{display:block}</style>"
    (folder / "all.html").write_text(f"<!doctype html>{style}{''.join(rows)}")
    return folder / "all.html", total


def cut(sheet: Image.Image) -> dict[tuple[str, str], Image.Image]:
    found, top = {}, 0
    for key in FIGURES:
        found[key] = sheet.crop((0, top, WIDTH, top + height(*key)))
        top += height(*key)
    return found


@pytest.fixture(scope="module")
def chromium(browser: Browser, tmp_path_factory: pytest.TempPathFactory):
    path, total = page(tmp_path_factory.mktemp("chromium"))
    shown = browser.new_page(viewport={"width": WIDTH, "height": total})
    shown.goto(path.as_uri())
    picture = Image.open(io.BytesIO(shown.screenshot())).convert("RGB")
    shown.close()
    return cut(picture)


@pytest.fixture(scope="module")
def firefox(tmp_path_factory: pytest.TempPathFactory):
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    assert program, "no Firefox: on Debian, apt-get install firefox-esr"
    folder = tmp_path_factory.mktemp("firefox")
    path, total = page(folder)
    command = [program, "--headless", "--profile", str(folder), "--screenshot", str(folder / "all.png")]
    environment = {**os.environ, "HOME": str(folder), "MOZ_HEADLESS": "1"}
    command += [f"--window-size={WIDTH},{total}", path.as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=100, env=environment)
    return cut(Image.open(folder / "all.png").convert("RGB"))


def coarse(picture: Image.Image) -> np.ndarray:
    """What is where, without the edges of letters: averages over squares of 16 pixels."""
    small = picture.convert("RGB").resize((WIDTH // 16, max(1, picture.height // 16)), Image.Resampling.BOX)
    return np.asarray(small).astype(float)


def rsvg(svg: str) -> Image.Image:
    done = subprocess.run(["rsvg-convert"], input=svg.encode(), check=True, capture_output=True)
    return Image.open(io.BytesIO(done.stdout))


def cairo(svg: str) -> Image.Image:
    return Image.open(io.BytesIO(cairosvg.svg2png(svg.encode())))


@pytest.mark.parametrize("key", FIGURES, ids=" of ".join)
def test_all_renderers_show_the_same(key, chromium, firefox):
    reference = coarse(chromium[key])
    # Something is drawn: a blank picture would agree with another one.
    assert np.abs(reference - reference[0, 0]).max() > 20
    for other in (firefox[key], rsvg(figure(*key)), cairo(figure(*key))):
        assert abs(other.width - WIDTH) <= 1
        assert abs(other.height - height(*key)) <= 1
        found = coarse(other.resize((WIDTH, height(*key))))
        difference = np.abs(found - reference)
        # Fonts differ in width and weight; planes, kernels, bars and paper do not.
        assert difference.mean() < 3
        assert np.quantile(difference, 0.99) < 60
