"""A worker inside the test's own process, where a process of its own would prove nothing more."""

import asyncio
from asyncio import CancelledError
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from arq.connections import ArqRedis
from arq.worker import Worker

from worker.composition import Database
from worker.process import build_worker
from worker.settings import Settings


@asynccontextmanager
async def running_worker(settings: Settings, database: Database, redis: ArqRedis) -> AsyncIterator[Worker]:
    """Run a worker for the time of the block; what kills it fails the test at the end of the block."""
    worker = build_worker(settings, database, redis, handle_signals=False)
    loop = asyncio.create_task(worker.async_run())
    try:
        yield worker
    finally:
        for task in worker.tasks.values():
            task.cancel()
        loop.cancel()
        with suppress(CancelledError):
            await loop
        await asyncio.gather(*worker.tasks.values())
        await redis.delete(worker.health_check_key)
