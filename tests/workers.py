"""A worker inside the test's own process, where a process of its own would prove nothing more."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from arq.connections import ArqRedis
from arq.worker import Worker, create_worker
from pydantic import JsonValue

from persistence.database import Database
from tests.engines import ENGINE
from tests.locks import one_waits
from tests.waiting import DEADLINE, eventually
from worker.client import Answer, wait
from worker.engine import Engine
from worker.health.report import Report
from worker.observer import Observer
from worker.process import build_worker
from worker.settings import Settings
from worker.stock import worker_settings


def retitle(key: str, title: str, **more: JsonValue) -> dict[str, JsonValue]:
    """Return the arguments of an `update` that gives a task another title, for `billing` unless `more` says else."""
    changes: dict[str, JsonValue] = {"title": title}
    return {"entity": "task", "key": key, "changes": changes, "actor": "billing", **more}


@asynccontextmanager
async def running_worker(settings: Settings, database: Database, redis: ArqRedis) -> AsyncIterator[Worker]:
    """Run a worker for the time of the block; what kills it fails the test at the end of the block.

    It is our engine, or with ENGINE=stock what the `arq` command makes of our `WorkerSettings`.
    """
    running = _stock_worker(settings) if ENGINE == "stock" else running_engine(settings, database, redis)
    async with running as worker:
        yield worker


@asynccontextmanager
async def running_engine(
    settings: Settings, database: Database, redis: ArqRedis, observer: Observer | None = None
) -> AsyncIterator[Engine]:
    """Run a worker on our engine for the time of the block."""
    worker = build_worker(settings, database, redis, handle_signals=False, observer=observer)
    loop = asyncio.create_task(worker.async_run())
    try:
        yield worker
    finally:
        worker.drain()
        async with asyncio.timeout(DEADLINE):
            await loop
        await worker.close()


@asynccontextmanager
async def _stock_worker(settings: Settings) -> AsyncIterator[Worker]:
    worker = create_worker(worker_settings(settings), handle_signals=False)
    loop = asyncio.create_task(worker.async_run())
    try:
        yield worker
    finally:
        worker.allow_pick_jobs = False

        async def idle() -> bool:
            return loop.done() or not worker.tasks

        await eventually(idle, "what runs has ended")
        loop.cancel()
        with suppress(asyncio.CancelledError):
            await loop
        await worker.close()


@asynccontextmanager
async def reporting_worker(
    settings: Settings, database: Database, redis: ArqRedis
) -> AsyncIterator[tuple[Engine, int]]:
    """Run a worker that reports on a port of this machine, and yield both."""
    report = Report(settings.model_copy(update={"health_port": 0, "health_host": "127.0.0.1"}))
    async with (
        running_engine(settings, database, redis, report.observer) as worker,
        report.shown(worker, database, redis) as port,
    ):
        assert port
        yield worker, port


async def answered(redis: ArqRedis, job_id: str) -> Answer:
    """Return a job's answer; fail when there is none within a minute."""
    async with asyncio.timeout(DEADLINE):
        return await wait(redis, job_id)


@asynccontextmanager
async def rows_locked(database: Database, where: str = "true") -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Hold the tasks that `where` means against every writer for the time of the block.

    Yields a function that returns as soon as somebody waits for one of them.
    """
    async with database.engine.connect() as connection:
        await connection.exec_driver_sql(f"SELECT id FROM task WHERE {where} FOR UPDATE")  # noqa: S608 - a test's condition

        async def until_somebody_waits() -> None:
            await one_waits(database)

        yield until_somebody_waits
