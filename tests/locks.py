"""Waiting until transactions meet on a lock."""

from typing import cast

from sqlalchemy import QueuePool, text

from persistence.database import Database
from persistence.dialects import Dialect
from tests.waiting import eventually

WAITING = {
    Dialect.POSTGRESQL: "SELECT 1 FROM pg_stat_activity "
    "WHERE datname = current_database() AND wait_event_type = 'Lock'",
    # Not innodb_trx, which answers from a cache that is not renewed while it is asked all the time.
    Dialect.MYSQL: "SELECT 1 FROM information_schema.global_status "
    "WHERE variable_name = 'INNODB_ROW_LOCK_CURRENT_WAITS' AND variable_value > 0",
}


async def one_waits(database: Database) -> None:
    """Return as soon as a transaction of the test's database waits for a lock of another."""
    dialect = Dialect(database.engine.dialect.name)

    async def waiting() -> bool:
        if dialect is Dialect.SQLITE:  # it has one lock, and who has a connection beside the writer waits for it
            return cast("QueuePool", database.engine.pool).checkedout() > 1
        async with database.engine.connect() as connection:
            return (await connection.execute(text(WAITING[dialect]))).first() is not None

    await eventually(waiting, "a transaction waits for a lock")
