"""Schedules in the table and how far they have ticked, by statements that every database knows."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from persistence.portable.audit import Audited
from persistence.portable.audit_rows import keep_rows
from persistence.portable.clock import present
from persistence.portable.upserts import insert_absent, upsert
from persistence.schedule_table import ScheduleRow, ScheduleTick
from persistence.transaction import Transaction

SCHEDULE = str(ScheduleRow.__tablename__)


async def write_row(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Put a schedule into the table, or change whether one there is paused, with its audit row."""
    old = await _image(tx, values["name"])
    await upsert(tx.session, ScheduleRow, [values], {"paused"})
    new = await _image(tx, values["name"])
    if old is None:
        entry = Audited(values["name"], "insert", None, new)
    else:
        entry = Audited(values["name"], "update", {"paused": old["paused"]}, {"paused": (new or {})["paused"]})
    await keep_rows(tx, SCHEDULE, [entry])


async def remove_row(tx: Transaction, name: str) -> None:
    """Take a schedule out of the table; the whole row stays in the audit log."""
    if (old := await _image(tx, name)) is not None:
        await tx.session.execute(delete(ScheduleRow).where(col(ScheduleRow.name) == name))
        await keep_rows(tx, SCHEDULE, [Audited(name, "purge", old, None)])


async def tick_from_now(session: AsyncSession, name: str) -> None:
    """Have a schedule tick from now on, whatever it has missed."""
    await upsert(session, ScheduleTick, [{"name": name, "ticked_at": await present(session)}], {"ticked_at"})


async def begin_ticks(session: AsyncSession, name: str, now: datetime) -> None:
    """Note that a schedule ticks from now on, where nothing is noted of it."""
    await insert_absent(session, ScheduleTick, [{"name": name, "ticked_at": now}])


async def ticked(session: AsyncSession) -> tuple[datetime, dict[str, datetime]]:
    """Return the present time, and how far each schedule has ticked."""
    rows = (await session.execute(select(col(ScheduleTick.name), col(ScheduleTick.ticked_at)))).all()
    return await present(session), {row[0]: row[1] for row in rows}


async def _image(tx: Transaction, name: str) -> dict[str, Any] | None:
    columns = [getattr(ScheduleRow, one) for one in ScheduleRow.model_fields]
    row = (await tx.session.execute(select(*columns).where(col(ScheduleRow.name) == name))).mappings().one_or_none()
    return None if row is None else dict(row)
