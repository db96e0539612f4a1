"""The same app in Gradio, beside Sepviz, in one run.

Gradio is installed once, in an environment of its own under build/peers; it takes torch from the environment that
runs this script, which stays as it is.
"""

import os
import subprocess
import sysconfig
import venv
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser

from tests.bench.browser import VIEW, chromium, slider
from tests.support.sepviz_server import ROOT, free_port, sepviz, serving

PEERS = ROOT / "build" / "peers"
PYTHON = PEERS / "bin" / "python"
WANTED = ("gradio", "matplotlib")
LAYERS = ((3, 16), (64, 128))
KERNELS = (5, 7, 9, 3, 5, 7, 9, 3)
OFFLINE = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1"}

SET = """([id, value]) => {
  const input = document.querySelector(`#${id} input[type=number]`);
  input.value = value;
  for (const name of ["input", "change"]) input.dispatchEvent(new Event(name, { bubbles: true }));
}"""
# Painted: the cost has changed, and every picture in view is another one and decoded.
CHANGE = """async (value) => {
  const input = document.querySelector("#kernel input[type=number]");
  const pictures = () => [...document.querySelectorAll("#pw img, #dw img")];
  const sources = () => pictures().map((each) => each.src).join("|");
  const inView = (each) => {
    const { top, bottom } = each.getBoundingClientRect();
    return top < innerHeight && bottom > 0;
  };
  const cost = () => document.querySelector("#cost").innerText;
  const [before, told, many] = [sources(), cost(), pictures().length];
  const start = performance.now();
  input.value = value;
  for (const name of ["input", "change"]) input.dispatchEvent(new Event(name, { bubbles: true }));
  for (;;) {
    await new Promise(requestAnimationFrame);
    const now = pictures();
    const whole = now.filter(inView).every((each) => each.complete && each.naturalWidth);
    if (sources() !== before && now.length >= many && whole && cost() !== told) return performance.now() - start;
    if (performance.now() - start > 60000) throw new Error("not painted within 60 s");
  }
}"""


def install() -> None:
    """The environment, unless it is there; the project's packages come last on its path."""
    if not PYTHON.exists():
        venv.create(PEERS, with_pip=True, clear=True)
    site = next(PEERS.glob("lib/python*/site-packages"))
    (site / "_project.pth").write_text(sysconfig.get_path("purelib") + "\n")
    if subprocess.run([PYTHON, "-c", f"import {', '.join(WANTED)}"], capture_output=True, check=False).returncode:
        # The project's pins are not for this environment.
        free = {name: value for name, value in os.environ.items() if not name.endswith("_CONSTRAINT")}
        # `--ignore-installed`: what the project has, and this needs in another version, is installed here too.
        subprocess.run([PYTHON, "-m", "pip", "install", "-q", "--ignore-installed", *WANTED], check=True, env=free)


def gradio(browser: Browser, url: str, channels: int, outputs: int) -> list[float]:
    page = browser.new_page(viewport=VIEW)
    page.goto(url)
    page.wait_for_selector("#pw img", timeout=60_000)
    for element, value in (("inch", channels), ("outch", outputs)):
        page.evaluate(SET, [element, str(value)])
    page.wait_for_function(
        "count => document.querySelectorAll('#pw img').length >= count", arg=min(outputs, 16), timeout=60_000
    )
    page.wait_for_timeout(4000)
    times = []
    for kernel in KERNELS:
        times.append(page.evaluate(CHANGE, str(kernel)))
        page.wait_for_timeout(300)
    page.close()
    return times[2:]


def main() -> None:
    install()
    port = free_port()
    picture = ROOT / "static" / "samples" / "chelsea.webp"
    command = [str(PYTHON), str(Path(__file__).with_name("gradio_app.py")), str(port), str(picture)]
    url = f"http://127.0.0.1:{port}/"
    print(f"{'slider to painted, median':26} | {'Gradio':>10} | {'Sepviz':>10} | times as fast")
    with serving(command, url, OFFLINE), sepviz() as server, chromium() as browser:
        for channels, outputs in LAYERS:
            theirs = median(gradio(browser, url, channels, outputs))
            # Both to an animation frame: Gradio's end can be seen no earlier.
            own = median(slider(browser, server.url, f"in_channels={channels}&out_channels={outputs}").framed)
            layer = f"{channels} -> {outputs} channels"
            print(f"{layer:26} | {theirs:7.0f} ms | {own:7.1f} ms | {theirs / own:.1f}", flush=True)


if __name__ == "__main__":
    main()
