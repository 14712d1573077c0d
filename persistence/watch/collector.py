"""What a process does with its database: its pool, and its statements by their duration."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from persistence.database import Database
from persistence.watch.figures import BUCKETS
from persistence.watch.pool import pool_figures


@dataclass(frozen=True, slots=True, eq=False)
class DatabaseFigures(Collector):
    """Reads counts and pool when it is asked; waits for nothing, so that it may be asked from another thread."""

    database: Database

    def collect(self) -> Iterator[Metric]:
        """Yield the figures."""
        yield from self._of_pool()
        figures = self.database.watch.figures
        bounds = [*(str(bound) for bound in BUCKETS), "+Inf"]
        yield HistogramMetricFamily(
            "counterfoil_statement_seconds",
            "Seconds that a statement took, COPY left out.",
            buckets=list(zip(bounds, map(float, accumulate(figures.buckets)), strict=True)),
            sum_value=figures.seconds,
        )
        yield _counter("statements_failed", "Statements that the database refused.", figures.failed)
        yield _counter("statements_slow", "Statements that took longer than COUNTERFOIL_SLOW_QUERY.", figures.slow)
        about = "Requests or jobs that sent one statement more often than COUNTERFOIL_REPEATED_STATEMENTS."
        yield _counter("statements_repeated", about, figures.repeated)

    def _of_pool(self) -> Iterator[Metric]:
        pool = pool_figures(self.database.engine)
        if pool is None:
            return
        connections = GaugeMetricFamily("counterfoil_pool_connections", "Connections of the pool.", labels=["state"])
        connections.add_metric(["in_use"], pool.in_use)
        connections.add_metric(["idle"], pool.idle)
        yield connections
        if pool.limit is not None:
            yield GaugeMetricFamily("counterfoil_pool_limit", "Connections that there may be.", value=pool.limit)
        yield GaugeMetricFamily(
            "counterfoil_pool_overflow", "Connections beyond COUNTERFOIL_POOL_SIZE.", value=pool.overflow
        )
        yield _counter("pool_waits", "How often nobody's connection was free.", pool.waits)
        yield _counter("pool_wait_seconds", "Seconds that were waited for a connection, in all.", pool.wait_seconds)


def _counter(name: str, meaning: str, value: float) -> CounterMetricFamily:
    return CounterMetricFamily(f"counterfoil_{name}", meaning, value=value)
