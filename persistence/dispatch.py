"""What the relay reads and marks in the job table; rows that another relay has locked are passed over."""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import func, select, text, update
from sqlmodel import col

from domain.job import NOBODY, JobState
from domain.moments import now
from persistence.dialects import Dialect, dialect_of
from persistence.job_table import JobRow
from persistence.later import later
from persistence.portable import dispatch as portable
from persistence.reader import Reader, reader
from persistence.session import WriteSession
from persistence.sessions import Sessions
from persistence.statements import sentence

BATCH = 500
"""Rows of one dispatch: one round trip to Redis, and a lock held for some milliseconds."""

LARGE_BYTES = 8 * 1024
"""Arguments that PostgreSQL keeps in more bytes than these, compressed, may be megabytes when they are sent."""

LARGE_JOBS = 8
"""So many of them go with one dispatch."""

ASIDE_SECONDS = 60.0
"""After which a job is tried again whose queue is the name of something else in Redis."""

_QUEUED = col(JobRow.state) == JobState.QUEUED.value

# A relay that is paused, or waits for a Redis that hangs, must not keep jobs from the workers that have them already.
_LET_GO = text("SET LOCAL idle_in_transaction_session_timeout = '10s'")


class Sendable(NamedTuple):
    """A job as it is put onto its queue: its arguments, with its origin among them, as JSON; times in ms since 1970."""

    id: str
    queue: str
    name: str
    arguments: str
    run_at: int
    enqueued_at: int


class Dispatched(NamedTuple):
    """A job that is said to be in Redis."""

    id: str
    queue: str


async def may_be_due(sessions: Sessions) -> bool:
    """Tell whether `due_jobs` may find one; on PostgreSQL, where it costs others nothing, it is asked itself."""
    if dialect_of(sessions) is Dialect.POSTGRESQL:
        return True
    async with reader(sessions) as read:
        return await portable.is_any_due(read)


async def due_jobs(session: WriteSession) -> list[Sendable]:
    """Return and lock jobs that are due and not dispatched, the longest due first."""
    if dialect_of(session) is not Dialect.POSTGRESQL:
        found = await portable.due_ids(session, BATCH)
        return await sendable_jobs(session, found) if found else []
    due = (
        select(col(JobRow.id), func.pg_column_size(col(JobRow.arguments)))
        .where(_QUEUED, col(JobRow.dispatched_at).is_(None), col(JobRow.run_at) <= func.now())
        .order_by(col(JobRow.run_at))
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    await session.execute(_LET_GO)
    ids: list[str] = []
    large = 0
    for job_id, size in (await session.execute(due)).all():
        large += size > LARGE_BYTES
        if large > LARGE_JOBS:
            break
        ids.append(job_id)
    return await sendable_jobs(session, ids) if ids else []


async def sendable_jobs(session: WriteSession, ids: Sequence[str]) -> list[Sendable]:
    """Return these jobs as they are put onto their queues, the longest due first."""
    if dialect_of(session) is not Dialect.POSTGRESQL:
        return [Sendable(*row) for row in await portable.sendable_rows(session, ids)]
    values = {"ids": list(ids), "nobody": NOBODY}
    return [Sendable(*row) for row in (await session.execute(sentence("sendable_jobs"), values)).all()]


async def mark_dispatched(session: WriteSession, ids: Sequence[str]) -> None:
    """Note that the jobs are in Redis."""
    await session.execute(update(JobRow).where(col(JobRow.id).in_(ids)).values(dispatched_at=now()))


async def set_aside(session: WriteSession, ids: Sequence[str]) -> None:
    """Put off jobs whose queue cannot be served, so that they hold up nobody."""
    if ids:
        aside = update(JobRow).where(col(JobRow.id).in_(ids)).values(run_at=later(ASIDE_SECONDS))
        await session.execute(aside)


async def dispatched_jobs(read: Reader, after: str, ago: timedelta) -> list[Dispatched]:
    """Return the next page, by id, of queued jobs that were dispatched at least so long ago."""
    query = (
        select(col(JobRow.id), col(JobRow.queue))
        .where(_QUEUED, col(JobRow.dispatched_at) < later(-ago.total_seconds()), col(JobRow.id) > after)
        .order_by(col(JobRow.id))
        .limit(BATCH)
    )
    return [Dispatched(*row) for row in await read.rows(query)]


async def mark_lost(session: WriteSession, ids: Sequence[str], ago: timedelta) -> int:
    """Note that the jobs are not in Redis, so that the next dispatch sends them; returns how many.

    A row that is locked is a job that runs: nothing is lost there, and to wait for it would hold up the relay.
    """
    still = (
        select(col(JobRow.id))
        .where(col(JobRow.id).in_(ids), _QUEUED, col(JobRow.dispatched_at) < later(-ago.total_seconds()))
        .with_for_update(skip_locked=True)
    )
    lost = (await session.execute(still)).scalars().all()
    if lost:
        await session.execute(update(JobRow).where(col(JobRow.id).in_(lost)).values(dispatched_at=None))
    return len(lost)
