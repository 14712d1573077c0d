"""What can be read off a worker at any moment, as gauges of Prometheus; NaN where a server does not answer."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import nan

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from worker.health.vitals import Vitals


@dataclass(frozen=True, slots=True)
class Gauges(Collector):
    """Reads the worker when it is asked; waits for nothing, so that it may be asked from another thread."""

    vitals: Vitals

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges."""
        yield from self._of_process()
        yield from self._of_queues()
        yield from self._of_table()

    def _of_process(self) -> Iterator[GaugeMetricFamily]:
        engine, pulse = self.vitals.engine, self.vitals.pulse
        running = len(engine.tasks)
        yield _gauge("slots", "Jobs that the process runs at a time, at most.", engine.max_jobs)
        yield _gauge("running", "Jobs that run now.", running)
        yield _gauge(
            "leases", "Jobs that the process holds in Redis, ended but unacknowledged ones too.", engine.leases.held
        )
        yield _gauge("ready", "1 where the worker claims, as /ready says.", int(not self.vitals.claims()))
        yield _gauge("loop_lag_seconds", "The longest standstill of the event loop in the last 15 s.", pulse.worst)

    def _of_queues(self) -> Iterator[GaugeMetricFamily]:
        due = _by_queue("depth", "Jobs on the queue that are due and that nobody has claimed.")
        later = _by_queue("later", "Jobs on the queue that are not due: deferred, to be tried again, or claimed.")
        oldest = _by_queue("oldest_seconds", "Seconds for which the oldest of them is due.")
        figures = self.vitals.readings.queues
        for queue in self.vitals.engine.queues:
            found = (figures or {}).get(queue)
            due.add_metric([queue], found.due if found else nan)
            later.add_metric([queue], found.later if found else nan)
            oldest.add_metric([queue], found.oldest if found else nan)
        yield from (due, later, oldest)

    def _of_table(self) -> Iterator[GaugeMetricFamily]:
        readings = self.vitals.readings
        waiting, dead = readings.table, readings.dead
        jobs = GaugeMetricFamily(
            "counterfoil_table_jobs", "Jobs in the table that are on no queue, up to 10,000.", labels=["state"]
        )
        jobs.add_metric(["due"], nan if waiting is None else sum(one.due for one in waiting))
        jobs.add_metric(["scheduled"], nan if waiting is None else sum(one.scheduled for one in waiting))
        jobs.add_metric(["dead"], nan if dead is None else dead)
        yield jobs
        oldest = nan if waiting is None else max((one.oldest for one in waiting), default=0.0)
        yield _gauge("table_oldest_seconds", "Seconds for which the oldest due job is on no queue.", oldest)


def _gauge(name: str, meaning: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"counterfoil_{name}", meaning, value=value)


def _by_queue(name: str, meaning: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"counterfoil_queue_{name}", meaning, labels=["queue"])
