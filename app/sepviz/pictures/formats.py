"""The format of a picture file, by its content alone: formats that are decoded, and others that people send."""

import re

from sepviz.errors import UnsupportedImage

# Everything that is decoded.
FORMATS = ("PNG", "JPEG", "WebP", "GIF", "BMP", "AVIF")

_SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
}
# A text may begin with BM too; only a BMP has such a size of its second header.
_BMP_HEADER_SIZES = range(12, 125)

_OTHER_SIGNATURES = {
    b"II*\0": "TIFF (or a camera's raw file)",
    b"MM\0*": "TIFF (or a camera's raw file)",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
    b"\xff\x0a": "JPEG XL",
    b"\0\0\0\x0cJXL \r\n\x87\n": "JPEG XL",
    b"\0\0\0\x0cjP  \r\n\x87\n": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"8BPS": "a Photoshop document",
    b"gimp xcf ": "a GIMP document",
    b"\0\0\1\0": "an icon (ICO)",
    b"\0\0\2\0": "a cursor (CUR)",
    b"icns": "an icon (ICNS)",
    b"%PDF-": "PDF",
    b"%!PS": "PostScript",
    b"\xc5\xd0\xd3\xc6": "PostScript",
    b"v/1\1": "OpenEXR",
    b"#?RADIANCE": "Radiance HDR",
    b"DDS ": "DDS",
    b"BLP": "BLP",
    b"\n\5\1": "PCX",
    b"\x01\xda\0": "SGI",
    b"\x01\xda\1": "SGI",
    b"Y\xa6j\x95": "Sun raster",
    b"/* XPM */": "XPM",
    b"\xd7\xcd\xc6\x9a": "WMF",
    b"\x01\0\0\0\x6c\0\0\0": "EMF",
    b"\xd0\xcf\x11\xe0": "a document of an office program",
    b"qoif": "QOI",
    b"SIMPLE  =": "FITS",
    b"\x8aMNG\r\n\x1a\n": "MNG",
    b"FUJIFILMCCD-RAW": "a camera's raw file",
    b"\x1aE\xdf\xa3": "a video",
    b"PK\3\4": "a ZIP archive (or a document that is one)",
    b"\x1f\x8b": "compressed by gzip",
}
_HEIC = "HEIC, a phone's format; export or share it as JPEG"
# Brands of the ISO base media file format; the first of these that a file has names its format.
_BRANDS = {
    b"avif": "AVIF",
    b"avis": "AVIF",
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"), _HEIC),
    b"crx ": "a camera's raw file",
}
_NETPBM = re.compile(rb"P[1-7fF][ \t\r\n]")
_SVG = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?svg[\s>/]")
_HTML = re.compile(rb"\s*<(?:!doctype html|html)\b", re.IGNORECASE)
_MAX_TEXT_BYTES = 4096


def identify(data: bytes) -> str:
    """The format, one of `FORMATS`; raises `UnsupportedImage`, whose message names the format where it is known."""
    found = _container_format(data) or _find_by_signature(data, _SIGNATURES)
    if found in FORMATS:
        return found
    what = found or _find_by_signature(data, _OTHER_SIGNATURES) or _text_format(data)
    raise unsupported(f"this is {what}" if what else "the file is empty" if not data else _UNKNOWN)


def unsupported(what: str) -> UnsupportedImage:
    """The error for a file that `what` describes; its message lists the supported formats."""
    return UnsupportedImage(f"not a picture of a supported format: {what}; supported are {', '.join(FORMATS)}")


_UNKNOWN = "the content of this file is something else"


def _container_format(data: bytes) -> str | None:
    if data.startswith(b"RIFF"):
        return "WebP" if data[8:12] == b"WEBP" else None
    if data.startswith(b"BM"):
        return "BMP" if int.from_bytes(data[14:18], "little") in _BMP_HEADER_SIZES else None
    if data[4:8] != b"ftyp":
        return None
    end = min(int.from_bytes(data[:4]), 256)
    brands = [data[at : at + 4] for at in (8, *range(16, end - 3, 4))]
    return next((_BRANDS[brand] for brand in _BRANDS if brand in brands), "a video")


def _find_by_signature(data: bytes, signatures: dict[bytes, str]) -> str | None:
    return next((name for signature, name in signatures.items() if data.startswith(signature)), None)


def _text_format(data: bytes) -> str | None:
    # Without zero bytes, ASCII in UTF-16 reads as ASCII.
    beginning = data[:_MAX_TEXT_BYTES].lstrip(b"\xef\xbb\xbf\xff\xfe").replace(b"\0", b"")
    if _NETPBM.match(beginning):
        return "PNM"
    if _HTML.match(beginning):
        return "HTML"
    return "SVG" if beginning.lstrip().startswith(b"<") and _SVG.search(beginning) else None
