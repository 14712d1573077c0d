"""What the producers know of each job that they sent."""

from dataclasses import dataclass, field
from time import time

REDIS_MAY_FORGET = 3.0
"""Seconds before a kill of Redis from which writes may be gone: its file is synced once a second, at worst two."""


@dataclass
class Sent:
    """One job: what its effect must be in audit rows, and by which doors it went.

    `committed`: PostgreSQL confirmed it. `unclear`: the answer was lost, so that its row tells. `in_redis`: the times
    at which Redis alone confirmed it. None of these: it was rolled back, or never left.
    """

    job_id: str
    kind: str
    rows: int
    committed: bool = False
    unclear: bool = False
    in_redis: list[float] = field(default_factory=list)

    def may_be_forgotten(self, kills: list[float]) -> bool:
        """Tell whether all that Redis had of it is younger than it promises to keep over one of the kills."""
        return any(all(0 <= kill - at <= REDIS_MAY_FORGET for at in self.in_redis) for kill in kills)


@dataclass
class Ledger:
    """All jobs that were sent, how many by each door, and what Redis has lost by our hand."""

    jobs: dict[str, Sent] = field(default_factory=dict)
    doors: dict[str, dict[str, int]] = field(default_factory=dict)
    wiped: set[str] = field(default_factory=set)
    redis_kills: list[float] = field(default_factory=list)

    def new(self, job_id: str, kind: str, rows: int) -> Sent:
        """Open the account of a job that is about to be sent."""
        return self.jobs.setdefault(job_id, Sent(job_id, kind, rows))

    def count(self, door: str, what: str, number: int) -> None:
        """Count what became of sendings through a door."""
        counts = self.doors.setdefault(door, {})
        counts[what] = counts.get(what, 0) + number

    def accepted_by_redis(self, sent: Sent) -> None:
        """Keep that Redis confirmed the job now."""
        sent.in_redis.append(time())
