"""The figures of the job table: what waits in it and is on no queue of Redis yet, and what is dead."""

from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlmodel import col

from domain.job import JobState
from domain.moments import now
from persistence.job_table import JobRow
from persistence.later import later
from persistence.reader import Reader

MOST = 10_000
"""Counts stop here: to count a million rows every few seconds would cost more than the figure is worth."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Jobs of one queue that are not in Redis: due, scheduled for later, and for how many seconds the oldest is due."""

    queue: str
    due: int
    scheduled: int
    oldest: float


async def waiting_in_table(read: Reader) -> list[Waiting]:
    """Return what waits on each queue; of all queues, the `MOST` rows that are due first are counted."""
    first = (
        select(col(JobRow.queue), col(JobRow.run_at))
        .where(col(JobRow.state) == JobState.QUEUED.value, col(JobRow.dispatched_at).is_(None))
        .order_by(col(JobRow.run_at))
        .limit(MOST)
        .subquery()
    )
    is_due = case((first.c.run_at <= now(), 1), else_=0)
    query = (
        select(first.c.queue, func.sum(is_due), func.count(), func.min(first.c.run_at), now())
        .group_by(first.c.queue)
        .order_by(first.c.queue)
    )
    return [
        Waiting(queue, int(due), number - int(due), max(0.0, (present - oldest).total_seconds()))
        for queue, due, number, oldest, present in await read.rows(query)
    ]


async def count_dead(read: Reader) -> int:
    """Return how many jobs are dead, at most `MOST`."""
    dead = select(col(JobRow.state)).where(col(JobRow.state) == JobState.DEAD.value).limit(MOST).subquery()
    return (await read.scalars(select(func.count()).select_from(dead)))[0]


async def ended_lately(read: Reader, seconds: float) -> dict[str, int]:
    """Return how many jobs of each queue ended in the last seconds, whoever ran them."""
    ended = [state.value for state in JobState if state is not JobState.QUEUED]
    query = (
        select(col(JobRow.queue), func.count())
        .where(col(JobRow.state).in_(ended), col(JobRow.finished_at) > later(-seconds))
        .group_by(col(JobRow.queue))
    )
    return {row[0]: row[1] for row in await read.rows(query)}
