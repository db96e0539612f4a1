"""Times of pointing at cells, and of the frames while the output is computed cell by cell, in Chromium."""

import itertools
from typing import NamedTuple

from playwright.sync_api import Browser

from tests.bench.chromium import VIEW

MOVES, FRAMES = 60, 240
# Of each move over a map: milliseconds from the event until the marks are set, until the frame after that begins, and,
# where that is waited for, until the lens has the numbers of the cell.
OBSERVE = """(withNumbers) => {
  const strip = document.getElementById("strip");
  const lens = document.getElementById("lens");
  window.times = [];
  strip.addEventListener("pointermove", (event) => {
    const marked = performance.now();
    const entry = { marked: marked - event.timeStamp };
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => {
        entry.painted = performance.now() - event.timeStamp;
        if (!withNumbers) window.times.push(entry);
      };
      channel.port2.postMessage(0);
    });
    if (!withNumbers) return;
    const observer = new MutationObserver(() => {
      observer.disconnect();
      entry.numbers = performance.now() - event.timeStamp;
      window.times.push(entry);
    });
    observer.observe(lens, { childList: true, subtree: true, characterData: true });
  });
}"""
PLAY = """(frames) => new Promise((resolve) => {
  const times = [];
  document.querySelector('[data-play="toggle"]').click();
  const next = (time) => {
    times.push(time);
    if (times.length <= frames) requestAnimationFrame(next);
    else resolve(times);
  };
  requestAnimationFrame(next);
})"""


class PointerTimes(NamedTuple):
    """Milliseconds from each event of the pointer until the cells are marked, painted, and their numbers are there."""

    marked: list[float]
    painted: list[float]
    numbers: list[float]


def time_pointer(browser: Browser, url: str) -> PointerTimes:
    """Times of moves over the first output map of the default layer, each to another cell."""
    without, with_numbers = _time_moves(browser, f"{url}/?lens=diagram"), _time_moves(browser, f"{url}/?lens=pixel")
    return PointerTimes(
        [each["marked"] for each in without],
        [each["painted"] for each in without],
        [each["numbers"] for each in with_numbers],
    )


def _time_moves(browser: Browser, address: str) -> list[dict[str, float]]:
    page = browser.new_page(viewport=VIEW)
    page.goto(address)
    page.wait_for_selector("html[data-painted]", state="attached", timeout=30_000)
    page.wait_for_load_state("networkidle")
    page.evaluate(OBSERVE, address.endswith("pixel"))
    for move in range(MOVES):
        # The lens above it may have moved the map.
        box = page.locator('[data-column="output"] .map').first.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 5 + move, box["y"] + 10 + move)
        page.wait_for_function("(count) => window.times.length >= count", arg=move + 1)
    times: list[dict[str, float]] = page.evaluate("window.times")
    page.close()
    return times[1:]


def time_frames(browser: Browser, url: str) -> list[float]:
    """Milliseconds between the frames while the output of the default layer is computed."""
    page = browser.new_page(viewport=VIEW)
    page.goto(f"{url}/?lens=pixel")
    page.wait_for_selector("html[data-painted]", state="attached", timeout=30_000)
    page.wait_for_load_state("networkidle")
    times = page.evaluate(PLAY, FRAMES)
    page.close()
    return [after - before for before, after in itertools.pairwise(times)]
