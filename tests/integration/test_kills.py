"""A worker that is killed with SIGKILL in the middle of a job leaves nothing, and the job can be run again."""

import asyncio
import os
import signal
import subprocess
import sys
from asyncio.subprocess import Process
from pathlib import Path

import pytest
from sqlalchemy import text

from persistence.database import Database
from persistence.sessions import Sessions
from tests.broken_rows import before_each_row
from tests.ledger import assert_balanced
from tests.single import execute
from tests.victim import Work, do_both
from tests.waiting import eventually
from tests.worlds import images, plant, trail
from worker.delivery import Delivery
from worker.jobs.job import Job
from worker.settings import Settings

REPOSITORY = Path(__file__).parents[2]
LOCK = 4711
VICTIMS = text("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'victim'")
WAITING = text("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = :lock AND NOT granted")
WAIT = f"PERFORM pg_advisory_xact_lock({LOCK}); RETURN NEW;"


async def start(settings: Settings, point: str) -> Process:
    """Start a worker's process that runs the job `doomed` until `point`."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.victim",
        point,
        "doomed",
        cwd=REPOSITORY,
        env=os.environ
        | {
            "DATABASE_URL": settings.database_url.get_secret_value(),
            "REDIS_URL": settings.redis_url.get_secret_value(),
        },
        stdout=subprocess.PIPE,
    )


async def run_again(sessions: Sessions) -> None:
    """Deliver the job again, twice: it runs to its end, and then it has run."""
    for attempt in (2, 3):
        delivery = Delivery("doomed", attempt, {"actor": "victim"})
        await execute(Job(Work, do_both), delivery, sessions=sessions, max_rows=10)


async def assert_nothing_is_left_and_again(database: Database, before: dict[int, dict[str, object]]) -> None:
    """Assert that rows and audit log are as they were, as soon as the dead worker's connections are gone; run again."""
    sessions = database.sessions

    async def gone() -> bool:
        query = text(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'victim'"
        )
        async with database.engine.connect() as connection:
            return (await connection.execute(query)).first() is None

    await eventually(gone, "the server has noticed that the worker is dead")
    assert await images(sessions, "task") == before
    assert await trail(sessions, job_id="doomed") == []
    await run_again(sessions)
    assert sorted(row["title"] for row in (await images(sessions, "task")).values()) == ["New", "changed"]
    assert [entry.action for entry in await trail(sessions, job_id="doomed")] == ["update", "insert"]
    await assert_balanced(sessions)


@pytest.mark.parametrize(("point", "written"), [("flush", "row written\n"), ("commit", "all written\n")])
async def test_killed_between_write_and_audit_of_a_flush_or_before_the_commit(
    database: Database, settings: Settings, point: str, written: str
) -> None:
    """The row was sent and its audit row was not; or all was sent, and the commit was not."""
    await plant(database.sessions, tasks=1)
    before = await images(database.sessions, "task")
    victim = await start(settings, point)
    output, _ = await victim.communicate()
    assert victim.returncode == -signal.SIGKILL
    assert written in output.decode()
    await assert_nothing_is_left_and_again(database, before)


async def test_killed_between_write_and_audit_of_a_statement(database: Database, settings: Settings) -> None:
    """The statement has written its row and is about to write the audit row, when the worker dies."""
    await plant(database.sessions, tasks=1)
    before = await images(database.sessions, "task")
    await before_each_row(database, "INSERT", "audit_log", WAIT)
    async with database.engine.connect() as holder:
        await holder.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
        victim = await start(settings, "statement")

        async def waits() -> bool:
            async with database.engine.connect() as connection:
                return (await connection.execute(WAITING, {"lock": LOCK})).first() is not None

        await eventually(waits, "the statement is at its first audit row")
        victim.kill()
        await victim.communicate()
        await holder.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": LOCK})
    await assert_nothing_is_left_and_again(database, before)
