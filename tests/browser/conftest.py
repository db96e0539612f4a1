"""The real app on a port of its own, and pages that must stay silent."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.sepviz_server import sepviz

# As long as Playwright waits for all else: what never comes fails a test, how fast this machine is just now does not.
expect.set_options(timeout=30_000)

PAINTED = """(wanted) => {
  const painted = document.documentElement.dataset.painted;
  if (painted === undefined) return false;
  const parameters = new URLSearchParams(painted);
  return Object.entries(wanted).every(([name, value]) => new RegExp(`^(?:${value})$`).test(parameters.get(name)));
}"""


@pytest.fixture(scope="session")
def server():
    """The address of a server that runs as long as the session."""
    with sepviz() as running:
        yield running.url


@pytest.fixture
def painted():
    """Waits until the page shows a layer with these parameters; each value is a regular expression."""

    def wait(page, **parameters):
        wanted = {name: str(value) for name, value in parameters.items()}
        page.wait_for_function(PAINTED, arg=wanted)

    return wait


@pytest.fixture
def visit(browser, server, painted):
    """Opens a page; a console error or warning, a page error or a request to another host fails the test.

    `allow` is a regular expression of what the console may say all the same: a refusal is logged as an error.
    `wait` says whether the page has maps to wait for.
    """
    contexts, complaints = [], []

    def opened(path="/", *, allow=None, wait=True, **context):
        context = {"viewport": {"width": 1280, "height": 800}, "base_url": server, **context}
        made = browser.new_context(**context)
        contexts.append(made)
        page = made.new_page()

        def console(message):
            if message.type in ("error", "warning") and not (allow and re.search(allow, message.text)):
                complaints.append(f"console {message.type}: {message.text}")

        def request(asked):
            if not asked.url.startswith((f"{server}/", "data:", "blob:")):
                complaints.append(f"request to {asked.url}")

        page.on("console", console)
        page.on("pageerror", lambda error: complaints.append(f"page error: {error}"))
        page.on("request", request)
        page.goto(path)
        if wait and context.get("java_script_enabled", True):
            painted(page)
        return page

    yield opened
    for each in contexts:
        each.close()
    assert not complaints
