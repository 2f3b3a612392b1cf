"""What Prometheus may ask: counters and times of every process of this machine, added up."""

import os
from functools import lru_cache
from typing import TypeVar

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

CONTENT_TYPE = CONTENT_TYPE_LATEST
_SHARED = "PROMETHEUS_MULTIPROC_DIR"
_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)

http_requests = Counter("http_requests", "Requests answered", ["method", "route", "status"])
http_request_seconds = Histogram(
    "http_request_seconds", "Time to answer a request", ["route"], buckets=_FAST
)
turns_total = Counter("turns_total", "Inbound messages that took a turn", ["channel", "outcome"])
turn_seconds = Histogram(
    "turn_seconds", "Signed webhook to committed reply", ["channel"], buckets=_FAST
)
messages_sent_total = Counter(
    "messages_sent_total", "Messages handed to a carrier", ["channel", "outcome"]
)
receipts_total = Counter("receipts_total", "Receipts taken in", ["channel", "status"])
signals_failed = Counter("signals_failed_total", "Wake-ups that the queue did not take")
jobs_total = Counter("jobs_total", "Job runs ended", ["job", "outcome"])

_Metric = TypeVar("_Metric", Counter, Histogram)


@lru_cache(maxsize=4096)
def of(metric: _Metric, *labels: object) -> _Metric:
    """The metric under these labels, looked up once; for what runs in every request."""
    return metric.labels(*labels)


def render() -> bytes:
    """Return the figures in Prometheus's text format."""
    return generate_latest(registry())


def registry() -> CollectorRegistry:
    """Where the figures of every process of this machine are added up."""
    if not os.environ.get(_SHARED):
        return REGISTRY
    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    return shared
