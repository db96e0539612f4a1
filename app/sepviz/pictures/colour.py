"""Conversion of a file's pixel values to what a screen shows: opaque 8-bit grey or sRGB.

`opaque` runs at the file's own size, because it needs exact values; `screen_colours` runs after the reduction, because
colour management is slow and the result is as good.
"""

import io

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

from sepviz.pictures.sixteen_bit import keep_equal, low_bytes, on_white

_WHITE = 255
_GREY_MODES = ("1", "L", "La", "LA")

FLATTENED = "transparency flattened on white"
PROFILE_IGNORED = "embedded colour profile ignored"

Treated = tuple[Image.Image, list[str]]


def opaque(image: Image.Image, bits: int, data: bytes | None = None) -> Treated:
    """The image as `L`, `RGB` or `CMYK`, 8-bit, flattened on white, and notes on what was changed.

    `bits` is the depth of one value in the file, whose bytes are `data`; None where the image was reduced, so that its
    pixels are means. 16-bit values are divided by 257; of colour Pillow reads the high byte, which is within 1 level.
    """
    notes = ["16-bit values scaled to 8"] if bits == 16 else []
    transparent = image.info.get("transparency")
    if image.mode == "CMYK":
        return image, notes
    if image.mode.startswith("I"):
        return _from_16_bits(image, transparent, notes)
    if image.mode in ("1", "L", "RGB"):
        plain = image.convert("L") if image.mode == "1" else image
        if transparent is not None:
            return _without_key(plain, transparent, bits, data, notes)
        return plain, notes
    if not image.has_transparency_data:
        return image.convert("L" if image.mode in _GREY_MODES else "RGB"), notes
    return _on_white(image, data if bits == 16 else None, notes)


def on_canvas(frame: Image.Image, corner: tuple[int, int], size: tuple[int, int]) -> Treated:
    """A frame with its upper left corner at `corner` of a transparent canvas, flattened on white: `L` or `RGB`."""
    flat, _ = opaque(frame, 8)
    canvas = Image.new(flat.mode, size, "white")
    canvas.paste(flat, corner)
    return canvas, [FLATTENED]


def _from_16_bits(image: Image.Image, transparent: int | None, notes: list[str]) -> Treated:
    # Pillow's own conversion clips at 255 instead of scaling. This is v / 257, rounded, for every v, and needs only
    # 16 bits for it.
    values = np.clip(np.asarray(image), 0, 65535).astype(np.uint16, copy=False)
    scaled = values >> 8
    np.subtract(values, scaled, out=scaled)
    scaled += 127 + (values >> 15)
    scaled >>= 8
    if transparent is not None and (clear := values == transparent).any():
        scaled[clear] = _WHITE
        notes = [*notes, FLATTENED]
    return Image.fromarray(scaled.astype(np.uint8)), notes


def _without_key(
    image: Image.Image, key: int | tuple[int, ...], bits: int, data: bytes | None, notes: list[str]
) -> Treated:
    """The image with white in place of the one value that stands for "transparent"."""
    levels = np.array(key)
    # Of one bit, Pillow has brought it to 255 already.
    levels = levels >> 8 if bits == 16 else np.minimum(levels * 255 // (2**bits - 1), 255)
    pixels = np.array(image)
    clear: npt.NDArray[np.bool_] = (pixels == levels).all(axis=2) if pixels.ndim == 3 else pixels == levels
    if bits == 16 and data is not None and clear.any():
        keep_equal(clear, low_bytes(data), np.array(key) & 255)
    if not clear.any():
        return image, notes
    pixels[clear] = _WHITE
    return Image.fromarray(pixels), [*notes, FLATTENED]


def _palette_on_white(image: Image.Image, notes: list[str]) -> Treated:
    """The image as `RGB` flattened on white, by its at most 256 colours instead of millions of pixels."""
    used = np.array(image.histogram()) > 0
    palette = np.full((256, 4), (0, 0, 0, _WHITE), dtype=np.uint32)
    entries = np.array(image.getpalette("RGBA"), dtype=np.uint32).reshape(-1, 4)
    palette[: len(entries)] = entries
    colours, alpha = palette[:, :3], palette[:, 3:]
    # May name entries that the file's palette does not have, at which Pillow's `apply_transparency` fails.
    transparent = image.info.pop("transparency", b"")
    if isinstance(transparent, int):
        alpha[transparent : transparent + 1] = 0
    elif len(transparent) <= len(alpha):  # a longer list is ignored, as browsers do
        alpha[: len(transparent), 0] = np.frombuffer(transparent, np.uint8)
    flat = (colours * alpha + _WHITE * (255 - alpha) + 127) // 255
    image.putpalette(flat.astype(np.uint8).tobytes())
    if not (used & (alpha[:, 0] < 255)).any():
        return image.convert("RGB"), notes
    return image.convert("RGB"), [*notes, FLATTENED]


def _on_white(image: Image.Image, sixteen_bit: bytes | None, notes: list[str]) -> Treated:
    """The image flattened on white; `sixteen_bit` is its file, where that has 16 bits a value."""
    if image.mode == "P":
        return _palette_on_white(image, notes)
    if sixteen_bit is not None:
        flat, any_clear = on_white(image, sixteen_bit)
        return flat, [*notes, FLATTENED] if any_clear else notes
    grey = image.mode in _GREY_MODES
    layered = image.convert("LA" if grey else "RGBA")
    alpha = layered.getchannel("A")
    colours = layered.convert("L" if grey else "RGB")
    if alpha.getextrema() == (255, 255):
        return colours, notes
    flat = Image.new(colours.mode, image.size, "white")
    flat.paste(colours, mask=alpha)
    return flat, [*notes, FLATTENED]


def screen_colours(image: Image.Image, profile: bytes | None) -> Treated:
    """An `L`, `RGB` or `CMYK` image as `L` or `RGB` in sRGB; `L` where no pixel has a colour.

    An embedded ICC profile is followed if it can be, and ignored otherwise. CMYK without one is
    R = (255 - C)(255 - K) / 255, and so on.
    """
    notes = []
    if image.mode == "CMYK":
        notes.append("CMYK converted to RGB")
    if profile:
        managed = _managed(image, profile)
        if managed is None:
            notes.append(PROFILE_IGNORED)
        elif managed is not image:
            notes.append("colours converted from the embedded profile to sRGB")
            image = managed
    if image.mode == "CMYK":
        image = image.convert("RGB")
    if image.mode == "RGB" and _colourless(image):
        # Three equal channels would become three equal maps.
        return image.getchannel("G"), [*notes, "no pixel has a colour: kept as grey"]
    return image, notes


def _managed(image: Image.Image, data: bytes) -> Image.Image | None:
    """The image in sRGB; itself where it is already, None where the profile cannot be followed."""
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
        if "sRGB" in ImageCms.getProfileDescription(profile):
            return image
        space = profile.profile.xcolor_space.strip()
        if image.mode == "L" and space == "RGB":
            source = image.convert("RGB")
        elif {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}[image.mode] == space:
            source = image
        else:
            return None
        converted = ImageCms.profileToProfile(source, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except Exception:  # noqa: BLE001  (any error of a broken profile; the picture is good without it)
        return None
    return converted.convert("L") if converted and image.mode == "L" else converted


def _colourless(image: Image.Image) -> bool:
    red, green, blue = (np.asarray(channel) for channel in image.split())
    return bool((red == green).all() and (green == blue).all())
