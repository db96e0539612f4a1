"""The formulas of the page have one shape, whichever mathematical fonts are installed, in Chromium and in Firefox."""

import io
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserType
from sepviz.layer.spec import LayerSpec
from sepviz.web.rendering import create_environment, layer_context

from tests.conftest import find_firefox

ROOT = Path(__file__).resolve().parents[2]
MATHS_FONT = "latinmodern-math.otf"
FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><include>/etc/fonts/fonts.conf</include><cachedir>{cache}</cachedir>
<selectfont><rejectfont>{rejected}</rejectfont></selectfont></fontconfig>"""
REJECTED = {"with": "", "without": "<glob>*/*math*</glob><glob>*/*Math*</glob>"}

LAYERS = ("", "in_channels=64&out_channels=128", "in_channels=512&out_channels=1024&kernel_size=15&size=512",
          "depth_multiplier=2&out_channels=6", "kind=spatially-separable", "kind=standard&stride=2")  # fmt: skip
SCALE = 4
WIDTH, HEIGHT = 700, 90 * len(LAYERS)
# Each part in a colour of its own, so that its ink is found in a picture.
INK = """body, .formulas { background: #fff; margin: 0; color: #fff } .formula { min-height: 40px; margin: 0 }
.factor, .factor i { color: #00f } .factor sub { color: #0a0 } .factor .value { color: #f00 }
.sign, .formula-name, .formula-sum { color: #fff }"""


@pytest.fixture(scope="module")
def formulas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with the formulas of several layers, one layer below the other."""
    environment = create_environment(ROOT / "templates")
    cost = environment.get_template("parts/cost.html")
    layers = [LayerSpec.parse(pair.split("=") for pair in query.split("&") if pair) for query in LAYERS]
    rendered = [cost.render(layer_context(layer, {})) for layer in layers]
    styles = "".join((ROOT / "static/css" / name).read_text() for name in ("page.css", "figures.css"))
    hidden = f"body {{ width: {WIDTH}px; transform: scale({SCALE}); transform-origin: 0 0 }}"
    # The picture is larger than any screen, whose zoom it does not take.
    hidden += "body { display: block; min-height: 0 } body { zoom: 1 !important }"
    hidden += ".verdict, .sketch, .bars { display: none } .formulas { height: 90px }"
    page = tmp_path_factory.mktemp("formulas") / "page.html"
    colours = environment.get_template("parts/colours.html").render()
    head = f"<!doctype html><html data-theme=light><meta charset=utf-8>{colours}<style>{styles}{hidden}{INK}</style>"
    page.write_text(head + "".join(rendered), encoding="utf-8")
    return page


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """The environment with a mathematical font and the one without any."""
    found = {}
    for name, rejected in REJECTED.items():
        folder = tmp_path_factory.mktemp(name)
        (folder / "fonts.conf").write_text(FONTS.format(cache=folder / "cache", rejected=rejected))
        found[name] = {**os.environ, "FONTCONFIG_FILE": str(folder / "fonts.conf"), "HOME": str(folder)}
        listed = subprocess.run(["fc-list"], check=True, capture_output=True, text=True, env=found[name]).stdout
        assert (MATHS_FONT in listed) == (name == "with"), "on Debian, apt-get install fonts-lmodern"
        assert "math" not in listed.lower() or name == "with"
        assert "DejaVu Serif" in listed
    return found


def chromium(page: Path, environment: dict[str, str], kind: BrowserType, options: dict) -> Image.Image:
    browser: Browser = kind.launch(**options, env=environment)
    tab = browser.new_page(viewport={"width": WIDTH * SCALE, "height": HEIGHT * SCALE})
    tab.goto(page.as_uri())
    picture = tab.screenshot()
    browser.close()
    return Image.open(io.BytesIO(picture)).convert("RGB")


def firefox(page: Path, environment: dict[str, str]) -> Image.Image:
    program = find_firefox()
    assert program, "no Firefox: on Debian, apt-get install firefox-esr"
    folder = Path(environment["HOME"]) / "profile"
    folder.mkdir(exist_ok=True)
    target = folder / "page.png"
    command = [program, "--headless", "--profile", str(folder), "--screenshot", str(target)]
    command += [f"--window-size={WIDTH * SCALE},{HEIGHT * SCALE}", page.as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=100, env=environment | {"MOZ_HEADLESS": "1"})
    return Image.open(target).convert("RGB")


@pytest.fixture(scope="module", params=["chromium", "firefox"])
def pictures(request, formulas, environments, browser_type, browser_type_launch_args) -> dict[str, Image.Image]:
    """What one browser draws with a mathematical font, and what without one."""
    if request.param == "firefox":
        return {name: firefox(formulas, each) for name, each in environments.items()}
    launch = browser_type_launch_args
    return {name: chromium(formulas, each, browser_type, launch) for name, each in environments.items()}


def runs(filled: np.ndarray, gap: int) -> list[tuple[int, int]]:
    """The runs of what is filled, those that are less than `gap` apart joined."""
    at = np.flatnonzero(filled)
    breaks = np.flatnonzero(np.diff(at) > gap)
    starts, ends = np.r_[at[:1], at[breaks + 1]], np.r_[at[breaks], at[-1:]]
    return list(zip(starts.tolist(), (ends + 1).tolist(), strict=True))


def test_a_maths_font_changes_nothing(pictures):
    assert np.asarray(pictures["with"]).min() < 200
    assert np.array_equal(np.asarray(pictures["with"]), np.asarray(pictures["without"]))


@pytest.mark.parametrize("fonts", ["with", "without"])
def test_numbers_stand_clear_below_their_letters(pictures, fonts):
    picture = np.asarray(pictures[fonts]).astype(int)
    red, green, blue = (picture[..., channel] for channel in range(3))
    ink = {"letter": blue - np.maximum(red, green) > 100, "sub": green - np.maximum(red, blue) > 80,
           "value": red - np.maximum(green, blue) > 100}  # fmt: skip
    rows = runs(sum(ink.values()).any(axis=1), gap=6 * SCALE)
    assert len(rows) == 2 * len(LAYERS)
    for top, bottom in rows:
        line = {name: each[top:bottom] for name, each in ink.items()}
        letters, values = (runs(line[name].any(axis=1), SCALE) for name in ("letter", "value"))
        ((first, last),), ((upper, lower),) = letters, values
        # The numbers are as high as digits of 11 px are, and below every subscript.
        assert 7 * SCALE <= lower - upper <= 9 * SCALE
        assert upper - last >= 2 * SCALE
        assert 8 * SCALE <= last - first <= 12 * SCALE
        if line["sub"].any():
            ((above, below),) = runs(line["sub"].any(axis=1), SCALE)
            assert last < below < upper
            assert first < above < last
            assert upper - below >= SCALE
        for left, right in runs(line["value"].any(axis=0), 4 * SCALE):
            over = line["letter"][:, left - SCALE : right + SCALE]
            assert over.any(), "a number without a letter above it"
