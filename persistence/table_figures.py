"""The figures of the job table: what waits in it and is on no queue of Redis yet, and what is dead."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlmodel import col

from domain.job import JobState
from persistence.job_table import JobRow
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
    due = first.c.run_at <= func.now()
    oldest = func.greatest(0.0, func.extract("epoch", func.now() - func.min(first.c.run_at)))
    query = (
        select(first.c.queue, func.count().filter(due), func.count().filter(~due), oldest)
        .group_by(first.c.queue)
        .order_by(first.c.queue)
    )
    return [Waiting(row[0], row[1], row[2], float(row[3])) for row in await read.rows(query)]


async def count_dead(read: Reader) -> int:
    """Return how many jobs are dead, at most `MOST`."""
    dead = select(col(JobRow.state)).where(col(JobRow.state) == JobState.DEAD.value).limit(MOST).subquery()
    return (await read.scalars(select(func.count()).select_from(dead)))[0]


async def ended_lately(read: Reader, seconds: float) -> dict[str, int]:
    """Return how many jobs of each queue ended in the last seconds, whoever ran them."""
    ended = [state.value for state in JobState if state is not JobState.QUEUED]
    since = func.now() - func.make_interval(0, 0, 0, 0, 0, 0, seconds)
    query = (
        select(col(JobRow.queue), func.count())
        .where(col(JobRow.state).in_(ended), col(JobRow.finished_at) > since)
        .group_by(col(JobRow.queue))
    )
    return {row[0]: row[1] for row in await read.rows(query)}
