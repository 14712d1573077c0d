"""A statement on MySQL whose task is cancelled: the server ends it, and lets go of what its transaction held."""

import asyncio

import pytest
from sqlalchemy import insert, text

from persistence.database import Database
from persistence.job_table import JobKind
from persistence.sessions import Sessions
from tests.locks import one_waits
from tests.workers import rows_locked
from tests.worlds import begin, plant


@pytest.mark.on_every_engine(without=("postgresql", "sqlite"), reason="their drivers break a statement off themselves")
async def test_a_cancelled_statement_lets_go_of_its_locks(database: Database, sessions: Sessions) -> None:
    """It waited for a row that somebody holds on; what its own transaction had taken is free at once."""
    await plant(sessions, tasks=1)

    async def take_and_wait() -> None:
        async with begin(sessions) as tx:
            await tx.session.execute(insert(JobKind).values(name="mine"))
            await tx.session.execute(text("SELECT id FROM task FOR UPDATE"))

    async with rows_locked(database):
        waiting = asyncio.create_task(take_and_wait())
        await one_waits(database)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        async with asyncio.timeout(2), begin(sessions) as tx:
            await tx.session.execute(insert(JobKind).values(name="mine"))
