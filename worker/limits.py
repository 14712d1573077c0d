"""Limits: how many jobs of a queue, or of a name, may run at a time in all workers together."""

from collections.abc import Mapping
from dataclasses import dataclass, field

RUNNING_PREFIX = "counterfoil:running:"
"""Of the sorted sets in Redis that hold what runs under a limit: ids by the end of their lease, in ms since 1970."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that may run, by queue and by job name; what is not named has no limit."""

    queues: Mapping[str, int] = field(default_factory=dict)
    jobs: Mapping[str, int] = field(default_factory=dict)

    def words(self, queue: str) -> list[str | int]:
        """Return what the claim script is told: the queue's limit (0: none), then name and limit of each job."""
        return [self.queues.get(queue, 0), *(word for limit in self.jobs.items() for word in limit)]
