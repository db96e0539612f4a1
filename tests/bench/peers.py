"""The same app in Gradio, beside Sepviz, in one run.

Gradio is installed once, in an environment of its own under build/peers, which takes torch from the environment that
runs this script.
"""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Page, Request

from tests.bench.chromium import VIEW, launch_chromium, time_slider
from tests.support.sepviz_server import ROOT, free_port, sepviz, serving

ENVIRONMENT = ROOT / "build" / "peers"
PYTHON = ENVIRONMENT / "bin" / "python"
PACKAGES = ("gradio", "matplotlib")
LAYERS = ((3, 16), (64, 128))
SIZE = 128  # as in gradio_app.py
FIRST_KERNEL_SIZE = 3
KERNEL_SIZES = (5, 7, 9, 3, 5, 7, 9, 3)
WARM_UP = 2
OFFLINE = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1"}

SET = """([id, value]) => {
  const input = document.querySelector(`#${id} input[type=number]`);
  input.value = value;
  for (const name of ["input", "change"]) input.dispatchEvent(new Event(name, { bubbles: true }));
}"""
# Painted: the cost has changed, the sources of the pictures have, and those in view are decoded.
CHANGE = """async (value) => {
  const input = document.querySelector("#kernel input[type=number]");
  const pictures = () => [...document.querySelectorAll("#pw img, #dw img")];
  const sources = () => pictures().map((each) => each.src).join("|");
  const inView = (each) => {
    const { top, bottom } = each.getBoundingClientRect();
    return top < innerHeight && bottom > 0;
  };
  const cost = () => document.querySelector("#cost").innerText;
  const [before, oldCost, count] = [sources(), cost(), pictures().length];
  const start = performance.now();
  input.value = value;
  for (const name of ["input", "change"]) input.dispatchEvent(new Event(name, { bubbles: true }));
  for (;;) {
    await new Promise(requestAnimationFrame);
    const now = pictures();
    const whole = now.filter(inView).every((each) => each.complete && each.naturalWidth);
    if (sources() !== before && now.length >= count && whole && cost() !== oldCost) return performance.now() - start;
    if (performance.now() - start > 60000) throw new Error("not painted within 60 s");
  }
}"""


def install() -> None:
    """Make the environment, unless it is complete: its .pth file is written last."""
    site = Path(sysconfig.get_path("purelib", vars={"base": str(ENVIRONMENT)}))
    dependencies = site / "dependencies.pth"
    if dependencies.exists():
        return
    venv.create(ENVIRONMENT, with_pip=False, clear=True)
    # Gradio needs other versions than the project pins. pip sees neither the pins nor the project's packages, so it
    # installs all that Gradio needs and finds no conflict; of the project's packages only torch is then missing here.
    free = {name: value for name, value in os.environ.items() if not name.endswith("_CONSTRAINT")}
    command = [sys.executable, "-m", "pip", "--python", PYTHON, "install", "--quiet", *PACKAGES]
    subprocess.run(command, check=True, env=free)
    dependencies.write_text(sysconfig.get_path("purelib") + "\n")


class Queue:
    """The requests of a page to Gradio's queue that have not ended: a stream of it stays open while anything runs."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._open: set[Request] = set()
        page.on("request", self._add)
        page.on("requestfinished", self._discard)
        page.on("requestfailed", self._discard)

    def _add(self, request: Request) -> None:
        if "/queue/" in request.url:
            self._open.add(request)

    def _discard(self, request: Request) -> None:
        self._open.discard(request)

    def wait_until_idle(self) -> None:
        while self._open:
            self._page.evaluate("() => new Promise(requestAnimationFrame)")


def time_gradio(browser: Browser, url: str, in_channels: int, out_channels: int) -> list[float]:
    """Milliseconds from a change of the kernel size until it is painted, each made when nothing else is running."""
    page = browser.new_page(viewport=VIEW)
    queue = Queue(page)
    page.goto(url)
    page.wait_for_selector("#pw img", timeout=60_000)
    for element, value in (("inch", in_channels), ("outch", out_channels)):
        page.evaluate(SET, [element, str(value)])
    standard = f"standard {FIRST_KERNEL_SIZE**2 * in_channels * out_channels * SIZE**2:,} MACs"
    page.wait_for_function(
        "text => document.querySelector('#cost').innerText.includes(text)", arg=standard, timeout=60_000
    )
    times = []
    for kernel_size in KERNEL_SIZES:
        queue.wait_until_idle()
        times.append(page.evaluate(CHANGE, str(kernel_size)))
    page.close()
    return times[WARM_UP:]


def main() -> None:
    install()
    port = free_port()
    picture = ROOT / "static" / "samples" / "chelsea.webp"
    command = [str(PYTHON), str(Path(__file__).with_name("gradio_app.py")), str(port), str(picture)]
    url = f"http://127.0.0.1:{port}/"
    print(f"{'slider to painted, median':26} | {'Gradio':>10} | {'Sepviz':>10} | ratio")
    with serving(command, url, OFFLINE), sepviz() as server, launch_chromium() as browser:
        for in_channels, out_channels in LAYERS:
            gradio = median(time_gradio(browser, url, in_channels, out_channels))
            # Both times end with an animation frame, the first moment at which the end of Gradio's can be seen.
            query = f"in_channels={in_channels}&out_channels={out_channels}"
            own = median(time_slider(browser, server.url, query).next_frame)
            layer = f"{in_channels} -> {out_channels} channels"
            print(f"{layer:26} | {gradio:7.0f} ms | {own:7.1f} ms | {gradio / own:.1f}", flush=True)


if __name__ == "__main__":
    main()
