"""What a person sees and waits for, in Chromium."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import urlsplit

from playwright.sync_api import Browser, sync_playwright

from tests.conftest import CHROMIUM_ARGS, find_chromium

VIEW = {"width": 1400, "height": 1000}
KERNELS = (5, 7, 9, 11, 3)
ROUNDS = 6

# A new seed, not timed, makes every answer of the round one that nobody has kept.
CHANGE = """async ({ name, value }) => {
  const root = document.documentElement;
  const input = document.querySelector(`input[name=${name}]` + (name === "seed" ? "" : "[type=range]"));
  const painted = new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error("not painted within 20 s")), 20000);
    const watch = new MutationObserver(() => {
      if (!root.dataset.painted.includes(`${name}=${value}&`) && !root.dataset.painted.endsWith(`${name}=${value}`))
        return;
      clearTimeout(late);
      watch.disconnect();
      resolve(performance.now());
    });
    watch.observe(root, { attributeFilter: ["data-painted"] });
  });
  const start = performance.now();
  input.value = value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  const end = await painted;
  const frame = await new Promise(requestAnimationFrame);
  return [end - start, Math.max(frame, performance.now()) - start];
}"""


class Painted(NamedTuple):
    """Milliseconds from the input event until all is painted on the canvases, and until the frame after that."""

    painted: list[float]
    framed: list[float]


class Visit(NamedTuple):
    """Bytes over the wire of a first visit, tensors apart; bytes of tensors; requests to another host."""

    wire: int
    tensors: int
    foreign: list[str]


@contextmanager
def chromium() -> Iterator[Browser]:
    executable = find_chromium()
    if executable is None:
        raise SystemExit("no Chromium on PATH; name one with CHROMIUM=/path/to/it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=[*CHROMIUM_ARGS])
        try:
            yield browser
        finally:
            browser.close()


def slider(browser: Browser, url: str, layer: str) -> Painted:
    """The kernel size's slider, 30 changes of which none was asked for before."""
    page = browser.new_page(viewport=VIEW)
    page.goto(f"{url}/?{layer}")
    page.wait_for_selector("html[data-painted]", state="attached", timeout=30_000)
    times = []
    for turn in range(ROUNDS + 1):
        page.evaluate(CHANGE, {"name": "seed", "value": str(1000 + turn)})
        changes = ({"name": "kernel_size", "value": str(kernel)} for kernel in KERNELS)
        times += [page.evaluate(CHANGE, change) for change in changes]
    page.close()
    painted, framed = zip(*times[len(KERNELS) :], strict=True)
    return Painted(list(painted), list(framed))


def first_visit(browser: Browser, url: str) -> Visit:
    """The page with nothing kept, until it is painted and quiet."""
    context = browser.new_context(viewport=VIEW)
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    addresses: dict[str, str] = {}
    sizes: dict[str, int] = {}
    session.on("Network.requestWillBeSent", lambda e: addresses.update({e["requestId"]: e["request"]["url"]}))
    session.on("Network.loadingFinished", lambda e: sizes.update({e["requestId"]: int(e["encodedDataLength"])}))
    page.goto(url)
    page.wait_for_selector("html[data-painted]", state="attached", timeout=30_000)
    page.wait_for_load_state("networkidle")
    context.close()
    own = urlsplit(url).netloc
    foreign = [each for each in addresses.values() if urlsplit(each).netloc not in (own, "")]
    tensors = sum(size for key, size in sizes.items() if urlsplit(addresses[key]).path == "/view")
    return Visit(sum(sizes.values()) - tensors, tensors, foreign)
