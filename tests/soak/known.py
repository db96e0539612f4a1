"""Pictures of which every pixel is known: what the server makes of them may be one level off, and no more."""

from collections.abc import Callable
from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image

from tests.soak.png import chunk, png

SIDE = 32
LEVELS_OFF = 1.51  # the reference is not rounded
Levels = npt.NDArray[np.float64]
Known = tuple[bytes, Levels]


def _on_white(colours: Levels, alpha: Levels) -> Levels:
    part = alpha[..., None] / 255
    return colours * part + 255 * (1 - part)


def _saved(values: npt.NDArray[np.uint8], kind: str, mode: str | None = None) -> bytes:
    into = BytesIO()
    image = Image.fromarray(values)
    (image.convert(mode) if mode else image).save(into, kind, **({"lossless": True} if kind == "WEBP" else {}))
    return into.getvalue()


def _colour(kind: str) -> Callable[[np.random.Generator], Known]:
    def made(rng: np.random.Generator) -> Known:
        values = rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
        return _saved(values, kind), values.astype(float)

    return made


def _grey(rng: np.random.Generator) -> Known:
    values = rng.integers(0, 256, (SIDE, SIDE), dtype=np.uint8)
    return _saved(values, "PNG"), values[..., None].astype(float)


def _alpha(rng: np.random.Generator) -> Known:
    values = rng.integers(0, 256, (SIDE, SIDE, 4), dtype=np.uint8)
    return _saved(values, "PNG"), _on_white(values[..., :3], values[..., 3].astype(float))


def _palette(kind: str) -> Callable[[np.random.Generator], Known]:
    def made(rng: np.random.Generator) -> Known:
        colours = rng.integers(0, 256, (16, 3), dtype=np.uint8)
        values = rng.integers(0, 16, (SIDE, SIDE), dtype=np.uint8)
        image = Image.fromarray(values)
        image.putpalette(colours.tobytes())
        into = BytesIO()
        image.save(into, kind)
        return into.getvalue(), colours[values].astype(float)

    return made


def _deep(colour_type: int, planes: int) -> Callable[[np.random.Generator], Known]:
    def made(rng: np.random.Generator) -> Known:
        values = rng.integers(0, 65536, (SIDE, SIDE, planes), dtype=np.uint16)
        levels = values / 257
        if colour_type in (4, 6):
            levels = _on_white(levels[..., :-1], levels[..., -1])
        return png(SIDE, SIDE, 16, colour_type, values.astype(">u2").tobytes()), levels

    return made


def _deep_key(rng: np.random.Generator) -> Known:
    """One 16-bit colour stands for clear; another one that shares its high bytes does not."""
    values = rng.integers(0, 65536, (SIDE, SIDE, 3), dtype=np.uint16)
    key = values[0, 0].copy()
    values[1, :16] = key
    values[2, :16] = key ^ 1
    levels = np.where((values == key).all(axis=2)[..., None], 255, values / 257)
    return png(SIDE, SIDE, 16, 2, values.astype(">u2").tobytes(), chunk(b"tRNS", key.astype(">u2").tobytes())), levels


MAKERS: dict[str, Callable[[np.random.Generator], Known]] = {
    "colour, PNG": _colour("PNG"),
    "colour, BMP": _colour("BMP"),
    "colour, lossless WebP": _colour("WEBP"),
    "grey": _grey,
    "alpha": _alpha,
    "palette, PNG": _palette("PNG"),
    "palette, GIF": _palette("GIF"),
    "palette, BMP": _palette("BMP"),
    "16-bit grey": _deep(0, 1),
    "16-bit colour": _deep(2, 3),
    "16-bit grey and alpha": _deep(4, 2),
    "16-bit colour and alpha": _deep(6, 4),
    "16-bit colour, one of them clear": _deep_key,
}


def known(number: int) -> tuple[str, bytes, Levels]:
    """What it is, the file, and its levels (32, 32, 3 or 1) in 0 to 255; another one for every number."""
    name = list(MAKERS)[number % len(MAKERS)]
    return name, *MAKERS[name](np.random.default_rng(number))
