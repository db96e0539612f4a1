"""What an operator sees: one line of log and a few numbers for each request, never what was in it."""

import json
import logging
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields

import psutil
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sepviz.compute import Compute

LOG = logging.getLogger("sepviz.access")
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)


class Metrics:
    """The numbers of one app, as Prometheus reads them."""

    def __init__(self, compute: Compute) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("sepviz_requests", "Answers", ["route", "status"], registry=self.registry)
        self.seconds = Histogram(
            "sepviz_request_seconds", "Until an answer was out", ["route"], registry=self.registry, buckets=SECONDS
        )
        self.registry.register(_ComputeNumbers(compute))


class _ComputeNumbers(Collector):
    """Read from their owner when they are asked for."""

    def __init__(self, compute: Compute) -> None:
        self._compute = compute

    def collect(self) -> Iterator[Metric]:
        """The numbers as they are now."""
        counts = self._compute.counts
        jobs = CounterMetricFamily("sepviz_jobs", "Computations by what became of them", labels=["outcome"])
        for outcome in (each.name for each in fields(counts) if each.name != "seconds"):
            jobs.add_metric([outcome], getattr(counts, outcome))
        yield jobs
        yield CounterMetricFamily("sepviz_compute_seconds", "Spent computing", value=counts.seconds)
        yield GaugeMetricFamily("sepviz_queue_length", "Computations not yet begun", value=self._compute.waiting)
        yield GaugeMetricFamily("sepviz_cache_bytes", "Results that are kept", value=self._compute.cached_bytes)
        yield GaugeMetricFamily("sepviz_memory_bytes", "Of all processes of this server", value=_memory_bytes())


def _memory_bytes() -> int:
    """Return the memory of this process and all below it; on Linux what several share counts once."""
    this = psutil.Process()
    total = 0
    for process in (this, *this.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):  # it has ended meanwhile
            memory = process.memory_full_info()
            total += getattr(memory, "pss", memory.rss)
    return total


class Watch:
    """Counts and logs every request that is heard; an address without its query, which may hold somebody's words."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI calls it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, status, size = time.perf_counter(), 500, 0

        async def seen(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive, seen)
        finally:
            seconds = time.perf_counter() - begun
            route = getattr(scope.get("route"), "path", "other")
            self._metrics.requests.labels(route, status).inc()
            self._metrics.seconds.labels(route).observe(seconds)
            if LOG.isEnabledFor(logging.INFO):
                told = {"method": scope["method"], "path": scope["path"][:200], "status": status, "bytes": size}
                LOG.info(json.dumps({**told, "ms": round(seconds * 1000, 1)}))
