"""Remove finished jobs from the job table; their effects stay in the audit log."""

from sqlalchemy import delete, func, or_, select
from sqlmodel import col

from domain.commands import Prune
from domain.job import JobState
from domain.result import Result
from persistence.job_table import JobRow
from persistence.next_batch import enqueue_next_batch
from persistence.transaction import Transaction


async def prune_jobs(tx: Transaction, command: Prune) -> Result:
    """Remove jobs that ended long ago, dead ones after a longer time, at most `limit` of them, the oldest first.

    Rows that somebody has locked (an operator who replays one) are passed over.
    """
    finished = col(JobRow.finished_at)
    old = or_(
        (col(JobRow.state) == JobState.DEAD.value)
        & (finished < func.now() - func.make_interval(0, 0, 0, 0, 0, 0, command.dead_days * 86_400)),
        col(JobRow.state).in_([JobState.SUCCEEDED.value, JobState.CANCELLED.value, JobState.DROPPED.value])
        & (finished < func.now() - func.make_interval(0, 0, 0, 0, 0, 0, command.finished_days * 86_400)),
    )
    due = select(col(JobRow.id)).where(old).order_by(finished).limit(command.limit).with_for_update(skip_locked=True)
    removed = await tx.session.execute(delete(JobRow).where(col(JobRow.id).in_(due)).returning(col(JobRow.id)))
    result = Result(purged=len(removed.all()))
    if command.go_on and result.purged == command.limit:
        await enqueue_next_batch(tx, command)
    return result
