"""What happens to requests, as Prometheus reads it."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Buckets of answering times: reading one row takes a few milliseconds."""


class Metrics:
    """The figures of one process, in a registry of its own."""

    def __init__(self) -> None:
        """Make every metric."""
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series beside each, that nobody asks for
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        labels = ("method", "path")
        self.requests = Counter(
            "counterfoil_http_requests", "Requests answered.", (*labels, "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "counterfoil_http_request_seconds",
            "Seconds from a request's head to the end of its answer.",
            labels,
            buckets=SECONDS,
            registry=self.registry,
        )
        self.running = Gauge("counterfoil_http_running", "Requests that are being answered.", registry=self.registry)
