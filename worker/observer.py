"""What happens to jobs, as calls to whoever observes it: metrics are one observer, this one does nothing."""

from enum import StrEnum

from domain.job import Severity


class End(StrEnum):
    """How a delivery ended its job."""

    SUCCEEDED = "succeeded"
    DEAD = "dead"
    CANCELLED = "cancelled"
    DONE_BEFORE = "done_before"
    """Another delivery had ended the job: this one took no effect."""
    REFUSED = "refused"
    """It was no job that a row could be kept for: an impossible id, another job's id, a payload that expired."""


class Observer:
    """Is told of every job; a subclass overrides what it wants to know. No call may wait, or raise."""

    __slots__ = ()

    def claimed(self, queue: str, number: int) -> None:
        """Hear that so many jobs (0, too) were claimed from a queue, in one round trip."""

    def started(self, job: str, waited: float) -> None:
        """Hear that a delivery begins, so many seconds after it was due."""

    def ran(self, job: str, seconds: float) -> None:
        """Hear that a delivery is over, however it ended, after so many seconds."""

    def ended(self, job: str, how: End) -> None:
        """Hear that the job is over."""

    def failed(self, job: str, severity: Severity) -> None:
        """Hear that an attempt failed, and is kept."""

    def retried(self, job: str) -> None:
        """Hear that the failed attempt will be followed by another."""

    def handed_back(self, job: str) -> None:
        """Hear that a delivery went back to its queue, and was no attempt: a stop, an unknown name, a lost server."""
