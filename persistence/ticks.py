"""Ticks of schedules, made into jobs: one row for each, whoever ticks."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlmodel import col

from domain import moments
from domain.errors import EnqueueRefused
from domain.schedule import Schedule
from persistence.dialects import Dialect, dialect_of
from persistence.portable import schedules as portable
from persistence.portable.door import put_jobs
from persistence.reader import reader
from persistence.schedule_table import ScheduleRow, ScheduleTick
from persistence.session import WriteSession
from persistence.sessions import Sessions
from persistence.transaction import bookkeeping

_UNIQUE = "23505"

ACTOR = "cron"
"""The actor of what a schedule starts."""

KEPT_UP = timedelta(seconds=60)
"""How far `ticked_at` may lag behind while nothing is due: a changed expression is made up for no further back."""

_ROWS = select(ScheduleRow).order_by(col(ScheduleRow.name))

_TICKED = text("SELECT now(), (SELECT jsonb_object_agg(name, ticked_at) FROM schedule_tick)")

_ENQUEUE = text(
    "SELECT accepted.is_new FROM enqueue_job(name => :job, arguments => CAST(:arguments AS jsonb), actor => :actor, "
    "job_id => :job_id, queue => :queue, run_at => :run_at, reason => :reason) AS accepted"
)


async def schedules(
    session: WriteSession, in_code: Mapping[str, Schedule]
) -> tuple[dict[str, Schedule], dict[str, Exception]]:
    """Return the schedules by name, those of the table in place of those in code, and what unreadable rows have wrong.

    An unreadable row takes the place of the one in code, too: somebody wanted another one.
    """
    return _merged(in_code, (await session.execute(_ROWS)).scalars())


def _merged(
    in_code: Mapping[str, Schedule], rows: Iterable[ScheduleRow]
) -> tuple[dict[str, Schedule], dict[str, Exception]]:
    found = dict(in_code)
    unreadable: dict[str, Exception] = {}
    for row in rows:
        try:
            found[row.name] = row.schedule()
        except ValidationError as error:
            found.pop(row.name, None)
            unreadable[row.name] = error
    return found, unreadable


async def tick(
    sessions: Sessions,
    in_code: Mapping[str, Schedule],
    *,
    queue: str,
    refused: Callable[[str, Exception], None] = lambda *_: None,
) -> int:
    """Make every due tick a job, and return how many new ones that were.

    A tick's id says schedule and time, so that any number of workers may tick at once; each schedule is locked while
    one of them does. A schedule that is seen for the first time ticks from now on. One that cannot tick (its row
    cannot be read, or names a job that nobody knows) keeps none of the others from it: its name and error go to
    `refused`, and it stays due.
    """
    if dialect_of(sessions) is not Dialect.POSTGRESQL and not await _may_tick(sessions, in_code):
        return 0
    async with bookkeeping(sessions) as session:
        now, ticked = await _ticked(session)
        found, unreadable = await schedules(session, in_code)
        for name, error in unreadable.items():
            refused(name, error)
        made = 0
        for schedule in found.values():
            try:
                if not _is_up(schedule, ticked.get(schedule.name), now):
                    continue
                async with session.begin_nested():
                    if (after := await _locked(session, schedule, now)) is not None:
                        made += await _make(session, schedule, schedule.due(after, now), queue, refused)
            except Exception as error:
                if isinstance(error, DBAPIError) and error.connection_invalidated:
                    raise
                refused(schedule.name, error)
    return made


async def _ticked(session: WriteSession) -> tuple[datetime, dict[str, datetime]]:
    """Return the time of the transaction, and how far each schedule has ticked."""
    if dialect_of(session) is not Dialect.POSTGRESQL:
        return await portable.ticked(session)
    now, ticked = (await session.execute(_TICKED)).one()
    return now, {name: datetime.fromisoformat(at) for name, at in (ticked or {}).items()}


def _is_up(schedule: Schedule, ticked_at: datetime | None, now: datetime) -> bool:
    """Tell whether there is anything to write: workers look every second, and most seconds there is not."""
    if schedule.paused:
        return False
    return ticked_at is None or now - ticked_at >= KEPT_UP or bool(schedule.due(ticked_at, now))


async def _locked(session: WriteSession, schedule: Schedule, now: datetime) -> datetime | None:
    """Return how far the schedule has ticked, locked; None where it begins now, or another worker ticks it."""
    if dialect_of(session) is Dialect.POSTGRESQL:
        begin = insert(ScheduleTick).values(name=schedule.name, ticked_at=now).on_conflict_do_nothing()
        await session.execute(begin)
    else:
        await portable.begin_ticks(session, schedule.name, now)
    query = select(ScheduleTick).where(col(ScheduleTick.name) == schedule.name).with_for_update(skip_locked=True)
    row = (await session.execute(query)).scalar_one_or_none()
    if row is None or row.ticked_at >= now:
        return None
    after, row.ticked_at = row.ticked_at, now
    return after


async def _make(
    session: WriteSession,
    schedule: Schedule,
    ticks: Sequence[datetime],
    queue: str,
    refused: Callable[[str, Exception], None],
) -> int:
    made = 0
    for due in ticks:
        values = {
            "job": schedule.job,
            "arguments": schedule.arguments,
            "actor": ACTOR,
            "job_id": schedule.job_id(due),
            "queue": queue,
            "run_at": schedule.run_at(due),
            "reason": f"schedule {schedule.name}",
        }
        try:
            async with session.begin_nested():
                made += await _enqueue(session, values)
        except (DBAPIError, EnqueueRefused) as error:
            state = error.sqlstate if isinstance(error, EnqueueRefused) else getattr(error.orig, "sqlstate", None)
            if state != _UNIQUE:
                raise
            refused(schedule.name, error)  # another job has the tick's id: this tick alone is lost
    return made


async def _enqueue(session: WriteSession, values: Mapping[str, Any]) -> bool:
    """Make one tick a job; returns whether it is a new one."""
    if dialect_of(session) is not Dialect.POSTGRESQL:
        unsaid = {"request_id": None, "max_attempts": None}
        ((_, is_new),) = await put_jobs(session, [{**unsaid, **values, "name": values["job"]}])
        return is_new
    given = {**values, "arguments": json.dumps(values["arguments"])}
    return bool((await session.execute(_ENQUEUE, given)).scalar_one())


async def _may_tick(sessions: Sessions, in_code: Mapping[str, Schedule]) -> bool:
    """Tell whether a tick would write, or has something to tell: to look takes no lock."""
    async with reader(sessions) as read:
        (now,) = await read.scalars(select(moments.now()))
        ticked = {row.name: row.ticked_at for row in await read.scalars(select(ScheduleTick))}
        found, unreadable = _merged(in_code, await read.scalars(_ROWS))
    return bool(unreadable) or any(_is_up(one, ticked.get(one.name), now) for one in found.values())
