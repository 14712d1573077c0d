"""The life of a job: its states, its policy, and when it is tried again."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

TRANSIENT_ATTEMPTS = 50
"""Bound of transient failures: with the default backoff about two hours of them."""

CRASHES = 5
"""How many deliveries may end with the worker's death before the job itself is held to be the cause."""


REMEMBERED_DAYS = 2
"""The fewest days for which an ended job keeps its row: Redis may deliver it again for one day and a lease."""

UNREADABLE = "<unreadable>"
"""The name of a job that stands for a payload which could not be read."""

NOBODY = "(missing)"
"""The actor of a job that rests because it named none."""


class JobState(StrEnum):
    """Where a job stands; what runs at this moment is still `queued`, and is known by its row's lock."""

    QUEUED = "queued"
    SUCCEEDED = "succeeded"
    DEAD = "dead"
    CANCELLED = "cancelled"
    DROPPED = "dropped"
    """What an operator dropped: its arguments are gone, its id is remembered, so that a late delivery ends."""


class Severity(StrEnum):
    """What an error means for the job."""

    TRANSIENT = "transient"
    """Another try may well succeed: a deadlock, a lost connection. Tried again up to `TRANSIENT_ATTEMPTS` times."""
    UNKNOWN = "unknown"
    """Nobody knows: tried again up to the job's `max_attempts`."""
    PERMANENT = "permanent"
    """The same arguments will fail again: dead at once."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and when a job is tried again; times are seconds."""

    max_attempts: int = 5
    base: float = 1.0
    cap: float = 300.0

    def delay(self, attempt: int, random: Callable[[], float]) -> float:
        """Return the seconds to wait after the given failed attempt (from 1): exponential, with full jitter.

        `random` returns a number from 0 to 1. Full jitter: the AWS architecture blog, "Exponential backoff and jitter",
        2015: it spreads colliding jobs widest.
        """
        ceiling = min(self.cap, self.base * 2.0 ** min(attempt - 1, 60))
        return random() * ceiling


def next_state(severity: Severity, attempt: int, unknown: int, max_attempts: int) -> JobState:
    """Return what becomes of a job whose given attempt (from 1) failed.

    `unknown` of the attempts so far, this one among them, failed for reasons that nobody knows: `max_attempts` bounds
    those alone, so that an outage that the job outlived takes none of them.
    """
    ended = {
        Severity.PERMANENT: True,
        Severity.UNKNOWN: unknown >= max_attempts or attempt >= max(max_attempts, TRANSIENT_ATTEMPTS),
        Severity.TRANSIENT: attempt >= TRANSIENT_ATTEMPTS,
    }
    return JobState.DEAD if ended[severity] else JobState.QUEUED


def never_runs(name: str, actor: str) -> str:
    """Return why a dead job can be dropped but not tried again, or an empty text where it can."""
    if name == UNREADABLE:
        return "holds a payload that is no job in JSON; its sender must send it anew, and `counterfoil drop` removes it"
    if actor == NOBODY:
        return "names no actor, and every write has one; its sender must send it anew with an actor"
    return ""
