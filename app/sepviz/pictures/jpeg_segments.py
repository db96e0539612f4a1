"""Reduces a JPEG file to the segments that its pixels need; faults in the other segments are ignored."""

from sepviz.pictures.essentials import Essentials

_APP0, _APP15, _COMMENT = 0xE0, 0xEF, 0xFE
_FIRST_TABLE, _SCAN = 0xC0, 0xDA
_WITHOUT_LENGTH = range(0xD0, 0xDA)
_ICC = b"ICC_PROFILE\0"
# Marker, first bytes and least length of the content: colour space, orientation, profile, further pictures.
_NEEDED = (
    (0xE0, b"JFIF\0", 14),
    (0xE1, b"Exif\0\0", 6),
    (0xE2, _ICC, 15),
    (0xE2, b"MPF\0", 4),
    (0xEE, b"Adobe", 12),
)


def pixel_segments(data: bytes) -> Essentials:
    """The segments that the first picture needs; a cut off or broken one is left for the decoder to refuse."""
    kept, at, profile_ignored = [data[:2]], 2, False
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # fill
            at += 1
            continue
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4])
        if marker < _FIRST_TABLE or marker == _SCAN or marker in _WITHOUT_LENGTH or end > len(data):
            break
        content = data[at + 4 : end]
        if _is_needed(marker, content):
            kept.append(data[at:end])
        elif content.startswith(_ICC):
            profile_ignored = True
        at = end
    return Essentials(b"".join([*kept, data[at:]]), profile_ignored=profile_ignored)


def _is_needed(marker: int, content: bytes) -> bool:
    if not _APP0 <= marker <= _APP15 and marker != _COMMENT:
        return True
    return any(marker == each and content.startswith(start) and len(content) >= n for each, start, n in _NEEDED)
