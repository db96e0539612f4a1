"""What of a PNG its pixels need is judged; everything else is neither inflated nor judged."""

import struct
import zlib

import numpy as np
import pytest
from PIL import ImageCms
from sepviz.errors import UndecodableImage
from sepviz.pictures.decoding import decode
from sepviz.pictures.png_chunks import MAX_METADATA_BYTES, pixel_chunks

from tests.soak.png import SIGNATURE, chunk, png

PIXELS = np.random.default_rng(22).integers(0, 256, (6, 6, 3), dtype=np.uint8)
PLAIN = png(6, 6, 8, 2, PIXELS.tobytes())
HEADER, DATA = PLAIN[8:33], PLAIN[33:-12]
IGNORED = ("embedded colour profile ignored",)
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def with_chunk(extra: bytes, after: bytes = b"") -> bytes:
    return SIGNATURE + HEADER + extra + DATA + after + PLAIN[-12:]


def wrong_checksum(whole: bytes) -> bytes:
    return whole[:-1] + bytes([whole[-1] ^ 1])


def zeros(count: int) -> bytes:
    return zlib.compress(bytes(count))


ANCILLARY = {
    "pHYs": struct.pack(">IIB", 2835, 2835, 1),
    "tEXt": b"Title\0of a picture",
    "zTXt": b"Title\0\0" + zlib.compress(b"of a picture"),
    "iTXt": b"Title\0\1\0en\0\0" + zlib.compress(b"of a picture"),
    "iCCP": b"sRGB\0\0" + zlib.compress(PROFILE),
    "gAMA": struct.pack(">I", 45455),
    "cHRM": bytes(32),
    "sRGB": b"\0",
    "eXIf": b"II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\1\0\0\0\0\0\0\0",
    "tIME": bytes(7),
    "bKGD": bytes(6),
    "sBIT": b"\x08\x08\x08",
    "cICP": bytes(4),
    "acTL": struct.pack(">II", 3, 0),
    "fcTL": bytes(26),
    "prVt": b"anything",
}


@pytest.mark.parametrize("kind", ANCILLARY)
@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize("fault", ["checksum", "short", "empty", "noise"])
def test_broken_ancillary_chunk_changes_no_pixel(kind: str, place: str, fault: str) -> None:
    content = ANCILLARY[kind]
    faulty = {
        "checksum": wrong_checksum(chunk(kind.encode(), content)),
        "short": chunk(kind.encode(), content[:3]),
        "empty": chunk(kind.encode()),
        "noise": chunk(kind.encode(), bytes(range(255, 0, -1))),
    }[fault]
    picture = decode(with_chunk(faulty) if place == "before" else with_chunk(b"", faulty))
    assert np.array_equal(picture.pixels, PIXELS)
    assert picture.content == decode(PLAIN).content
    assert picture.notes == (IGNORED if kind == "iCCP" else ())


BOMBS = {
    "zTXt": b"Title\0\0" + zeros(5_000_000),
    "iTXt": b"Title\0\1\0en\0\0" + zeros(5_000_000),
    "iTXt with XMP": b"XML:com.adobe.xmp\0\1\0\0\0" + zeros(5_000_000),
}


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize("after", [False, True])
def test_text_is_never_inflated(name: str, after: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = chunk(name[:4].encode(), BOMBS[name])
    data = with_chunk(b"", bomb) if after else with_chunk(bomb)

    def inflate(*_: object) -> None:
        pytest.fail("it was inflated")

    # Pillow too inflates texts by these; pixels are inflated by the C library.
    monkeypatch.setattr(zlib, "decompressobj", inflate)
    monkeypatch.setattr(zlib, "decompress", inflate)
    picture = decode(data)
    assert np.array_equal(picture.pixels, PIXELS)
    assert picture.notes == ()


def test_profile_is_inflated_to_one_mebibyte_and_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    inflated = []

    class Counted:
        def __init__(self) -> None:
            self._inflater = zlib_decompressobj()

        def decompress(self, data: bytes, max_length: int = 0) -> bytes:
            found = self._inflater.decompress(data, max_length)
            inflated.append(len(found))
            return found

        @property
        def eof(self) -> bool:
            return self._inflater.eof

    zlib_decompressobj = zlib.decompressobj
    monkeypatch.setattr(zlib, "decompressobj", Counted)
    picture = decode(with_chunk(chunk(b"iCCP", b"a\0\0" + zeros(200_000_000))))
    assert inflated == [MAX_METADATA_BYTES]
    assert np.array_equal(picture.pixels, PIXELS)
    assert picture.notes == IGNORED


@pytest.mark.parametrize("size", [MAX_METADATA_BYTES, MAX_METADATA_BYTES + 1])
def test_profile_that_is_none_is_ignored_at_any_size(size: int) -> None:
    assert decode(with_chunk(chunk(b"iCCP", b"a\0\0" + zeros(size)))).notes == IGNORED


def test_good_profile_and_orientation_are_kept() -> None:
    good = chunk(b"iCCP", b"sRGB\0\0" + zlib.compress(PROFILE))
    turned = chunk(b"eXIf", ANCILLARY["eXIf"][:18] + b"\x03\0" + ANCILLARY["eXIf"][20:])
    assert pixel_chunks(with_chunk(good, turned)).data == with_chunk(good, turned)
    picture = decode(with_chunk(good, turned))
    assert np.array_equal(picture.pixels, PIXELS[::-1, ::-1])
    assert picture.notes == ("turned upright, as its EXIF orientation says",)


@pytest.mark.parametrize("part", ["header", "palette", "transparency"])
def test_broken_chunk_that_the_pixels_need_is_refused(part: str) -> None:
    faulty = {
        "header": SIGNATURE + wrong_checksum(HEADER) + DATA + PLAIN[-12:],
        "palette": with_chunk(wrong_checksum(chunk(b"PLTE", bytes(9)))),
        "transparency": with_chunk(wrong_checksum(chunk(b"tRNS", bytes(6)))),
    }[part]
    with pytest.raises(UndecodableImage, match="this PNG file is broken"):
        decode(faulty)


def test_text_between_parts_of_the_pixels_is_skipped() -> None:
    halves = chunk(b"IDAT", DATA[8:30]) + chunk(b"tEXt", b"a\0b") + chunk(b"IDAT", DATA[30:-4])
    assert np.array_equal(decode(SIGNATURE + HEADER + halves + PLAIN[-12:]).pixels, PIXELS)


def test_metadata_cut_off_after_the_pixels_are_ignored() -> None:
    assert np.array_equal(decode(SIGNATURE + HEADER + DATA + chunk(b"tEXt", bytes(99))[:50]).pixels, PIXELS)


def test_file_cut_off_before_the_pixels_is_incomplete() -> None:
    with pytest.raises(UndecodableImage, match="image file is incomplete"):
        decode(SIGNATURE + HEADER + chunk(b"tEXt", bytes(99))[:50])


def test_transparency_after_the_pixels_is_ignored() -> None:
    late = with_chunk(b"", chunk(b"tRNS", PIXELS[0, 0].astype(">u2").tobytes()))
    assert np.array_equal(decode(late).pixels, PIXELS)


@pytest.mark.parametrize(
    ("animation", "frames"),
    [
        (b"", 1),
        (chunk(b"acTL", struct.pack(">II", 4, 0)) + chunk(b"fcTL", bytes(26)), 4),
        (chunk(b"acTL", struct.pack(">II", 4, 0)), 4),
        (chunk(b"fcTL", bytes(26)), 1),
        (wrong_checksum(chunk(b"acTL", struct.pack(">II", 4, 0))), 1),
        (chunk(b"acTL", struct.pack(">II", 0, 0)), 1),
    ],
    ids=["still", "animated", "apart from its animation", "no header", "broken header", "no frames"],
)
def test_frames_are_counted_by_the_header_alone(animation: bytes, frames: int) -> None:
    assert decode(with_chunk(animation)).frames == frames


def controlled(number: int, width: int, height: int, left: int = 0, top: int = 0) -> bytes:
    return chunk(b"fcTL", struct.pack(">5I2H2B", number, width, height, left, top, 1, 10, 0, 0))


def animated_apart(first: bytes) -> bytes:
    """A picture for programs that show no animation, and then one of two frames."""
    frame = struct.pack(">I", 1) + DATA[8:-4]
    second = controlled(2, 6, 6) + chunk(b"fdAT", struct.pack(">I", 3) + zlib.compress(bytes(6 * 19)))
    animation = first + chunk(b"fdAT", frame[:20]) + chunk(b"fdAT", frame[:4] + frame[20:]) + second
    default = png(6, 6, 8, 2, bytes(108))
    count = chunk(b"acTL", struct.pack(">II", 2, 0))
    return SIGNATURE + HEADER + count + default[33:-12] + animation + PLAIN[-12:]


def test_first_frame_is_used_in_place_of_the_default_image() -> None:
    picture = decode(animated_apart(controlled(0, 6, 6)))
    assert np.array_equal(picture.pixels, PIXELS)
    assert picture.notes == ("first of 2 frames used",)


def test_first_frame_of_an_animation_that_does_not_fill_the_canvas_is_not_used() -> None:
    picture = decode(animated_apart(controlled(0, 5, 6, 1)))
    assert np.array_equal(picture.pixels, np.zeros((6, 6)))
