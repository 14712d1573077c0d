"""Dead jobs, retried or dropped by an operator, in bulk and audited as the operator's action."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.errors import JobsRefused, Problem
from domain.job import JobState, never_runs
from persistence.chosen_jobs import Chosen, change, lock_fitting, lock_ids, refuse_others
from persistence.job_filter import JobFilter
from persistence.listen import tell
from persistence.transaction import Transaction

BATCH = 1_000
"""Jobs of one transaction when all that fit are taken: locks are held for some hundred milliseconds."""

_BUSY = "is being changed by somebody else at this moment; try again"


@dataclass(frozen=True, slots=True)
class Page:
    """What one transaction of many did: the jobs it changed, those it left, and the id it came to (None: the end)."""

    changed: tuple[Chosen, ...]
    left: int
    last: str | None


async def retry_ids(tx: Transaction, ids: Sequence[str]) -> list[Chosen]:
    """Make these dead jobs queued again: id, arguments and errors stay, attempts begin anew, the relay sends them.

    All or none: raises JobsRefused for a job that is not there, not dead, or can never run.
    """
    chosen = await _dead(tx, "retry", ids)
    if barred := [(job.id, why) for job in chosen if (why := never_runs(job.name, job.actor))]:
        raise JobsRefused("retry", tuple(Problem(None, f"job {job_id!r}", why) for job_id, why in barred))
    await _retry(tx, chosen)
    return chosen


async def retry_page(tx: Transaction, which: JobFilter, after: str) -> Page:
    """Retry the next `BATCH` dead jobs that fit, by id; those that can never run are left."""
    chosen = await lock_fitting(tx, which, after, BATCH)
    able = [job for job in chosen if not never_runs(job.name, job.actor)]
    await _retry(tx, able)
    return _page(chosen, able)


async def drop_ids(tx: Transaction, ids: Sequence[str]) -> list[Chosen]:
    """Remove these dead jobs; all or none: raises JobsRefused for a job that is not there or not dead."""
    chosen = await _dead(tx, "drop", ids)
    await change(tx, "drop_jobs", [job.id for job in chosen])
    return chosen


async def drop_page(tx: Transaction, which: JobFilter, after: str) -> Page:
    """Remove the next `BATCH` dead jobs that fit, by id."""
    chosen = await lock_fitting(tx, which, after, BATCH)
    await change(tx, "drop_jobs", [job.id for job in chosen])
    return _page(chosen, chosen)


async def _dead(tx: Transaction, action: str, ids: Sequence[str]) -> list[Chosen]:
    chosen = await lock_ids(tx, ids, JobState.DEAD)
    locked = {job.id for job in chosen}
    others = [job_id for job_id in ids if job_id not in locked]
    await refuse_others(tx, action, others, JobState.DEAD, _BUSY)
    return chosen


async def _retry(tx: Transaction, jobs: Sequence[Chosen]) -> None:
    await change(tx, "retry_jobs", [job.id for job in jobs])
    await tell(tx.session)


def _page(chosen: Sequence[Chosen], changed: Sequence[Chosen]) -> Page:
    last = chosen[-1].id if len(chosen) == BATCH else None
    return Page(tuple(changed), len(chosen) - len(changed), last)
