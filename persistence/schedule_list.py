"""Reading schedules: those in code and those of the table together, with how far each has ticked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlmodel import col

from domain.errors import UnknownName
from domain.moments import now
from domain.schedule import Schedule
from persistence.job_table import JobRow
from persistence.reader import Reader
from persistence.schedule_table import ScheduleRow, ScheduleTick


@dataclass(frozen=True, slots=True)
class Listed:
    """A schedule as operators see it; `schedule` is None for a row that cannot be read, which does not tick.

    `ticked_at` is the last tick whose job is in the job table (ended ones are pruned), `job_state` what became of it.
    """

    name: str
    source: str
    schedule: Schedule | None
    now: datetime
    ticked_at: datetime | None
    job_state: str | None = None

    def following(self) -> datetime | None:
        """Return when it ticks next, in UTC; None where it is paused, cannot be read, or never ticks again."""
        if self.schedule is None or self.schedule.paused:
            return None
        return next(self.schedule.ticks(self.now), None)


async def list_schedules(read: Reader, in_code: Mapping[str, Schedule]) -> list[Listed]:
    """Return all schedules by name; `source` is `code`, `table`, or `table, over code`."""
    (present,) = await read.scalars(select(now()))
    found = {name: Listed(name, "code", one, present, None) for name, one in in_code.items()}
    for row in await read.scalars(select(ScheduleRow).order_by(col(ScheduleRow.name))):
        source = "table, over code" if row.name in in_code else "table"
        found[row.name] = Listed(row.name, source, _read(row), present, None)
    last = await _last_ticks(read, found.values())
    return [replace(found[name], **last.get(name, {})) for name in sorted(found)]


async def find_schedule(read: Reader, in_code: Mapping[str, Schedule], name: str) -> Listed:
    """Return the schedule of this name; raises UnknownName."""
    found = {one.name: one for one in await list_schedules(read, in_code)}
    if name not in found:
        raise UnknownName("schedule", name, tuple(found))
    return found[name]


async def _last_ticks(read: Reader, listed: Iterable[Listed]) -> dict[str, dict[str, Any]]:
    """Return by schedule the last tick that became a job, and that job's state."""
    until = {row.name: row.ticked_at for row in await read.scalars(select(ScheduleTick))}
    ticks: dict[str, tuple[str, datetime]] = {}
    for one in listed:
        if one.schedule and one.name in until and (tick := one.schedule.newest(until[one.name])):
            ticks[one.schedule.job_id(tick)] = one.name, tick
    query = select(col(JobRow.id), col(JobRow.state)).where(col(JobRow.id).in_(ticks))
    return {ticks[row[0]][0]: {"ticked_at": ticks[row[0]][1], "job_state": row[1]} for row in await read.rows(query)}


def _read(row: ScheduleRow) -> Schedule | None:
    try:
        return row.schedule()
    except ValidationError:
        return None
