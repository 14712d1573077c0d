"""The end of the faults: everything that was accepted is waited for, within a bound."""

import asyncio
from time import monotonic
from typing import Any, Final

from redis.asyncio import Redis
from sqlalchemy import text

from chaos.faults import QUEUE
from persistence.database import Database
from persistence.ticks import ACTOR as CRON

# Without the schedules' jobs, which are not chaos's: a nightly one may be due in some minutes.
QUEUED: Final = text("SELECT count(*) FROM job WHERE state = 'queued' AND actor <> :cron")
LOOK_SECONDS: Final = 0.25


async def drained(database: Database, redis_url: str, *, within: float) -> float:
    """Wait until no job is queued, in its row or in Redis, at most so many seconds; returns how long it took."""
    began = monotonic()
    client: Any = Redis.from_url(redis_url)
    async with client:
        while monotonic() - began < within:
            async with database.engine.connect() as connection:
                rows = await connection.scalar(QUEUED, {"cron": CRON})
            if not rows and not await client.exists(QUEUE):
                break
            await asyncio.sleep(LOOK_SECONDS)
    return monotonic() - began
