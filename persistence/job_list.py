"""Reading the job table: many jobs in short, and how many there are in each state."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from domain.errors import InvalidCursor, UnknownName
from domain.job import UNREADABLE, JobState
from domain.moments import now
from persistence.job_filter import JobFilter, last_error
from persistence.job_table import JobKind, JobRow
from persistence.reader import Reader


@dataclass(frozen=True, slots=True)
class JobLine:
    """A job in short, without its arguments; `age` is since its acceptance, `error` the last one or None."""

    id: str
    job: str
    state: str
    attempt: int
    max_attempts: int
    enqueued_at: datetime
    age: timedelta
    error: str | None
    actor: str


async def list_jobs(read: Reader, which: JobFilter, limit: int, *, before: str | None = None) -> list[JobLine]:
    """Return up to `limit` jobs that fit, the newest first; `before` is the id of the last job of the page before.

    Raises InvalidCursor where that job is not in the table: an empty page would look like the end.
    """
    query = (
        select(
            col(JobRow.id),
            col(JobRow.name),
            col(JobRow.state),
            col(JobRow.attempt),
            col(JobRow.max_attempts),
            col(JobRow.enqueued_at),
            now(),
            last_error(),
            col(JobRow.actor),
        )
        .where(*which.conditions(), *([] if before is None else [_older_than(before)]))
        .order_by(col(JobRow.enqueued_at).desc(), col(JobRow.id).desc())
        .limit(limit)
    )
    rows = await read.rows(query)
    if (
        before is not None
        and not rows
        and not await read.scalars(select(col(JobRow.id)).where(col(JobRow.id) == before))
    ):
        raise InvalidCursor("job", "no job has this id any more")
    return [JobLine(*row[:6], row[6] - row[5], *row[7:]) for row in rows]


def _older_than(job_id: str) -> ColumnElement[bool]:
    one = aliased(JobRow)
    mark = select(col(one.enqueued_at)).where(col(one.id) == job_id).scalar_subquery()
    same = (col(JobRow.enqueued_at) == mark) & (col(JobRow.id) < job_id)
    return (col(JobRow.enqueued_at) < mark) | same


async def count_jobs(read: Reader) -> Mapping[str, int]:
    """Return how many jobs are in each state, in the order of a life."""
    query = select(col(JobRow.state), func.count()).group_by(col(JobRow.state))
    found: dict[str, int] = {row[0]: row[1] for row in await read.rows(query)}
    return {state.value: found.get(state.value, 0) for state in JobState}


async def waiting_by_queue(read: Reader) -> list[tuple[str, int]]:
    """Return the queues on which jobs are due, each with their number."""
    due = (col(JobRow.state) == JobState.QUEUED.value) & (col(JobRow.run_at) <= now())
    query = select(col(JobRow.queue), func.count()).where(due).group_by(col(JobRow.queue)).order_by(col(JobRow.queue))
    return [(row[0], row[1]) for row in await read.rows(query)]


async def job_names(read: Reader) -> list[str]:
    """Return the names of jobs that workers have registered."""
    return list(await read.scalars(select(col(JobKind.name)).order_by(col(JobKind.name))))


async def require_name(read: Reader, name: str | None) -> None:
    """Raise UnknownName unless a worker has registered this job, or some job in the table has this name."""
    if name is None or name in (known := [*await job_names(read), UNREADABLE]):
        return
    if not await read.scalars(select(col(JobRow.id)).where(col(JobRow.name) == name).limit(1)):
        raise UnknownName("job", name, tuple(known))
