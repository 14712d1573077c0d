"""The world of the state machine, opened on a test's servers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import asyncpg

from persistence.database import open_database
from persistence.engine import database_url
from persistence.job_life import register_jobs
from tests.job_life import World
from worker.composition import open_redis
from worker.execution import Execution
from worker.relay import Relay
from worker.settings import Settings

T = TypeVar("T")


@asynccontextmanager
async def open_world(
    settings: Settings, *, execution: type[Execution] = Execution, relay: type[Relay] = Relay
) -> AsyncIterator[World]:
    """Open the world of a state machine on a test's servers."""
    url = database_url(settings.database_url.get_secret_value()).set(drivername="postgresql")
    raw = await asyncpg.connect(url.render_as_string(hide_password=False))
    async with open_database(settings) as database, open_redis(settings) as redis:
        await register_jobs(database.sessions, {"strike": 3})
        try:
            yield World(database, redis, settings.queue, raw, execution, relay)
        finally:
            await raw.close()


def in_loop(loop: asyncio.AbstractEventLoop) -> Callable[[Coroutine[Any, Any, T]], T]:
    """Return a function that runs a coroutine in the loop from a thread, and returns its value."""
    return lambda coroutine: asyncio.run_coroutine_threadsafe(coroutine, loop).result(60)
