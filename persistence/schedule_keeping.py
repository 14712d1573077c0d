"""Schedules in the table, kept by operators: added, paused, resumed, removed, each audited as the operator's action."""

import json
from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import Table, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from domain.errors import ScheduleInCode, ScheduleThere, UnknownName
from domain.schedule import Schedule
from persistence.dialects import Dialect, dialect_of
from persistence.portable import schedules as portable
from persistence.schedule_table import ScheduleRow, ScheduleTick
from persistence.statements import statement
from persistence.transaction import Transaction

SCHEDULE = str(ScheduleRow.__tablename__)


async def add_schedule(tx: Transaction, schedule: Schedule) -> None:
    """Put a schedule into the table, in place of one in code where that has the name; it ticks from now on.

    Raises ScheduleThere for a name that the table has.
    """
    if await _row(tx, schedule.name) is not None:
        raise ScheduleThere(schedule.name)
    await _write(tx, "write_schedule", _values(schedule))
    await _tick_from_now(tx, schedule.name)


async def _tick_from_now(tx: Transaction, name: str) -> None:
    if dialect_of(tx.session) is not Dialect.POSTGRESQL:
        await portable.tick_from_now(tx.session, name)
        return
    now = insert(ScheduleTick).values(name=name, ticked_at=func.now())
    again = now.on_conflict_do_update(index_elements=["name"], set_={"ticked_at": func.now()})
    await tx.session.execute(again)


async def pause_schedule(tx: Transaction, name: str, in_code: Mapping[str, Schedule]) -> bool:
    """Stop a schedule's ticks, and return whether it had ticked; one in code is paused by a row of its name.

    Raises UnknownName.
    """
    if (row := await _row(tx, name)) is not None:
        return await _set_paused(tx, row, paused=True)
    if name not in in_code:
        raise await _unknown(tx, name, in_code)
    await _write(tx, "write_schedule", _values(in_code[name]) | {"paused": True})
    return True


async def resume_schedule(tx: Transaction, name: str, in_code: Mapping[str, Schedule]) -> bool:
    """Let a paused schedule tick again, and return whether it was paused.

    What it missed is made up for by its catch-up policy. A row that only paused a schedule of the code goes, so that
    the code rules again. Raises UnknownName.
    """
    if (row := await _row(tx, name)) is None:
        if name not in in_code:
            raise await _unknown(tx, name, in_code)
        return False
    if row.paused and name in in_code and _only_pauses(row, in_code[name]):
        await _write(tx, "remove_schedule", {"name": name})
        return True
    return await _set_paused(tx, row, paused=False)


async def remove_schedule(tx: Transaction, name: str, in_code: Mapping[str, Schedule]) -> None:
    """Take a schedule out of the table; raises ScheduleInCode, UnknownName.

    Its progress goes with it, unless one in code has the name and goes on.
    """
    if await _row(tx, name) is None:
        raise ScheduleInCode(name) if name in in_code else await _unknown(tx, name, in_code)
    await _write(tx, "remove_schedule", {"name": name})
    if name not in in_code:
        await tx.session.execute(delete(ScheduleTick).where(col(ScheduleTick.name) == name))


async def _row(tx: Transaction, name: str) -> ScheduleRow | None:
    return await tx.session.get(ScheduleRow, name, with_for_update=True)


async def _set_paused(tx: Transaction, row: ScheduleRow, *, paused: bool) -> bool:
    if row.paused == paused:
        return False
    await _write(tx, "write_schedule", row.model_dump() | {"paused": paused})
    return True


async def _write(tx: Transaction, source: str, values: Mapping[str, Any]) -> None:
    if dialect_of(tx.session) is not Dialect.POSTGRESQL:
        await (portable.write_row(tx, values) if "cron" in values else portable.remove_row(tx, values["name"]))
        return
    table = cast("Table", ScheduleRow.__table__)  # type: ignore[attr-defined]
    given = {**values, "arguments": json.dumps(values["arguments"])} if "arguments" in values else values
    await tx.write(SCHEDULE, statement(source, table=table), given)


async def _unknown(tx: Transaction, name: str, in_code: Mapping[str, Schedule]) -> UnknownName:
    kept = (await tx.session.execute(select(col(ScheduleRow.name)))).scalars()
    return UnknownName("schedule", name, tuple({*in_code, *kept}))


def _only_pauses(row: ScheduleRow, schedule: Schedule) -> bool:
    return row.model_dump() | {"paused": schedule.paused} == schedule.model_dump(mode="json")


def _values(schedule: Schedule) -> dict[str, Any]:
    return schedule.model_dump(mode="json")
