"""The job table's doors and relays in a test's own process, and short ways to look at the table."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
from arq.connections import ArqRedis
from sqlalchemy import select
from sqlmodel import col

from domain.commands import BulkInsert
from domain.origin import Origin
from persistence.database import Database
from persistence.engine import database_url
from persistence.enqueue import NewJob, enqueue_many
from persistence.job_table import JobRow
from persistence.reader import reader
from persistence.sessions import Sessions
from tests.waiting import eventually
from worker.duties import relay_always
from worker.settings import Settings

BILLING = Origin(actor="billing", request_id="r-1", reason="invoice")


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[Any]:
    """Open a connection of asyncpg's own, as another service has one."""
    url = database_url(settings.database_url.get_secret_value()).set(drivername="postgresql")
    connection = await asyncpg.connect(url.render_as_string(hide_password=False))
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def relaying(database: Database, redis: ArqRedis) -> AsyncIterator[None]:
    """Relay for the time of the block."""
    relay = asyncio.create_task(relay_always(database.listener, database.sessions, redis))
    try:
        yield
    finally:
        relay.cancel()
        with suppress(asyncio.CancelledError):
            await relay


def new_project(key: str, queue: str, **more: Any) -> NewJob:  # noqa: ANN401 - the properties of a job
    """Return a job, with the id `key`, that inserts a project of this key."""
    command = BulkInsert(entity="project", rows=[{"key": key, "name": key}])
    return NewJob(command, BILLING, **{"job_id": key, "queue": queue, **more})


async def accept(sessions: Sessions, *jobs: NewJob) -> None:
    """Accept jobs in a transaction of their own."""
    async with sessions() as session, session.begin():
        await enqueue_many(session, jobs)


async def jobs(sessions: Sessions) -> Sequence[JobRow]:
    """Return the rows of the job table by id."""
    async with reader(sessions) as read:
        return await read.scalars(select(JobRow).order_by(col(JobRow.id)))


async def job(sessions: Sessions, job_id: str) -> JobRow:
    """Return one job's row, which must be there."""
    async with reader(sessions) as read:
        row = await read.get(JobRow, job_id)
    assert row is not None, f"no job {job_id}"
    return row


async def until_state(sessions: Sessions, job_id: str, state: str, *, seconds: float = 30) -> JobRow:
    """Return the job's row as soon as it has the state."""

    async def holds() -> bool:
        return any(row.id == job_id and row.state == state for row in await jobs(sessions))

    await eventually(holds, f"job {job_id} is {state}", seconds=seconds)
    return await job(sessions, job_id)
