"""Broken metadata of JPEG and GIF files change no pixel of an intact picture."""

import io
import random
import struct

import numpy as np
import pytest
from PIL import Image
from sepviz.errors import UndecodableImage
from sepviz.pictures.decoding import decode
from sepviz.pictures.gif_blocks import first_frame
from sepviz.pictures.jpeg_segments import pixel_segments

PIXELS = np.random.default_rng(5).integers(0, 256, (16, 16, 3), dtype=np.uint8)


def saved(kind: str, **options: object) -> bytes:
    into = io.BytesIO()
    Image.fromarray(PIXELS).save(into, kind, **options)
    return into.getvalue()


JPEG, GIF = saved("JPEG"), saved("GIF")
BLOCKS_AT = 13 + 3 * 2 ** ((GIF[10] & 7) + 1)
EXIF = b"Exif\0\0II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\1\0\0\0\0\0\0\0"


def segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


SEGMENTS = {
    "JFIF": (0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"),
    "JFXX": (0xE0, b"JFXX\0\x10"),
    "Exif": (0xE1, EXIF),
    "XMP": (0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>"),
    "profile": (0xE2, b"ICC_PROFILE\0\1\1of no colour at all"),
    "further pictures": (0xE2, b"MPF\0II*\0\x08\0\0\0\3\0\0\xb0\7\0\4\0\0\x000100\1\xb0\4\0\1\0\0\0\2\0\0\0"),
    "Photoshop": (0xED, b"Photoshop 3.0\x008BIM\x03\xed\0\0\0\0\0\x10" + bytes(16)),
    "comment": (0xFE, b"a comment"),
}


def shortened(content: bytes) -> list[bytes]:
    return [content[:length] for length in range(len(content) + 1)]


def altered(content: bytes) -> list[bytes]:
    random_ = random.Random(content)  # noqa: S311  (no secret)
    found = []
    for _ in range(60):
        copy = bytearray(content)
        for _ in range(random_.randint(1, 4)):
            copy[random_.randrange(len(copy))] = random_.choice((0, 1, 0x7F, 0xFF, random_.randrange(256)))
        found.append(bytes(copy))
    return found


@pytest.mark.parametrize("name", SEGMENTS)
@pytest.mark.parametrize("fault", [shortened, altered])
@pytest.mark.parametrize("in_place_of_jfif", [False, True])
def test_broken_segment_of_a_jpeg_changes_no_pixel(name, fault, in_place_of_jfif):
    marker, content = SEGMENTS[name]
    plain = decode(JPEG).pixels
    rest = JPEG[2 + 18 :] if in_place_of_jfif else JPEG[2:]
    for broken in fault(content):
        picture = decode(JPEG[:2] + segment(marker, broken) + rest)
        if not any("turned" in note for note in picture.notes):
            assert np.array_equal(picture.pixels, plain), broken


def test_short_profile_of_a_jpeg_is_ignored_with_a_note():
    assert decode(JPEG[:2] + segment(0xE2, b"ICC_PROFILE\0\1") + JPEG[2:]).notes == ("embedded colour profile ignored",)


def test_needed_segments_of_a_jpeg_are_kept():
    good = saved("JPEG", exif=EXIF, icc_profile=b"x" * 200)
    assert pixel_segments(good).data == good
    fill = good[:2] + b"\xff\xff" + good[2:]
    assert pixel_segments(fill).data == good
    adobe = io.BytesIO()
    Image.fromarray(PIXELS).convert("CMYK").save(adobe, "JPEG")
    assert pixel_segments(adobe.getvalue()).data == adobe.getvalue()


@pytest.mark.parametrize("label", [0x01, 0x77, 0xFE, 0xFF])
@pytest.mark.parametrize("content", [b"", b"\1a", b"\x0bNETSCAPE2.0", b"\x0bNETSCAPE2.0\3\1\0\0", b"\xff" + bytes(255)])
def test_extension_of_a_gif_with_any_content_changes_no_pixel(label, content):
    picture = decode(GIF[:BLOCKS_AT] + bytes([0x21, label]) + content + b"\0" + GIF[BLOCKS_AT:])
    assert np.array_equal(picture.pixels, decode(GIF).pixels)
    assert (picture.frames, picture.notes) == (1, ())


def test_needed_blocks_of_a_gif_are_kept():
    good = saved("GIF", transparency=3)
    assert first_frame(good).data == good
    assert first_frame(good[:-1] + b"!\xfe\3abc\0;").data == good


@pytest.mark.parametrize("comment", [b"", b"!\xfe\3abc\0"])
def test_truncated_gif_is_refused_as_incomplete(comment):
    data = GIF[:BLOCKS_AT] + comment + GIF[BLOCKS_AT:]
    with pytest.raises(UndecodableImage, match="image file is incomplete"):
        decode(data[:-40])


def test_profile_of_a_jpeg_in_several_segments_is_applied():
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    halves = profile[:300], profile[300:]
    parts = b"".join(segment(0xE2, b"ICC_PROFILE\0" + bytes([n + 1, 2]) + half) for n, half in enumerate(halves))
    assert pixel_segments(JPEG[:2] + parts + JPEG[2:]).data == JPEG[:2] + parts + JPEG[2:]
    assert decode(JPEG[:2] + parts + JPEG[2:]).notes == ()
