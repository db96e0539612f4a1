"""The access log and the metrics: the route, status and duration of each request, never its content."""

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
BUCKET_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)


class Metrics:
    """The Prometheus metrics of one app."""

    def __init__(self, compute: Compute) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("sepviz_requests", "Responses", ["route", "status"], registry=self.registry)
        self.seconds = Histogram(
            "sepviz_request_seconds",
            "Until a response was sent",
            ["route"],
            registry=self.registry,
            buckets=BUCKET_SECONDS,
        )
        self.registry.register(_ComputeMetrics(compute))


class _ComputeMetrics(Collector):
    """Reads the queue's counters, and the memory, when Prometheus asks."""

    def __init__(self, compute: Compute) -> None:
        self._compute = compute

    def collect(self) -> Iterator[Metric]:
        """Yield the current values."""
        counts = self._compute.counts
        jobs = CounterMetricFamily("sepviz_jobs", "Computations by outcome", labels=["outcome"])
        for outcome in (each.name for each in fields(counts) if each.name != "seconds"):
            jobs.add_metric([outcome], getattr(counts, outcome))
        yield jobs
        yield CounterMetricFamily("sepviz_compute_seconds", "Spent computing", value=counts.seconds)
        yield GaugeMetricFamily("sepviz_queue_length", "Computations not started yet", value=self._compute.queue_length)
        yield GaugeMetricFamily("sepviz_cache_bytes", "Cached results", value=self._compute.cached_bytes)
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


class AccessLog:
    """Counts and logs every request, by its path without the query, which may contain private words."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle an ASGI connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start, status, size = time.perf_counter(), 500, 0

        async def count(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive, count)
        finally:
            seconds = time.perf_counter() - start
            route = getattr(scope.get("route"), "path", "other")
            self._metrics.requests.labels(route, status).inc()
            self._metrics.seconds.labels(route).observe(seconds)
            if LOG.isEnabledFor(logging.INFO):
                record = {"method": scope["method"], "path": scope["path"][:200], "status": status, "bytes": size}
                LOG.info(json.dumps({**record, "ms": round(seconds * 1000, 1)}))
