"""Whether a picture file was cut off, by how its format ends."""

import struct


def is_complete(name: str, data: bytes) -> bool:
    """Whether the file has what its format ends with. A hint for the message of a file that was not decoded."""
    if name == "PNG":
        return b"IEND" in data
    if name == "JPEG":
        return b"\xff\xd9" in data
    if name == "GIF":
        return data.endswith(b";")
    if name == "AVIF":
        return _ends_with_box(data)
    if name == "WebP":
        size: int = struct.unpack_from("<I", data, 4)[0]
        return len(data) >= 8 + size
    return len(data) >= 54


def _ends_with_box(data: bytes) -> bool:
    """Whether the last box of an ISO base media file ends where the file does."""
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4])
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16])
        if size < 8:  # 0 is "to the end"
            return True
        at += size
    return at == len(data)
