"""A worker inside the test's own process, where a process of its own would prove nothing more."""

import asyncio
import time
from asyncio import CancelledError
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from arq.connections import ArqRedis
from arq.worker import Worker
from pydantic import JsonValue

from worker.client import Answer, wait
from worker.composition import Database
from worker.process import build_worker
from worker.settings import Settings


def retitle(key: str, title: str, **more: JsonValue) -> dict[str, JsonValue]:
    """Return the arguments of an `update` that gives a task another title, for `billing` unless `more` says else."""
    changes: dict[str, JsonValue] = {"title": title}
    return {"entity": "task", "key": key, "changes": changes, "actor": "billing", **more}


@asynccontextmanager
async def running_worker(settings: Settings, database: Database, redis: ArqRedis) -> AsyncIterator[Worker]:
    """Run a worker for the time of the block; what kills it fails the test at the end of the block."""
    worker = build_worker(settings, database, redis, handle_signals=False)
    loop = asyncio.create_task(worker.async_run())
    try:
        yield worker
    finally:
        loop.cancel()
        with suppress(CancelledError):
            await loop
        if worker.tasks:  # those that have just answered, and such as a test has left waiting for a lock
            _, waiting = await asyncio.wait(worker.tasks.values(), timeout=1)
            for task in waiting:
                task.cancel()
            await asyncio.gather(*worker.tasks.values())
        await redis.delete(worker.health_check_key)


async def answered(redis: ArqRedis, job_id: str) -> Answer:
    """Return a job's answer; fail when there is none within 20 s."""
    async with asyncio.timeout(20):
        return await wait(redis, job_id)


async def eventually(condition: Callable[[], Awaitable[bool]], what: str, *, seconds: float = 20.0) -> None:
    """Return as soon as `condition` holds, while the worker goes on; fail, naming `what`, when it does not."""
    deadline = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain until {what}"
        await asyncio.sleep(0.01)


@asynccontextmanager
async def rows_locked(database: Database, where: str = "true") -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Hold the tasks that `where` means against every writer for the time of the block.

    Yields a function that returns as soon as somebody waits for one of them.
    """
    async with database.engine.connect() as connection:
        await connection.exec_driver_sql(f"SELECT FROM task WHERE {where} FOR UPDATE")

        async def until_somebody_waits() -> None:
            await eventually(lambda: _somebody_waits(database), "somebody waits for a row")

        yield until_somebody_waits


async def _somebody_waits(database: Database) -> bool:
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with database.engine.connect() as connection:
        return bool((await connection.exec_driver_sql(query)).scalar_one())
