"""Values that no parameter is meant to have, and some that it is."""

import random
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, quote_from_bytes

NUMBERS = (
    "NaN",
    "nan",
    "Infinity",
    "-inf",
    "1e999",
    "-0.0",
    "-0",
    "3.0",
    "3_0",
    "+3",
    " 3",
    "3 ",
    "03",
    "0x10",
    "٣",
    "\uff13",
    "²",
)
LIMITS = ("-1", "0", "2147483648", "4611686018427387904", "9" * 400, "-" + "9" * 400, "1" + "0" * 1500)
WORDS = (
    "",
    "true",
    "True",
    "null",
    "None",
    "undefined",
    "[]",
    "{}",
    "same,valid",
    "\0",
    "a\0b",
    "\r\nX: y",
    "../../etc/passwd",
)
MARKUP = (
    "<script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "{{7*7}}",
    "${7*7}",
    "' OR 1=1 --",
    "%s%n",
    "é" * 200,
    "\u202e\u200b",
)
BYTES = (b"\xed\xa0\x80", b"\xff\xfe", b"\xc0\xaf", b"\xf4\x90\x80\x80", b"%", b"%zz", b"%00")
HUGE = 100_000
NESTED = ("[a]", "[a][b]", "[]", "[" * 500, "%5B%5D", ".x", "__proto__")
UNKNOWN = ("nosuch", "constructor", "__class__", "", "in-channels", "IN_CHANNELS", "٣", "\0", "a" * 300)


def hostile(rng: random.Random) -> str:
    """A value as an address has it, quoted or not."""
    if rng.random() < 0.02:
        return "a" * HUGE
    if rng.random() < 0.15:
        raw = rng.choice(BYTES)
        return quote_from_bytes(raw) if rng.random() < 0.7 else raw.decode("latin-1")
    return quote(rng.choice(rng.choice((NUMBERS, LIMITS, WORDS, MARKUP))), safe=rng.choice(("", "/<>{}[]'\"")))


def legal(rng: random.Random, schema: Mapping[str, Any]) -> str:
    """A value that the parameter's schema allows, small where it is a number: it may be computed."""
    options = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
    each = rng.choice(options)
    if "enum" in each:
        return str(rng.choice(each["enum"]))
    if each.get("type") == "integer":
        return str(rng.randint(each["minimum"], min(each["minimum"] + 24, each["maximum"])))
    if each.get("type") == "boolean":
        return rng.choice(("true", "false"))
    return quote(str(each.get("const", each.get("default", schema.get("default")) or "a")))
