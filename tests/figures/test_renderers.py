"""The stored figures look the same in Chromium, Firefox, librsvg and CairoSVG."""

import io
import os
import subprocess
from functools import cache
from pathlib import Path

import cairosvg
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser
from sepviz.figures.export import size

from tests.conftest import find_firefox
from tests.support.stored_figures import FOLDER

WIDTH = 640  # of each figure in pixels
SHEETS = {folder.name: sorted(folder.glob("*.svg")) for folder in sorted(FOLDER.iterdir())}
FIGURES = [(sheet, path) for sheet, paths in SHEETS.items() for path in paths]


@cache
def height(path: Path) -> int:
    across, down = size(path.read_text(encoding="utf-8"))
    return round(down * WIDTH / across)


def page(sheet: str, folder: Path, inline: bool = False) -> tuple[Path, int]:
    """A page with every figure of a sheet, in an `<img>` or inline, one below the other, and its height."""
    rows = [
        path.read_text(encoding="utf-8")
        if inline
        else f'<img src="{path.as_uri()}" width="{WIDTH}" height="{height(path)}">'
        for path in SHEETS[sheet]
    ]
    shown = [f'<div style="height:{height(path)}px">{row}</div>' for path, row in zip(SHEETS[sheet], rows, strict=True)]
    style = f"<style>*{{margin:0}}img,svg{{display:block}}svg{{width:{WIDTH}px;height:auto}}</style>"
    file = folder / f"{sheet}.html"
    file.write_text(f"<!doctype html><meta charset=utf-8>{style}{''.join(shown)}", encoding="utf-8")
    return file, sum(map(height, SHEETS[sheet]))


def cut(picture: Image.Image, sheet: str) -> dict[Path, Image.Image]:
    found, top = {}, 0
    for path in SHEETS[sheet]:
        found[path] = picture.crop((0, top, WIDTH, top + height(path)))
        top += height(path)
    return found


@pytest.fixture(scope="module")
def chromium(browser: Browser, tmp_path_factory: pytest.TempPathFactory):
    """Each figure in Chromium with reduced motion."""
    folder = tmp_path_factory.mktemp("chromium")
    context = browser.new_context(reduced_motion="reduce")

    @cache
    def shown(sheet: str) -> dict[Path, Image.Image]:
        # Emulated media do not apply inside an `<img>`, where animations would play.
        file, total = page(sheet, folder, inline=sheet == "animated")
        tab = context.new_page()
        tab.set_viewport_size({"width": WIDTH, "height": total})
        tab.goto(file.as_uri())
        picture = Image.open(io.BytesIO(tab.screenshot())).convert("RGB")
        tab.close()
        return cut(picture, sheet)

    yield shown
    context.close()


@pytest.fixture(scope="module")
def firefox(tmp_path_factory: pytest.TempPathFactory):
    """Each figure in Firefox with reduced motion."""
    program = find_firefox()
    assert program, "no Firefox: on Debian, apt-get install firefox-esr"
    folder = tmp_path_factory.mktemp("firefox")
    (folder / "user.js").write_text('user_pref("ui.prefersReducedMotion", 1);\n')
    environment = {**os.environ, "HOME": str(folder), "MOZ_HEADLESS": "1"}

    @cache
    def shown(sheet: str) -> dict[Path, Image.Image]:
        file, total = page(sheet, folder)
        command = [program, "--headless", "--profile", str(folder), "--screenshot", str(folder / f"{sheet}.png")]
        command += [f"--window-size={WIDTH},{total}", file.as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=100, env=environment)
        return cut(Image.open(folder / f"{sheet}.png").convert("RGB"), sheet)

    return shown


def coarse(picture: Image.Image) -> np.ndarray:
    """Averages over squares of 16 pixels, which blur the edges of letters."""
    small = picture.convert("RGB").resize((WIDTH // 16, max(1, picture.height // 16)), Image.Resampling.BOX)
    return np.asarray(small).astype(float)


def rsvg(path: Path) -> Image.Image:
    done = subprocess.run(["rsvg-convert", "--width", str(WIDTH), str(path)], check=True, capture_output=True)
    return Image.open(io.BytesIO(done.stdout))


def cairo(path: Path) -> Image.Image:
    return Image.open(io.BytesIO(cairosvg.svg2png(url=str(path), output_width=WIDTH, output_height=height(path))))


@pytest.mark.parametrize(("sheet", "path"), FIGURES, ids=[f"{sheet}-{path.stem}" for sheet, path in FIGURES])
def test_stored_figure_looks_the_same_in_four_renderers(sheet, path, chromium, firefox):
    reference = coarse(chromium(sheet)[path])
    # A blank picture would agree with another one.
    assert np.abs(reference - reference[0, 0]).max() > 20
    for other in (firefox(sheet)[path], rsvg(path), cairo(path)):
        assert abs(other.width - WIDTH) <= 1
        assert abs(other.height - height(path)) <= 1
        found = coarse(other.resize((WIDTH, height(path))))
        difference = np.abs(found - reference)
        # Fonts differ in width and weight; planes, kernels, bars and paper do not.
        assert difference.mean() < 3
        assert np.quantile(difference, 0.99) < 60
