"""Jobs executed by worker processes: results, errors, dead workers, shutdown."""

import asyncio
import io
import multiprocessing
import os
import pickle
import select
import signal
import subprocess
import sys
import threading
from contextlib import suppress

import numpy as np
import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pebble import ProcessPool
from PIL import Image
from sepviz import errors
from sepviz.compute import Grid, Plane, Tensors, View
from sepviz.compute import executor as executor_module
from sepviz.compute.executor import ProcessExecutor
from sepviz.compute.worker import run_job
from sepviz.encoded import Encoded
from sepviz.errors import BadParameter, Busy, InvalidParameters, OverBudget, SepvizError
from sepviz.layer.plan import plan
from sepviz.layer.selection import Selection
from sepviz.layer.spec import LayerSpec
from sepviz.pictures.codec import encode_picture
from sepviz.settings import Settings
from sepviz.tensors.inputs import Inputs
from sepviz.uploads.store import upload_id

from tests.support.layers import layers
from tests.support.redis_server import until

PIXELS = np.random.default_rng(5).integers(0, 256, (20, 30, 3), dtype=np.uint8)
SMALL = LayerSpec(size=12)
VIEW = View(SMALL, Selection(), None, "<p>fragment</p>")
LARGE = View(LayerSpec(in_channels=64, out_channels=256, kernel_size=15, size=96), Selection(), None, "")


class Executing:
    """An executor in an event loop of a thread."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.executor = ProcessExecutor(Settings())
        self.others = frozenset()
        self.others = self.workers

    def submit(self, scenario):
        return asyncio.run_coroutine_threadsafe(scenario, self.loop)

    def execute(self, job, picture=None):
        return self.submit(self.executor.execute(job, picture)).result(100)

    @property
    def workers(self):
        """The worker processes: each leads a session of its own."""
        found = set()
        for each in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess, ProcessLookupError):
                if each.status() != psutil.STATUS_ZOMBIE and os.getsid(each.pid) == each.pid:
                    found.add(each.pid)
        return found - self.others

    def begin(self, *jobs):
        """Return the jobs' futures once all of them are being executed."""
        self.execute(VIEW)
        pool = self.executor._running.result().pool
        running, schedule = [], pool.schedule

        def spy(*arguments, **options):
            running.append(schedule(*arguments, **options))
            return running[-1]

        pool.schedule = spy
        futures = [self.submit(self.executor.execute(job, [] if job == [] else None)) for job in jobs]
        self.wait(lambda: len(running) == len(jobs) and all(each.running() or each.done() for each in running))
        del pool.schedule
        return futures

    def wait(self, condition):
        until(condition, 60)

    def close(self):
        self.submit(self.executor.close()).result(100)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


@pytest.fixture(scope="module")
def running():
    made = Executing()
    yield made
    made.close()


@pytest.fixture
def executing(running):
    """The executor with both of its workers."""
    running.submit(running.executor.start()).result()
    running.wait(lambda: running.executor.is_ready and len(running.workers) == 2)
    return running


@pytest.fixture
def blocking(monkeypatch, executing):
    """The executor, whose jobs are `[]` and never end."""
    executing.execute(VIEW)
    monkeypatch.setattr(executor_module, "_execute", select.select)
    monkeypatch.setattr(executing.executor, "_cache_bytes", [])
    monkeypatch.setattr(Executing, "execute", lambda *_: None)
    yield executing
    monkeypatch.undo()


@pytest.fixture(scope="module")
def inputs():
    return Inputs()


def jobs(spec):
    last = plan(spec).convolutions[-1].name
    return (
        Tensors(spec, Selection(), "float32", None, "safetensors"),
        Tensors(spec, Selection(("input",)), "uint8", 7, "npz"),
        View(spec, Selection((), range(2)), 8, "<p>fragment</p>"),
        Grid(spec, last, "svg", "viridis", "stage"),
        Plane(spec, last, 0, "grey"),
    )


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(layers(), st.data())
def test_result_is_that_of_the_job_run_here(executing, inputs, spec, data):
    job = data.draw(st.sampled_from(jobs(spec)))
    found, expected = executing.execute(job), run_job(job, None, inputs)
    assert found.media_type == expected.media_type
    if found.media_type == "application/zip":  # it holds the time
        with np.load(io.BytesIO(found.body)) as one, np.load(io.BytesIO(expected.body)) as other:
            assert all(np.array_equal(one[name], other[name]) for name in (*one, *other))
    else:
        assert found == expected


def test_uploaded_picture_is_the_job_s_input(executing, inputs):
    content = encode_picture(Image.fromarray(PIXELS), lossless=True)
    job = Tensors(SMALL.replace(input=upload_id(content)), Selection(("input",)), "float32", None, "safetensors")
    assert executing.execute(job, content) == run_job(job, content, inputs)


def test_error_of_a_job_keeps_its_class_and_parameters(executing):
    with pytest.raises(OverBudget) as refused:
        executing.execute(View(LayerSpec(in_channels=512, out_channels=1024, size=512), Selection(), None, ""))
    (bad,) = refused.value.bad
    assert (bad.parameter, bad.value) == ("size", "512")
    with pytest.raises(InvalidParameters, match="no such stage"):
        executing.execute(Tensors(SMALL, Selection(("nosuch",)), "float32", None, "npz"))


EXAMPLES = {
    "InvalidParameters": ([BadParameter("size", "7", "8 to 512", "too small")],),
    "OverBudget": ([BadParameter("size", "7", "8 to 512"), BadParameter("stride", None, "1 to 8")],),
    "UnknownName": ("figure", "x" * 90, ["a", "b"]),
    "Unavailable": ("later", 3),
    "Busy": ("later", 3),
    "RateLimited": ("later", 3),
    "StoreUnavailable": ("later", 3),
}
KINDS = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, SepvizError)]


@pytest.mark.parametrize("kind", KINDS)
def test_error_is_the_same_after_pickling(kind):
    error = kind(*EXAMPLES.get(kind.__name__, ("what was wrong",)))
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (type(copy), str(copy), vars(copy)) == (kind, str(error), vars(error))


def test_bug_in_a_job_is_raised_with_its_traceback_and_the_next_job_runs(executing):
    with pytest.raises(KeyError, match="nosuch") as raised:
        executing.execute(Plane(SMALL, "depthwise", 1, "nosuch"))
    assert "worker.py" in str(raised.value.__cause__)
    assert executing.execute(VIEW).body


def test_killed_worker_loses_its_own_job_alone(blocking):
    before = blocking.workers
    lost, other = blocking.begin([], [])
    victim = min(before)
    os.kill(victim, signal.SIGKILL)
    blocking.wait(lambda: lost.done() or other.done())
    done, running = (lost, other) if lost.done() else (other, lost)
    with pytest.raises(Busy, match="try again"):
        done.result()
    assert not running.done()
    (survivor,) = before - {victim}
    os.kill(survivor, signal.SIGKILL)
    with pytest.raises(Busy, match="try again"):
        running.result(100)


def test_jobs_are_executed_again_after_idle_workers_were_killed(executing):
    def is_executed():
        try:
            return bool(executing.execute(VIEW).body)
        except Busy:  # it was scheduled before the deaths were noticed
            return False

    before = executing.workers
    for each in before:
        os.kill(each, signal.SIGKILL)
    executing.wait(is_executed)
    assert executing.workers
    assert not executing.workers & before


def test_job_that_takes_too_long_is_killed(blocking, monkeypatch):
    monkeypatch.setattr(blocking.executor, "_max_job_seconds", 0.1)
    before = blocking.workers
    (stuck,) = blocking.begin([])
    with pytest.raises(Busy, match="try again"):
        stuck.result(100)
    blocking.wait(lambda: blocking.workers and before & blocking.workers != before)


def test_running_job_is_finished_at_shutdown_whatever_the_terminal_signals(monkeypatch, executing):
    monkeypatch.setattr(executor_module, "SHUTDOWN_SECONDS", 60)
    once = Executing()
    try:
        (begun,) = once.begin(LARGE)
        for each in once.workers:
            os.kill(each, signal.SIGINT)
    finally:
        once.close()
    assert isinstance(begun.result(0), Encoded)
    assert not once.workers


def test_job_that_does_not_end_is_killed_at_shutdown(monkeypatch, executing):
    monkeypatch.setattr(executor_module, "SHUTDOWN_SECONDS", 0.01)
    once = Executing()
    once.execute(VIEW)
    monkeypatch.setattr(executor_module, "_execute", select.select)
    monkeypatch.setattr(once.executor, "_cache_bytes", [])
    monkeypatch.setattr(Executing, "execute", lambda *_: None)
    (begun,) = once.begin([])
    once.close()
    assert not once.workers
    with pytest.raises(Busy):
        begun.result(0)


def test_executor_is_ready_only_after_its_workers_start(monkeypatch):
    failing = ProcessPool(1, initializer=os._exit, initargs=(1,), context=multiprocessing.get_context("forkserver"))
    pools, new_pool = [failing], executor_module._new_pool
    monkeypatch.setattr(executor_module, "_new_pool", lambda *given: pools.pop() if pools else new_pool(*given))
    once = Executing()
    try:
        once.submit(once.executor.start()).result()
        assert not once.executor.is_ready
        assert once.execute(VIEW).body
        assert once.executor.is_ready
        assert pools == []
    finally:
        once.close()


def test_process_that_answers_does_not_import_torch():
    code = "import sys; from sepviz.web import app, server; app.create_app(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
