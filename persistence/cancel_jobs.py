"""Jobs that have not started, cancelled by an operator; what runs holds its row's lock and is refused."""

from collections.abc import Sequence

from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import col

from domain.job import JobState
from persistence.chosen_jobs import Chosen, among, change, lock_ids, refuse_others
from persistence.job_table import JobRow
from persistence.transaction import Transaction

PATIENCE = text("SET LOCAL lock_timeout = '1s'")
"""A relay holds a row for the milliseconds of one dispatch; a job that runs holds it for as long as it runs."""

RUNNING = "is running at this moment; only what has not started can be cancelled"
_LOCK_NOT_AVAILABLE = "55P03"


async def cancel_ids(tx: Transaction, ids: Sequence[str]) -> list[Chosen]:
    """Cancel these queued jobs; all or none: raises JobsRefused for one that runs, has ended, or is not there."""
    await _wait_for_relays(tx, ids)
    chosen = await lock_ids(tx, ids, JobState.QUEUED)
    locked = {job.id for job in chosen}
    others = [job_id for job_id in ids if job_id not in locked]
    await refuse_others(tx, "cancel", others, JobState.QUEUED, RUNNING)
    await change(tx, "cancel_jobs", [job.id for job in chosen])
    return chosen


async def _wait_for_relays(tx: Transaction, ids: Sequence[str]) -> None:
    rows = select(col(JobRow.id)).where(among(ids)).order_by(col(JobRow.id)).with_for_update()
    try:
        async with tx.session.begin_nested():
            await tx.session.execute(PATIENCE)
            await tx.session.execute(rows)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
