"""A worker that hangs in the middle of a job: what it holds is taken back, and who waits for it is not blamed."""

import asyncio
from contextlib import suppress

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from domain.job import Severity
from persistence.classification import severity
from persistence.database import Database, open_database
from tests.workers import rows_locked
from tests.worlds import begin, plant
from worker.arq_settings import session_settings
from worker.settings import Settings

LOCK = text("SELECT FROM task WHERE key = 't0' FOR UPDATE")


async def test_the_rows_of_a_hung_worker_are_free_after_the_time_that_a_job_may_take(
    settings: Settings, database: Database
) -> None:
    """PostgreSQL ends the transaction, although its client is there and says nothing."""
    await plant(database.sessions, tasks=1)
    async with open_database(settings, session_settings=session_settings(0.3)) as hung:
        with suppress(DBAPIError):
            async with hung.engine.begin() as connection:
                await connection.execute(LOCK)
                async with asyncio.timeout(10), begin(database.sessions) as tx:
                    await tx.session.execute(LOCK)
                await connection.execute(text("SELECT 1"))
                pytest.fail("the hung transaction is still open")


async def test_waiting_for_another_workers_row_is_told_from_a_job_that_takes_too_long(
    settings: Settings, database: Database
) -> None:
    """The wait ends before the job's own time-out would, as a lock that is not available: another try may succeed."""
    await plant(database.sessions, tasks=1)
    async with open_database(settings, session_settings=session_settings(0.3)) as waiting, rows_locked(database):
        with pytest.raises(DBAPIError) as caught:
            async with begin(waiting.sessions) as tx:
                await tx.session.execute(LOCK)
    assert severity(caught.value) is Severity.TRANSIENT
