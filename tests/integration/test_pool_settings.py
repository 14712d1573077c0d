"""What the settings say of the pool is what the pool does."""

import asyncio
from threading import Thread

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from domain.job import Severity
from persistence.classification import severity
from persistence.database import Database, open_database
from tests.web_clients import web_settings
from worker.settings import Settings


async def backend(database: Database) -> int:
    """Return the number of the connection that a transaction has."""
    async with database.engine.begin() as connection:
        return int((await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one())


def cut(settings: Settings, number: int) -> None:
    """End a connection while this thread's loop stands still, so that its driver has not heard of it."""
    url = settings.database_url.get_secret_value().replace("+asyncpg", "")

    async def terminate() -> None:
        connection = await asyncpg.connect(url)
        await connection.execute("SELECT pg_terminate_backend($1, 5000)", number)
        await connection.close()

    thread = Thread(target=asyncio.run, args=(terminate(),))
    thread.start()
    thread.join()


async def test_a_connection_is_kept_until_it_is_too_old(settings: Settings) -> None:
    """Then the next transaction has another one."""
    for seconds, expected in ((300.0, 1), (1e-9, 3)):
        async with open_database(settings.model_copy(update={"pool_recycle": seconds})) as database:
            assert len({await backend(database) for _ in range(3)}) == expected


async def test_a_web_process_asks_a_connection_before_it_is_used(settings: Settings) -> None:
    """One that was cut unheard is replaced; a worker, whose jobs are tried again, asks only where it is told to."""
    for asking in (web_settings(settings), settings.model_copy(update={"pool_pre_ping": True})):
        async with open_database(asking) as database:
            number = await backend(database)
            cut(settings, number)
            assert await backend(database) != number
    async with open_database(settings) as database:
        cut(settings, await backend(database))
        with pytest.raises(DBAPIError) as lost:
            await backend(database)
        assert severity(lost.value) is Severity.TRANSIENT
        assert await backend(database) > 0
