"""Ticks are rows: any number of workers may tick, and each tick is one job."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, insert, text
from sqlmodel import col

from domain.commands import Purge
from domain.origin import Origin
from domain.schedule import Schedule
from persistence.database import Database
from persistence.enqueue import enqueue
from persistence.schedule_table import ScheduleTick
from persistence.ticks import tick
from tests.worlds import Row, sql

pytestmark = pytest.mark.on_every_engine

EVERY_MINUTE = Schedule.model_validate(
    {"name": "minute", "cron": "* * * * *", "job": "prune", "arguments": {"finished_days": 2, "dead_days": 2}}
    | {"catch_up": "all"}
)


async def ticked(database: Database, *schedules: Schedule) -> int:
    """Tick once, and return how many jobs that made."""
    return await tick(database.sessions, {schedule.name: schedule for schedule in schedules}, queue="q")


async def look_back(database: Database, minutes: int, name: str = "minute") -> datetime:
    """Pretend that the schedule ticked last so many minutes ago; returns that moment."""
    last = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=minutes)
    async with database.engine.begin() as connection:
        await connection.execute(delete(ScheduleTick).where(col(ScheduleTick.name) == name))
        await connection.execute(insert(ScheduleTick).values(name=name, ticked_at=last))
    return last


async def jobs(database: Database) -> list[Row]:
    """Return what ticks made: id, name, queue, actor, reason, in order."""
    return await sql(database, "SELECT id, name, queue, actor, reason FROM job ORDER BY id")


async def test_a_schedule_that_is_seen_first_ticks_from_now_on(database: Database) -> None:
    """A deploy of a new schedule runs nothing of the past, whatever its policy."""
    assert await ticked(database, EVERY_MINUTE) == 0
    assert await jobs(database) == []
    assert await ticked(database, EVERY_MINUTE) <= 1


async def test_many_workers_that_tick_at_once_make_one_job_of_each_tick(database: Database) -> None:
    """Eight tick at once, twice; ten missed ticks are ten jobs, with ids that say when."""
    last = await look_back(database, 10)
    made = await asyncio.gather(*(ticked(database, EVERY_MINUTE) for _ in range(8)))
    made += await asyncio.gather(*(ticked(database, EVERY_MINUTE) for _ in range(8)))
    found = await jobs(database)
    assert sum(made) == len(found) >= 10
    expected = [f"cron:minute:{last.astimezone(UTC) + timedelta(minutes=n):%Y-%m-%dT%H:%M:%SZ}" for n in range(1, 11)]
    assert [row[0] for row in found][:10] == expected
    assert tuple(found[0][1:]) == ("prune", "q", "cron", "schedule minute")


async def test_a_tick_that_is_a_job_already_is_no_second_one(database: Database) -> None:
    """The clock of the last tick is set back, as after a restored backup: the ids are the same."""
    await look_back(database, 5)
    assert await ticked(database, EVERY_MINUTE) >= 5
    before = await jobs(database)
    await look_back(database, 5)
    assert await ticked(database, EVERY_MINUTE) <= 1
    assert (await jobs(database))[: len(before)] == before


async def test_a_paused_schedule_does_not_tick(database: Database) -> None:
    """It goes on from where it was when it is resumed, by its policy."""
    await look_back(database, 5)
    assert await ticked(database, EVERY_MINUTE.model_copy(update={"paused": True})) == 0
    assert await ticked(database, EVERY_MINUTE) >= 5


async def test_a_row_of_the_table_takes_the_place_of_a_schedule_in_code(database: Database) -> None:
    """An operator pauses the shipped one, and adds another; an unreadable row stops neither."""
    await look_back(database, 5)
    await look_back(database, 5, "mine")
    added = (
        "INSERT INTO schedule (name, cron, zone, job, arguments, catch_up, jitter, paused) "
        "VALUES (:name, :cron, 'UTC', 'prune', '{\"finished_days\": 1, \"dead_days\": 1}', 'last', 0, :paused)"
    )
    async with database.engine.begin() as connection:
        await connection.execute(text(added), {"name": "minute", "cron": "* * * * *", "paused": True})
        await connection.execute(text(added), {"name": "mine", "cron": "* * * * *", "paused": False})
        await connection.execute(text(added), {"name": "broken", "cron": "whenever", "paused": False})
    assert await ticked(database, EVERY_MINUTE) == 1
    ((job_id, *_),) = await jobs(database)
    assert job_id.startswith("cron:mine:")


async def test_a_schedule_with_an_unknown_job_does_not_stop_the_others(database: Database) -> None:
    """The database refuses its job, of which the ticker is told; every other schedule ticks all the same."""
    wrong = EVERY_MINUTE.model_copy(update={"name": "wrong", "job": "no such job"})
    await look_back(database, 5)
    await look_back(database, 5, "wrong")
    told: list[str] = []
    in_code = {schedule.name: schedule for schedule in (wrong, EVERY_MINUTE)}
    await tick(database.sessions, in_code, queue="q", refused=lambda name, _: told.append(name))
    assert told == ["wrong"]
    found = await jobs(database)
    assert len(found) >= 5
    assert {row[4] for row in found} == {"schedule minute"}


async def test_a_tick_whose_id_somebody_has_taken_is_lost_alone(database: Database) -> None:
    """Another job has it, with other arguments: the ticks before and after it become jobs, and the schedule goes on."""
    last = await look_back(database, 3)
    taken = EVERY_MINUTE.job_id(last + timedelta(minutes=2))
    other = Purge(retention_days=1)
    async with database.sessions() as session, session.begin():
        await enqueue(session, other, Origin(actor="somebody"), job_id=taken)
    refused: list[str] = []
    in_code = {EVERY_MINUTE.name: EVERY_MINUTE}
    made = await tick(database.sessions, in_code, queue="q", refused=lambda name, _: refused.append(name))
    assert made >= 2
    assert refused == ["minute"]
    assert await ticked(database, EVERY_MINUTE) <= 1
