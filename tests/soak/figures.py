"""Hostile texts in figures: what comes out is well-formed, holds nothing that runs, and a browser is silent."""

import re
from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from playwright.sync_api import sync_playwright
from sepviz.figures import NAMES, draw, error_figure
from sepviz.figures.options import Options, caption
from sepviz.layer.spec import LayerSpec

from tests.conftest import CHROMIUM_ARGS, find_chromium
from tests.soak.texts import texts
from tests.soak.verdict import faultless
from tests.support.table import Row

TEXTS, OPENED = 10_000, 200
FORBIDDEN = {"script", "foreignobject", "iframe", "image", "a", "use", "handler", "set", "animate", "object", "embed"}
# Inside a figure something may be referred to; nothing outside it.
OUTSIDE = re.compile(r"url\(\s*['\"]?(?!#)|@import|javascript:|expression\(", re.IGNORECASE)
EMPTY = "<svg xmlns='http://www.w3.org/2000/svg'/>"
SPACES = re.compile(r"\s+")


def drawn(text: str, number: int) -> dict[str, str]:
    """The figures that have the text: as a caption, and as the words of an error."""
    spec = LayerSpec(kernel_size=1 + number % 5, in_channels=1 + number % 4)
    name = NAMES[number % len(NAMES)]
    options = Options(title=caption(text), theme=("auto", "light", "dark")[number % 3])
    return {name: draw(name, spec, options), "error": error_figure(f"422 {text[:200]}", [text])}


def forbidden(svg: str) -> Iterator[str]:
    """What of it must not be there."""
    if "<!DOCTYPE" in svg or "<!ENTITY" in svg or "<?" in svg.removeprefix("<?xml"):
        yield "a declaration"
    try:
        root = fromstring(svg.encode(), forbid_dtd=True)
    except (ParseError, DefusedXmlException, UnicodeError) as error:
        yield f"not well-formed: {error!r}"
        return
    for element in root.iter():
        name = str(element.tag).rpartition("}")[2].lower()
        if name in FORBIDDEN:
            yield f"an element {name}"
        if name == "style" and OUTSIDE.search(element.text or ""):
            yield "a style that refers to something outside"
        for attribute, value in element.attrib.items():
            plain = attribute.rpartition("}")[2].lower()
            if plain.startswith("on") or plain in ("href", "src") or OUTSIDE.search(value):
                yield f"an attribute {attribute}={value[:40]}"


def checked(some: Iterable[str]) -> list[str]:
    """What is wrong with the figures of these texts."""
    faults = []
    for number, text in enumerate(some):
        try:
            made = drawn(text, number)
        except Exception as error:  # noqa: BLE001 - whatever a text does to a figure is what is looked for
            faults.append(f"{text[:40]!a}: {error!r}")
            continue
        for name, svg in made.items():
            faults += [f"{name} of {text[:40]!a}: {each}" for each in forbidden(svg)]
            if name != "error" and (lost := _lost(text, svg)):
                faults.append(f"{name} of {text[:40]!a}: {lost!a} is not in it")
    return faults


def _lost(text: str, svg: str) -> str:
    """The caption, where the figure does not have it; spaces apart, as it may be broken into lines."""
    wanted = SPACES.sub("", caption(text))
    return "" if wanted in SPACES.sub("", "".join(fromstring(svg.encode()).itertext())) else wanted


def opened(some: Iterable[str]) -> list[str]:
    """The figures in Chromium, alone and with no header that would hold them back: dialogs and requests."""
    executable = find_chromium()
    if executable is None:
        raise SystemExit("no Chromium on PATH; name one with CHROMIUM=/path/to/it")
    faults: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=[*CHROMIUM_ARGS])
        page = browser.new_page()
        shown: dict[str, str] = {}
        media = "image/svg+xml; charset=utf-8"
        page.route("**/*", lambda route: route.fulfill(body=shown.get(route.request.url, EMPTY), content_type=media))
        page.on("dialog", lambda dialog: (faults.append(f"{address}: dialog {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda asked: asked.url in shown or faults.append(f"{address}: asked for {asked.url}"))
        for number, text in enumerate(some):
            for name, svg in drawn(text, number).items():
                address = f"http://figures.invalid/{number}/{name}.svg"
                shown[address] = svg
                page.goto(address)
                if page.evaluate("document.documentElement.localName") != "svg":
                    faults.append(f"{address}: not shown, {text[:40]!a}")
        browser.close()
    return faults


def rows() -> Iterator[Row]:
    yield from faultless(f"figures: {TEXTS:,} hostile texts", checked(texts(TEXTS)))
    yield from faultless(f"  {OPENED} of them opened in Chromium", opened(texts(OPENED)))
