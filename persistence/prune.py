"""Remove finished jobs from the job table; their effects stay in the audit log."""

from sqlalchemy import Select, delete, or_, select
from sqlmodel import col

from domain.commands import Prune
from domain.job import JobState
from domain.result import Result
from persistence.dialects import Dialect, dialect_of
from persistence.job_table import JobRow
from persistence.later import later
from persistence.next_batch import enqueue_next_batch
from persistence.transaction import Transaction

PAGE = 5_000
"""Jobs that one statement removes where they are named by their ids; SQLite takes 32,766 parameters."""


async def prune_jobs(tx: Transaction, command: Prune) -> Result:
    """Remove jobs that ended long ago, dead ones after a longer time, at most `limit` of them, the oldest first.

    Rows that somebody has locked (an operator who replays one) are passed over.
    """
    finished = col(JobRow.finished_at)
    old = or_(
        (col(JobRow.state) == JobState.DEAD.value) & (finished < later(-command.dead_days * 86_400)),
        col(JobRow.state).in_([JobState.SUCCEEDED.value, JobState.CANCELLED.value, JobState.DROPPED.value])
        & (finished < later(-command.finished_days * 86_400)),
    )
    due = select(col(JobRow.id)).where(old).order_by(finished).limit(command.limit).with_for_update(skip_locked=True)
    result = Result(purged=await _remove(tx, due))
    if command.go_on and result.purged == command.limit:
        await enqueue_next_batch(tx, command)
    return result


async def _remove(tx: Transaction, due: "Select[str]") -> int:
    if dialect_of(tx.session) is Dialect.POSTGRESQL:
        removed = await tx.session.execute(delete(JobRow).where(col(JobRow.id).in_(due)).returning(col(JobRow.id)))
        return len(removed.all())
    # MySQL takes no LIMIT in a subquery, and SQLite locks all rows or none.
    ids = (await tx.session.execute(due)).scalars().all()
    for first in range(0, len(ids), PAGE):
        await tx.session.execute(delete(JobRow).where(col(JobRow.id).in_(ids[first : first + PAGE])))
    return len(ids)
