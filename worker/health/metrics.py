"""What happens to jobs, as counters and histograms of Prometheus."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram

from domain.job import Severity
from worker.observer import End, Observer

UNKNOWN = "(unknown)"
"""The label of every job whose name this worker does not know: senders must not make up series."""

_SHORT = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)

RUN_SECONDS = _SHORT
"""Buckets of run times: a no-op takes about a millisecond, and 300 s is the default time-out."""

WAIT_SECONDS = (*_SHORT, 900, 3600)
"""Buckets of waiting times: a backlog may be an hour long."""


class _Series:
    """The series of one job, found once: to look labels up costs more than to count."""

    __slots__ = ("claimed", "ended", "failed", "handed_back", "ran", "retried", "waited")

    def __init__(self, families: "_Families", job: str) -> None:
        self.claimed = families.claimed.labels(job)
        self.ended = {how: families.ended.labels(job, how.value) for how in End}
        self.failed = {severity: families.failed.labels(job, severity.value) for severity in Severity}
        self.retried = families.retried.labels(job)
        self.handed_back = families.handed_back.labels(job)
        self.ran = families.ran.labels(job)
        self.waited = families.waited.labels(job)


class _Families:
    """Every metric that has a label `job`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, meaning: str, *labels: str) -> Counter:
            return Counter(f"counterfoil_{name}", meaning, ("job", *labels), registry=registry)

        self.claimed = counter("jobs_claimed", "Deliveries claimed.")
        self.ended = counter("jobs_ended", "Deliveries that ended their job, by outcome.", "outcome")
        self.failed = counter("job_attempts_failed", "Failed attempts, by what the error means.", "severity")
        self.retried = counter("jobs_retried", "Failed attempts that are followed by another.")
        self.handed_back = counter("jobs_handed_back", "Deliveries put back on their queue that were no attempt.")
        run, wait = "Seconds that a delivery ran, however it ended.", "Seconds from a job's due time to its start."
        self.ran = Histogram("counterfoil_job_run_seconds", run, ("job",), buckets=RUN_SECONDS, registry=registry)
        self.waited = Histogram("counterfoil_job_wait_seconds", wait, ("job",), buckets=WAIT_SECONDS, registry=registry)


class Metrics(Observer):
    """Counts what it is told in a registry, for jobs and queues that are named beforehand."""

    __slots__ = ("_claimed", "_jobs", "_unknown")

    def __init__(self, registry: CollectorRegistry, *, jobs: Iterable[str], queues: Iterable[str]) -> None:
        """Make every series, so that each begins with 0: a rate needs a beginning."""
        families = _Families(registry)
        about = "Deliveries claimed from a queue."
        claimed = Counter("counterfoil_queue_jobs_claimed", about, ("queue",), registry=registry)
        self._claimed = {queue: claimed.labels(queue) for queue in queues}
        self._jobs = {job: _Series(families, job) for job in jobs}
        self._unknown = _Series(families, UNKNOWN)

    def claimed(self, queue: str, number: int) -> None:  # noqa: D102 - see Observer, as below
        if number:
            self._claimed[queue].inc(number)

    def started(self, job: str, waited: float) -> None:  # noqa: D102
        series = self._jobs.get(job, self._unknown)
        series.claimed.inc()
        series.waited.observe(waited)

    def ran(self, job: str, seconds: float) -> None:  # noqa: D102
        self._jobs.get(job, self._unknown).ran.observe(seconds)

    def ended(self, job: str, how: End) -> None:  # noqa: D102
        self._jobs.get(job, self._unknown).ended[how].inc()

    def failed(self, job: str, severity: Severity) -> None:  # noqa: D102
        self._jobs.get(job, self._unknown).failed[severity].inc()

    def retried(self, job: str) -> None:  # noqa: D102
        self._jobs.get(job, self._unknown).retried.inc()

    def handed_back(self, job: str) -> None:  # noqa: D102
        self._jobs.get(job, self._unknown).handed_back.inc()
