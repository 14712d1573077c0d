"""Queued jobs, cancelled by an operator; what runs holds its row's lock until it has rolled back."""

from collections.abc import Sequence

from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import col

from domain.job import JobState
from persistence.chosen_jobs import Chosen, among, change, lock_ids, refuse_others
from persistence.dialects import Dialect, dialect_of
from persistence.job_table import JobRow
from persistence.portable.patience import wait_for_rows
from persistence.transaction import Transaction

RELAY_SECONDS = 1.0
"""How long a row is waited for: a relay holds it for the milliseconds of one dispatch, a job for as long as it runs."""

RUNNING = "is running, and did not stop in time; is its worker hung, or one of stock arq's that takes no aborts?"
_LOCK_NOT_AVAILABLE = "55P03"


async def refuse_ended(tx: Transaction, ids: Sequence[str]) -> None:
    """Raise JobsRefused for jobs whose row says that they have ended."""
    query = select(col(JobRow.id)).where(among(tx, ids), col(JobRow.state) != JobState.QUEUED.value)
    ended = (await tx.session.execute(query)).scalars().all()
    await refuse_others(tx, "cancel", [job_id for job_id in ids if job_id in ended], JobState.QUEUED, RUNNING)


async def cancel_ids(tx: Transaction, ids: Sequence[str], *, patience: float = RELAY_SECONDS) -> list[Chosen]:
    """Cancel these queued jobs; all or none: raises JobsRefused for one that has ended, or is not there.

    A row that is locked is waited for, so many seconds: what still runs then is refused too.
    """
    await _wait(tx, ids, patience)
    chosen = await lock_ids(tx, ids, JobState.QUEUED)
    locked = {job.id for job in chosen}
    others = [job_id for job_id in ids if job_id not in locked]
    await refuse_others(tx, "cancel", others, JobState.QUEUED, RUNNING)
    await change(tx, "cancel_jobs", [job.id for job in chosen])
    return chosen


async def _wait(tx: Transaction, ids: Sequence[str], seconds: float) -> None:
    if dialect_of(tx.session) is not Dialect.POSTGRESQL:
        await wait_for_rows(tx.session, ids, seconds)
        return
    rows = select(col(JobRow.id)).where(among(tx, ids)).order_by(col(JobRow.id)).with_for_update()
    try:
        async with tx.session.begin_nested():
            await wait_at_most(tx, seconds)
            await tx.session.execute(rows)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise


async def wait_at_most(tx: Transaction, seconds: float) -> None:
    """Have the statements that follow wait for a lock no longer than this, where the database can be told so."""
    if dialect_of(tx.session) is not Dialect.POSTGRESQL:
        return
    await tx.session.execute(text("SELECT set_config('lock_timeout', :time, TRUE)"), {"time": f"{seconds * 1000:.0f}"})
