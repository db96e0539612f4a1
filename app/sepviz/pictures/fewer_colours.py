"""Pictures with fewer colours, which take fewer bytes."""

import io

from PIL import Image

PALETTES = (256, 128, 64)


def limit_png(png: bytes, most: int) -> bytes:
    """The PNG with a palette of as many colours as fit into `most` bytes, or as it is where it fits."""
    if len(png) <= most:
        return png
    picture = Image.open(io.BytesIO(png))
    is_opaque = picture.mode == "RGB" or picture.getextrema()[-1] == (255, 255)
    method = Image.Quantize.MEDIANCUT if is_opaque else Image.Quantize.FASTOCTREE  # the only one with transparency
    source = picture.convert("RGB" if is_opaque else "RGBA")
    for colours in PALETTES:
        buffer = io.BytesIO()
        source.quantize(colours, method, dither=Image.Dither.NONE).save(buffer, "PNG", compress_level=9)
        if buffer.tell() <= most:
            break
    return buffer.getvalue()
