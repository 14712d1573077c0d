"""Waiting until transactions meet on a lock."""

from sqlalchemy import text

from persistence.database import Database
from tests.waiting import eventually

WAITING = text("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


async def one_waits(database: Database) -> None:
    """Return as soon as a transaction of the test's database waits for a lock of another."""

    async def waiting() -> bool:
        async with database.engine.connect() as connection:
            return (await connection.execute(WAITING)).first() is not None

    await eventually(waiting, "a transaction waits for a lock")
