"""`Compute`: computations that are coalesced, shed, superseded, abandoned and cached."""

import asyncio
import threading
import weakref
from functools import partial

import pytest
from limits import RateLimitItemPerSecond
from sepviz.compute import Client, Compute
from sepviz.compute import queue as queue_module
from sepviz.compute.queue import MAX_QUEUED_PER_PAGE
from sepviz.compute.rate_limits import RateLimiter
from sepviz.encoded import Encoded
from sepviz.errors import Busy, RateLimited


class Gate:
    """Makes named work: `begun` names what was started, and all of it ends when `open` is set."""

    def __init__(self):
        self.begun = []
        self.open = asyncio.Event()

    def __call__(self, name):
        return partial(self._work, name)

    async def _work(self, name):
        self.begun.append(name)
        await self.open.wait()
        if name == "broken":
            raise ValueError(name)
        return Encoded(name.encode(), "text/plain")


def together(scenario, *, workers=1, queue=3, deadline_seconds=30, cache_bytes=1000, clock=lambda: 0.0, limits=None):
    """Return the scenario's result, run with a `Compute` and a gate in the event loop of a new thread."""
    gate = Gate()

    async def main():
        compute = Compute(workers, queue, deadline_seconds, cache_bytes, 60, clock, limits)
        try:
            return await scenario(compute, gate)
        finally:
            gate.open.set()

    found = []
    thread = threading.Thread(target=lambda: found.append(asyncio.run(main())))
    thread.start()
    thread.join()
    assert found, "the scenario failed"
    return found[0]


async def settled(condition):
    """Wait until the condition holds, while the event loop runs."""
    for _ in range(100_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came to hold")


def test_equal_keys_are_computed_once_and_cached():
    async def scenario(compute, gate):
        asked = [asyncio.create_task(compute.get_or_compute("a", gate("a"))) for _ in range(5)]
        await settled(lambda: compute.counts.coalesced == 4)
        gate.open.set()
        bodies = {(await each).body for each in asked}
        again = await compute.get_or_compute("a", gate("never"))
        return bodies, again.body, gate.begun, compute.counts

    bodies, again, begun, counts = together(scenario)
    assert bodies == {b"a"}
    assert again == b"a"
    assert begun == ["a"]
    assert (counts.computed, counts.coalesced, counts.cached) == (1, 4, 1)


def test_full_queue_sheds_with_retry_after():
    async def scenario(compute, gate):
        asked = [asyncio.create_task(compute.get_or_compute(name, gate(name))) for name in "abcd"]
        await settled(lambda: compute.queue_length == 3)
        with pytest.raises(Busy) as error:
            await compute.get_or_compute("e", gate("e"))
        coalesced = asyncio.create_task(compute.get_or_compute("d", gate("d")))
        await settled(lambda: compute.counts.coalesced == 1)
        gate.open.set()
        return error.value.retry_after, [(await each).body for each in [*asked, coalesced]]

    seconds, bodies = together(scenario)
    assert 1 <= seconds <= 10
    assert bodies == [b"a", b"b", b"c", b"d", b"d"]


def test_requests_beyond_the_queue_wait_for_a_place_in_order(monkeypatch):
    monkeypatch.setattr(queue_module, "MAX_WAIT_FOR_PLACE_SECONDS", 60)

    async def scenario(compute, gate):
        # One at work, three in the queue, two that wait for a place.
        asked = [asyncio.create_task(compute.get_or_compute(name, gate(name))) for name in "abcdef"]
        await settled(lambda: compute.queue_length == 3)
        gate.open.set()
        bodies = [(await each).body for each in asked]
        return bodies, gate.begun, compute.counts.shed, compute.queue_length

    bodies, begun, shed, waiting = together(scenario)
    assert bodies == [name.encode() for name in "abcdef"]
    assert begun == list("abcdef")
    assert (shed, waiting) == (0, 0)


def test_request_that_waits_for_a_place_is_coalesced_with_an_earlier_equal_one(monkeypatch):
    async def scenario(compute, gate):
        asked = [asyncio.create_task(compute.get_or_compute(name, gate(name))) for name in "abcd"]
        await settled(lambda: compute.queue_length == 3)
        late = [asyncio.create_task(compute.get_or_compute("e", gate("e"))) for _ in range(2)]
        gate.open.set()
        return [(await each).body for each in [*asked, *late]], gate.begun

    monkeypatch.setattr(queue_module, "MAX_WAIT_FOR_PLACE_SECONDS", 60)
    bodies, begun = together(scenario)
    assert bodies == [b"a", b"b", b"c", b"d", b"e", b"e"]
    assert begun == list("abcde")


@pytest.mark.parametrize("end", ["abandoned", "shed", "superseded", "failed", "coalesced", "limited"])
def test_place_in_the_queue_is_released_however_work_ends(monkeypatch, end):
    """Afterwards as many computations fit as the queue has places."""
    monkeypatch.setattr(queue_module, "MAX_WAIT_FOR_PLACE_SECONDS", 0)

    class Charges:
        async def hit(self, address):
            if address:
                raise RateLimited(address)

    async def scenario(compute, gate):
        first = asyncio.create_task(compute.get_or_compute("first", gate("first")))
        await settled(lambda: gate.begun == ["first"])
        queue = compute.queue
        client = Client("page" if end == "superseded" else None)
        names = [f"own{n}" for n in range(queue + (end in ("shed", "superseded")))]
        if end == "failed":
            names[0] = "broken"
        if end == "limited":
            with pytest.raises(RateLimited):
                await compute.get_or_compute("charged", gate("charged"), Client(None, "203.0.113.7"))
        own = [asyncio.create_task(compute.get_or_compute(name, gate(name), client)) for name in names]
        if end == "coalesced":
            own.append(asyncio.create_task(compute.get_or_compute(names[0], gate(names[0]))))
        await settled(lambda: compute.queue_length == queue)
        if end == "abandoned":
            for each in own:
                each.cancel()
        gate.open.set()
        await asyncio.gather(first, *own, return_exceptions=True)
        gate.open.clear()
        again = [asyncio.create_task(compute.get_or_compute(f"again{n}", gate(f"again{n}"))) for n in range(queue + 1)]
        await settled(lambda: compute.queue_length == queue)
        with pytest.raises(Busy):
            await compute.get_or_compute("too many", gate("too many"))
        gate.open.set()
        return [(await each).body for each in again]

    queue = MAX_QUEUED_PER_PAGE
    assert len(together(scenario, queue=queue, limits=Charges())) == queue + 1


@pytest.mark.parametrize("queue", [64, MAX_QUEUED_PER_PAGE + 1])
def test_newest_request_of_a_page_supersedes_its_oldest(queue):
    async def scenario(compute, gate):
        first = asyncio.create_task(compute.get_or_compute("first", gate("first")))
        await settled(lambda: gate.begun == ["first"])
        names = [f"own{n}" for n in range(MAX_QUEUED_PER_PAGE + 2)]
        other = asyncio.create_task(compute.get_or_compute("other", gate("other"), Client("another page")))
        own = [asyncio.create_task(compute.get_or_compute(name, gate(name), Client("page"))) for name in names]
        await settled(lambda: compute.counts.superseded == 2)
        gate.open.set()
        await asyncio.gather(first, other)
        return await asyncio.gather(*own, return_exceptions=True)

    answers = together(scenario, queue=queue)
    assert [isinstance(each, RateLimited) for each in answers] == [True, True, *[False] * MAX_QUEUED_PER_PAGE]
    assert [each.body for each in answers[2:]] == [f"own{n}".encode() for n in range(2, MAX_QUEUED_PER_PAGE + 2)]


def test_computation_that_others_wait_for_is_not_superseded():
    async def scenario(compute, gate):
        first = asyncio.create_task(compute.get_or_compute("first", gate("first")))
        await settled(lambda: gate.begun == ["first"])
        shared = [asyncio.create_task(compute.get_or_compute("shared", gate("shared"), Client(page))) for page in "ab"]
        await settled(lambda: compute.counts.coalesced == 1)
        own = [
            asyncio.create_task(compute.get_or_compute(f"{n}", gate(f"{n}"), Client("a")))
            for n in range(MAX_QUEUED_PER_PAGE + 1)
        ]
        await settled(lambda: compute.counts.superseded == 1)
        gate.open.set()
        await first
        return await asyncio.gather(*shared, *own, return_exceptions=True)

    answers = together(scenario, queue=64)
    assert [each.body for each in answers[:2]] == [b"shared", b"shared"]
    assert [isinstance(each, RateLimited) for each in answers[2:]] == [True, *[False] * MAX_QUEUED_PER_PAGE]


def test_abandoned_computation_is_not_started():
    async def scenario(compute, gate):
        running = asyncio.create_task(compute.get_or_compute("running", gate("running")))
        left = asyncio.create_task(compute.get_or_compute("abandoned", gate("abandoned")))
        shared = [asyncio.create_task(compute.get_or_compute("shared", gate("shared"))) for _ in range(2)]
        await settled(lambda: compute.queue_length == 2 and compute.counts.coalesced == 1)
        left.cancel()
        shared[0].cancel()
        running.cancel()
        await settled(lambda: compute.queue_length == 1)
        gate.open.set()
        result = await shared[1]
        # What had begun is kept, though nobody waited for it any longer.
        kept = await compute.get_or_compute("running", gate("never"))
        return result.body, kept.body, gate.begun, compute.counts.abandoned

    assert together(scenario) == (b"shared", b"running", ["running", "shared"], 1)


def test_failure_reaches_all_waiters_and_is_not_cached():
    async def scenario(compute, gate):
        asked = [asyncio.create_task(compute.get_or_compute("a", gate("broken"))) for _ in range(3)]
        await settled(lambda: compute.counts.coalesced == 2)
        gate.open.set()
        failed = await asyncio.gather(*asked, return_exceptions=True)
        return failed, (await compute.get_or_compute("a", gate("a"))).body

    failed, after = together(scenario)
    assert [str(each) for each in failed] == ["broken"] * 3
    assert after == b"a"


def test_request_past_its_deadline_gets_busy_and_the_computation_goes_on():
    async def scenario(compute, gate):
        with pytest.raises(Busy):
            await compute.get_or_compute("slow", gate("slow"))
        again = asyncio.create_task(compute.get_or_compute("slow", gate("never")))
        await settled(lambda: compute.counts.coalesced == 1)
        gate.open.set()
        return (await again).body

    assert together(scenario, deadline_seconds=0.05) == b"slow"


def test_result_without_waiters_is_released():
    """Even while the error that the waiter got, and its traceback, are still referenced."""

    class Body(bytearray):
        """Bytes that can be weakly referenced."""

    async def scenario(compute, gate):
        made = []

        async def work():
            await gate.open.wait()
            body = Body(5000)
            made.append(weakref.ref(body))
            return Encoded(body, "text/plain")

        with pytest.raises(Busy) as told:
            await compute.get_or_compute("late", work)
        gate.open.set()
        await settled(lambda: compute.counts.computed == 1)
        await asyncio.sleep(0)
        return told.traceback, made[0]()

    _, left = together(scenario, deadline_seconds=0.05)
    assert left is None


def test_cached_result_expires_by_the_clock():
    now = [0.0]

    async def scenario(compute, gate):
        gate.open.set()
        await compute.get_or_compute("a", gate("first"))
        now[0] = 59
        known = await compute.get_or_compute("a", gate("second"))
        now[0] = 61
        return known.body, (await compute.get_or_compute("a", gate("third"))).body

    assert together(scenario, clock=lambda: now[0]) == (b"first", b"third")


def test_result_larger_than_the_cache_is_not_cached():
    async def scenario(compute, gate):
        gate.open.set()
        await compute.get_or_compute("a", gate("larger than four"))
        return compute.cached_bytes, (await compute.get_or_compute("a", gate("again"))).body

    assert together(scenario, cache_bytes=4) == (0, b"again")


def test_only_new_computations_count_for_an_address():
    here = Client("page", "203.0.113.7")

    async def scenario(compute, gate):
        first = asyncio.create_task(compute.get_or_compute("a", gate("a"), here))
        await settled(lambda: gate.begun == ["a"])
        coalesced = [asyncio.create_task(compute.get_or_compute("a", gate("a"), here)) for _ in range(5)]
        await settled(lambda: compute.counts.coalesced == 5)
        gate.open.set()
        await asyncio.gather(first, *coalesced)
        for _ in range(5):
            await compute.get_or_compute("a", gate("a"), here)
        await compute.get_or_compute("b", gate("b"), here)
        with pytest.raises(RateLimited, match=r"203\.0\.113\.7: .* 2 in 3600 s"):
            await compute.get_or_compute("c", gate("c"), here)
        await compute.get_or_compute("c", gate("c"), Client("page", "203.0.113.8"))
        return gate.begun, compute.counts.shed

    assert together(scenario, limits=RateLimiter([RateLimitItemPerSecond(2, 3600)])) == (["a", "b", "c"], 1)


def test_equal_requests_are_coalesced_while_the_rate_limiter_answers():
    class Slow:
        """A rate limiter that answers when `answer` is set."""

        def __init__(self):
            self.asked, self.answer = 0, asyncio.Event()

        async def hit(self, _address):
            self.asked += 1
            await self.answer.wait()

    slow = Slow()

    async def scenario(compute, gate):
        asked = [asyncio.create_task(compute.get_or_compute("a", gate("a"))) for _ in range(3)]
        await settled(lambda: slow.asked == 3)
        slow.answer.set()
        gate.open.set()
        return {(await each).body for each in asked}, gate.begun, compute.counts.computed

    assert together(scenario, limits=slow) == ({b"a"}, ["a"], 1)
