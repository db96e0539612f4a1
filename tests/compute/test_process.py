"""The process that computes, seen from the event loop: what goes over to it, what comes back, and its death."""

import asyncio
import io
import os
import pickle
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sepviz import errors
from sepviz.compute import Grid, Plane, Tensors, View
from sepviz.compute import process as process_module
from sepviz.compute import worker as module
from sepviz.compute.frames import HEAD, framed, size
from sepviz.compute.process import Process
from sepviz.compute.worker import Tools, carry_out
from sepviz.encoded import Encoded
from sepviz.errors import BadParameter, Busy, InvalidParameters, OverBudget, SepvizError
from sepviz.layer.plan import plan
from sepviz.layer.selection import Selection
from sepviz.layer.spec import LayerSpec
from sepviz.pictures.codec import encode_picture
from sepviz.settings import Settings, assets
from sepviz.tensors.inputs import Inputs
from sepviz.uploads.store import upload_id
from sepviz.web.rendering import templates

from tests.compute.test_queue import settled
from tests.support.layers import layers

PIXELS = np.random.default_rng(5).integers(0, 256, (20, 30, 3), dtype=np.uint8)
SMALL = LayerSpec(size=12)
LARGE = LayerSpec(in_channels=64, out_channels=256, kernel_size=15, size=96)  # hundreds of milliseconds


class Apart:
    """A process in an event loop of a thread; `do` waits for what a coroutine function makes of the process."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.process = Process(Settings())

    def do(self, scenario):
        return asyncio.run_coroutine_threadsafe(scenario(self.process), self.loop).result(100)

    @property
    def pid(self):
        return self.process._child.pid

    def carry_out(self, job, picture=None):
        return self.do(lambda process: process.carry_out(job, picture))

    def close(self):
        self.do(lambda process: process.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


@pytest.fixture(scope="module")
def apart():
    made = Apart()
    yield made
    made.close()


@pytest.fixture(scope="module")
def tools():
    return Tools(Inputs(), templates(assets("templates")))


def jobs(spec):
    last = plan(spec).convolutions[-1].name
    return (
        Tensors(spec, Selection(), "float32", None, "safetensors"),
        Tensors(spec, Selection(("input",)), "uint8", 7, "npz"),
        View(spec, Selection((), range(2)), 8),
        Grid(spec, last, "svg", "viridis", "stage"),
        Plane(spec, last, 0, "grey"),
    )


@settings(max_examples=10)
@given(layers(), st.data())
def test_what_comes_back_is_what_the_job_makes(apart, tools, spec, data):
    job = data.draw(st.sampled_from(jobs(spec)))
    found, made = apart.carry_out(job), carry_out(job, None, tools)
    assert found.media_type == made.media_type
    if found.media_type == "application/zip":  # it holds the time
        with np.load(io.BytesIO(found.body)) as one, np.load(io.BytesIO(made.body)) as other:
            assert all(np.array_equal(one[name], other[name]) for name in (*one, *other))
    else:
        assert found == made


def test_an_uploaded_picture_goes_along(apart, tools):
    content = encode_picture(Image.fromarray(PIXELS), lossless=True)
    job = Tensors(SMALL.replace(input=upload_id(content)), Selection(("input",)), "float32", None, "safetensors")
    assert apart.carry_out(job, content) == carry_out(job, content, tools)


def test_what_is_wrong_comes_back_as_it_was(apart):
    with pytest.raises(OverBudget) as refused:
        apart.carry_out(View(LayerSpec(in_channels=512, out_channels=1024, size=512), Selection(), None))
    (bad,) = refused.value.bad
    assert (bad.parameter, bad.value) == ("size", "512")
    with pytest.raises(InvalidParameters, match="no such stage"):
        apart.carry_out(Tensors(SMALL, Selection(("nosuch",)), "float32", None, "npz"))


EXAMPLES = {
    "InvalidParameters": ([BadParameter("size", "7", "8 to 512", "too small")],),
    "OverBudget": ([BadParameter("size", "7", "8 to 512"), BadParameter("stride", None, "1 to 8")],),
    "UnknownName": ("figure", "x" * 90, ["a", "b"]),
    "Unavailable": ("later", 3),
    "Busy": ("later", 3),
    "Flooding": ("later", 3),
    "StoreUnavailable": ("later", 3),
}
KINDS = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, SepvizError)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_goes_from_one_process_to_the_other(kind):
    error = kind(*EXAMPLES.get(kind.__name__, ("what was wrong",)))
    came = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (type(came), str(came), vars(came)) == (kind, str(error), vars(error))


def test_a_fault_is_told_with_its_place_and_the_next_job_is_carried_out(apart):
    with pytest.raises(RuntimeError, match=r"(?s)worker\.py.*KeyError: 'nosuch'"):
        apart.carry_out(Plane(SMALL, "depthwise", 1, "nosuch"))
    assert apart.carry_out(View(SMALL, Selection(), None)).body


def test_a_process_that_dies_takes_what_it_was_at_and_another_comes(apart):
    apart.carry_out(View(SMALL, Selection(), None))
    before = apart.pid

    async def killed(process):
        at_work = [asyncio.ensure_future(process.carry_out(View(LARGE, Selection(), None), None)) for _ in range(2)]
        await settled(lambda: len(process._asked) == 2)
        os.kill(before, signal.SIGKILL)
        lost = await asyncio.gather(*at_work, return_exceptions=True)
        return lost, await process.carry_out(View(SMALL, Selection(), None), None)

    lost, after = apart.do(killed)
    assert [type(each) for each in lost] == [Busy, Busy]
    assert all(each.retry_after >= 1 for each in lost)
    assert isinstance(after, Encoded)
    assert apart.pid != before


def test_one_that_never_ends_is_ended(apart, monkeypatch):
    apart.carry_out(View(SMALL, Selection(), None))
    before = apart.pid
    monkeypatch.setattr(apart.process, "_longest_s", 0)
    with pytest.raises(Busy, match="try again"):
        apart.carry_out(View(LARGE, Selection(), None))
    monkeypatch.undo()
    assert apart.carry_out(View(SMALL, Selection(), None)).body
    assert apart.pid != before


def test_one_that_dies_idle_is_replaced_before_anybody_asks(apart):
    apart.carry_out(View(SMALL, Selection(), None))
    before = apart.pid

    async def revived(process):
        os.kill(before, signal.SIGKILL)
        await settled(lambda: not process.ready)
        await process._up

    apart.do(revived)
    assert apart.process.ready
    assert apart.pid != before


def test_what_is_begun_is_finished_before_it_ends(monkeypatch):
    monkeypatch.setattr(process_module, "FINISH_WITHIN_S", 60)
    once = Apart()
    once.carry_out(View(SMALL, Selection(), None))
    try:
        begun = asyncio.run_coroutine_threadsafe(
            once.process.carry_out(View(LARGE, Selection(), None), None), once.loop
        )

        async def signalled(process):
            await settled(lambda: process._asked)
            pid = process._child.pid
            for each in (signal.SIGINT, signal.SIGTERM):  # as a terminal or a supervisor sends them to the whole group
                os.kill(pid, each)

        once.do(signalled)
    finally:
        once.close()
    assert isinstance(begun.result(0), Encoded)
    assert once.process._child is None


def test_one_that_cannot_start_is_said_to_be_lost():
    broken = Apart()
    broken.process._command = ("/bin/false",)
    try:
        with pytest.raises(Busy, match="try again"):
            broken.carry_out(View(SMALL, Selection(), None))
        assert not broken.process.ready
    finally:
        broken.close()


def test_the_process_that_answers_has_no_torch():
    code = "import sys; from sepviz.web import app, server; app.create_app(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@given(st.binary(max_size=300))
def test_frames_are_read_as_they_were_written(content):
    frame = framed((1, content))
    assert size(frame[:HEAD]) == len(frame) - HEAD
    assert module._read(io.BytesIO(frame + frame)) == (1, content)
    assert module._read(io.BytesIO(b"")) is None


def test_what_does_not_end_is_ended_at_a_stop(monkeypatch):
    monkeypatch.setattr(process_module, "FINISH_WITHIN_S", 0.01)
    once = Apart()
    once.carry_out(View(SMALL, Selection(), None))
    begun = asyncio.run_coroutine_threadsafe(once.process.carry_out(View(LARGE, Selection(), None), None), once.loop)
    once.do(lambda process: settled(lambda: process._asked))
    once.close()
    with pytest.raises(Busy):
        begun.result(0)
    assert once.process._child is None


def test_a_start_that_fails_is_tried_again():
    once = Apart()
    command = once.process._command
    once.process._command = ("/nowhere/at/all",)  # not even a process
    try:
        with pytest.raises(Busy):
            once.carry_out(View(SMALL, Selection(), None))
        once.process._command = command
        once.do(lambda process: asyncio.wait_for(process._up, 60))
        assert once.process.ready
    finally:
        once.close()
