"""The store in memory: ids, lifetime, eviction."""

import re

import pytest
from sepviz.errors import UploadGone, UploadTooLarge
from sepviz.layer.spec import UPLOAD_PATTERN, LayerSpec
from sepviz.uploads.store import MemoryStore, format_duration, is_upload

PLENTY, MINUTE_S = 2**20, 60


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_equal_contents_have_equal_ids_and_others_do_not() -> None:
    store = MemoryStore(PLENTY, MINUTE_S)
    name = store.add(b"content")
    assert re.fullmatch(UPLOAD_PATTERN, name)
    assert is_upload(name)
    assert LayerSpec(input=name).input == name
    assert store.add(bytes(bytearray(b"content"))) == name
    assert store.add(b"content ") != name
    assert store.get(name) == b"content"
    assert not is_upload("chelsea")


def test_upload_is_gone_after_its_time() -> None:
    clock = Clock()
    store = MemoryStore(PLENTY, 1800, clock)
    name = store.add(b"content")
    clock.now = 1799
    store.get(name)
    clock.now = 1800
    with pytest.raises(UploadGone, match=r"upload is not kept any more .*30 minutes.*: upload it again") as error:
        store.get(name)
    assert name.removeprefix("upload-") not in str(error.value)


def test_adding_again_renews_the_time_and_reading_does_not() -> None:
    clock = Clock()
    store = MemoryStore(PLENTY, 100, clock)
    renewed, read = store.add(b"renewed"), store.add(b"read")
    clock.now = 90
    store.add(b"renewed")
    store.get(read)
    clock.now = 150
    store.get(renewed)
    with pytest.raises(UploadGone):
        store.get(read)


def test_full_store_evicts_the_least_recently_used() -> None:
    store = MemoryStore(3 * (400 + 1024), MINUTE_S)
    contents = [bytes([number]) * 400 for number in range(4)]
    first, second, third = (store.add(content) for content in contents[:3])
    store.get(first)
    store.add(contents[3])
    store.get(first)
    store.get(third)
    with pytest.raises(UploadGone):
        store.get(second)


def test_number_of_tiny_uploads_is_bounded() -> None:
    store = MemoryStore(64 * 1024, MINUTE_S)
    names = [store.add(number.to_bytes(2)) for number in range(1000)]
    assert len(set(names)) == 1000
    assert len(store._contents) < 64


def test_upload_larger_than_the_store_is_refused() -> None:
    with pytest.raises(UploadTooLarge, match="takes 3,024 bytes, and at most 1,000 are stored"):
        MemoryStore(1000, MINUTE_S).add(bytes(2000))


@pytest.mark.parametrize(("seconds", "text"), [(1800, "30 minutes"), (60, "60 seconds"), (90, "90 seconds")])
def test_duration_is_in_minutes_where_these_are_whole(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text
