"""Times and bytes of the page in Chromium."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import urlsplit

from playwright.sync_api import Browser, sync_playwright

from tests.conftest import CHROMIUM_ARGS, find_chromium

VIEW = {"width": 1400, "height": 1000}
KERNEL_SIZES = (5, 7, 9, 11, 3)
ROUNDS = 6

CHANGE = """async ({ name, value }) => {
  const root = document.documentElement;
  const input = document.querySelector(`input[name=${name}]` + (name === "seed" ? "" : "[type=range]"));
  const painted = new Promise((resolve, reject) => {
    const timeout = setTimeout(() => reject(new Error("not painted within 20 s")), 20000);
    const observer = new MutationObserver(() => {
      if (!root.dataset.painted.includes(`${name}=${value}&`) && !root.dataset.painted.endsWith(`${name}=${value}`))
        return;
      clearTimeout(timeout);
      observer.disconnect();
      resolve(performance.now());
    });
    observer.observe(root, { attributeFilter: ["data-painted"] });
  });
  const start = performance.now();
  input.value = value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  const end = await painted;
  const frame = await new Promise(requestAnimationFrame);
  return [end - start, Math.max(frame, performance.now()) - start];
}"""


class SliderTimes(NamedTuple):
    """Milliseconds from each input event until the canvases are painted, and until the animation frame after that."""

    painted: list[float]
    next_frame: list[float]


class Transfer(NamedTuple):
    """Bytes of a visit over the wire: of the page and its files, and of `/view`; the URLs at other hosts."""

    page: int
    view: int
    foreign_urls: list[str]


@contextmanager
def launch_chromium() -> Iterator[Browser]:
    executable = find_chromium()
    if executable is None:
        raise SystemExit("no Chromium on PATH; name one with CHROMIUM=/path/to/it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=[*CHROMIUM_ARGS])
        try:
            yield browser
        finally:
            browser.close()


def time_slider(browser: Browser, url: str, layer: str) -> SliderTimes:
    """Times of 30 changes of the kernel size, none of which is in a cache."""
    page = browser.new_page(viewport=VIEW)
    page.goto(f"{url}/?{layer}")
    page.wait_for_selector("html[data-painted]", state="attached", timeout=30_000)
    times = []
    for turn in range(ROUNDS + 1):
        # With a new seed no response of this round is in a cache. The first round is not counted.
        page.evaluate(CHANGE, {"name": "seed", "value": str(1000 + turn)})
        changes = ({"name": "kernel_size", "value": str(size)} for size in KERNEL_SIZES)
        times += [page.evaluate(CHANGE, change) for change in changes]
    page.close()
    painted, next_frame = zip(*times[len(KERNEL_SIZES) :], strict=True)
    return SliderTimes(list(painted), list(next_frame))


def measure_first_visit(browser: Browser, url: str) -> Transfer:
    """The transfer of a visit with an empty cache, until the page is painted and the network idle."""
    context = browser.new_context(viewport=VIEW)
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    urls: dict[str, str] = {}
    sizes: dict[str, int] = {}
    session.on("Network.requestWillBeSent", lambda e: urls.update({e["requestId"]: e["request"]["url"]}))
    session.on("Network.loadingFinished", lambda e: sizes.update({e["requestId"]: int(e["encodedDataLength"])}))
    page.goto(url)
    page.wait_for_selector("html[data-painted]", state="attached", timeout=30_000)
    page.wait_for_load_state("networkidle")
    context.close()
    own_host = urlsplit(url).netloc
    foreign_urls = [each for each in urls.values() if urlsplit(each).netloc not in (own_host, "")]
    view = sum(size for key, size in sizes.items() if urlsplit(urls[key]).path == "/view")
    return Transfer(sum(sizes.values()) - view, view, foreign_urls)
