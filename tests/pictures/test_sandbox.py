"""Decoding apart: what takes a decoder down takes only its own picture with it."""

import asyncio
import io
import os
import signal
import threading
import time
import zlib

import numpy as np
import psutil
import pytest
from PIL import Image, PngImagePlugin
from sepviz.errors import Busy, UndecodableImage, UnsafeImage, UnsupportedImage, UploadTooLarge
from sepviz.pictures import sandbox as module
from sepviz.pictures.decoding import Picture, decode
from sepviz.pictures.sandbox import Decoder


def png(width=30, height=20):
    into = io.BytesIO()
    Image.effect_noise((width, height), 60).convert("RGB").save(into, "PNG")
    return into.getvalue()


def outcome(scenario):
    """What the scenario returns, in an event loop of its own thread."""
    decoder = Decoder()
    found = []

    def run():
        try:
            found.append(asyncio.run(scenario(decoder)))
        finally:
            decoder.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert found, "the scenario failed"
    return found[0]


def test_sandboxed_decoder_returns_the_same_picture():
    data = png()
    picture = outcome(lambda decoder: decoder.decode(data))
    assert np.array_equal(picture.pixels, decode(data).pixels)


@pytest.mark.parametrize(
    ("data", "error"),
    [(b"no picture", UnsupportedImage), (png()[:-40], UndecodableImage), (b"", UndecodableImage)],
)
def test_errors_of_the_decoder_are_raised(data, error):
    async def scenario(decoder):
        with pytest.raises((error, UnsupportedImage)):
            await decoder.decode(data)
        return True

    assert outcome(scenario)


def test_too_many_pixels_are_refused():
    bomb = bytearray(png(8, 8))
    bomb[16:24] = (50_000).to_bytes(4, "big") * 2
    bomb[29:33] = zlib.crc32(bytes(bomb[12:29])).to_bytes(4, "big")
    assert PngImagePlugin.PngImageFile(io.BytesIO(bytes(bomb))).size == (50_000, 50_000)

    async def scenario(decoder):
        with pytest.raises(UploadTooLarge):
            await decoder.decode(bytes(bomb))
        return True

    assert outcome(scenario)


@pytest.mark.parametrize("deadly", [signal.SIGKILL, signal.SIGSEGV])
def test_killed_idle_decoder_is_replaced(deadly):
    async def scenario(decoder):
        await decoder.decode(png())
        for pid in decoder.pids:
            os.kill(pid, deadly)
        return (await decoder.decode(png(40, 10))).width

    assert outcome(scenario) == 40


@pytest.mark.parametrize("deadly", [signal.SIGKILL, signal.SIGSEGV])
def test_picture_that_kills_its_decoder_affects_no_other(monkeypatch, deadly):
    async def scenario(decoder):
        monkeypatch.setattr(module, "_decode", signal.raise_signal)
        with pytest.raises(UnsafeImage, match="safely"):
            await decoder.decode(deadly)
        monkeypatch.setattr(module, "_decode", decode)
        return (await decoder.decode(png(50, 10))).width

    assert outcome(scenario) == 50


def test_concurrent_pictures_share_one_pool():
    async def scenario(decoder):
        for _ in range(3):
            await asyncio.gather(*(decoder.decode(png()) for _ in range(6)))
            assert len(decoder.pids) == 1
            os.kill(decoder.pids[0], signal.SIGKILL)
        return psutil.Process().num_threads()

    first, second = outcome(scenario), outcome(scenario)
    assert second <= first + 1


def test_pictures_beyond_the_queue_are_refused(monkeypatch):
    monkeypatch.setattr(module, "MAX_WAITING", 3)

    async def scenario(decoder):
        asked = [decoder.decode(png()) for _ in range(5)]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert (await decoder.decode(png())).width == 30
        return [type(each) for each in answers]

    assert outcome(scenario) == [Picture] * 3 + [Busy] * 2


def test_slow_decoder_is_ended(monkeypatch):
    monkeypatch.setattr(module, "DECODE_SECONDS", 0.5)
    monkeypatch.setattr(module, "_decode", time.sleep)

    async def scenario(decoder):
        with pytest.raises(UnsafeImage, match="took longer"):
            await decoder.decode(60)
        return True

    assert outcome(scenario)


def test_memory_of_a_decoder_is_limited(monkeypatch):
    monkeypatch.setattr(module, "_decode", bytearray)

    async def scenario(decoder):
        with pytest.raises(UnsafeImage, match="safely"):
            await decoder.decode(2 * module.MEMORY_BYTES)
        return (await decoder.decode(1000)) == bytearray(1000)

    assert outcome(scenario)
