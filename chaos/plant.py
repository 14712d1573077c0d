"""What must be there before the first job: the schema, the coupons' table, and the tasks that jobs change."""

import asyncio
import signal
from collections.abc import Mapping
from typing import Any, cast

import asyncpg
from alembic import command
from sqlalchemy import Table

from chaos.coupon import Coupon
from chaos.doors import ACTOR
from chaos.servers import Servers
from chaos.wishes import HOT, PROJECT, VICTIMS, hot, victim
from domain.commands import BulkInsert
from domain.origin import Origin
from persistence.database import Database
from persistence.revisions import alembic_config
from persistence.transaction import transaction
from worker.jobs.bulk_insert import bulk_insert
from worker.settings import Settings

ENTITIES = "domain.task_manager,chaos.coupon"


def settings_of(servers: Servers, job_timeout: float) -> Mapping[str, str]:
    """Return the settings of the workers, and of this process."""
    return {
        "DATABASE_URL": servers.database_url,
        "REDIS_URL": servers.redis_url,
        "COUNTERFOIL_ENTITIES": ENTITIES,
        "COUNTERFOIL_JOB_TIMEOUT": str(job_timeout),
        "COUNTERFOIL_SHUTDOWN_GRACE": "10",
        "COUNTERFOIL_LOG_FORMAT": "json",
    }


async def prepare(servers: Servers, settings: Settings) -> None:
    """Let PostgreSQL keep the time of every commit, and bring the schema to its newest revision.

    No machine crashes here, so a commit that was written is safe without `fsync`; with it, each recovery would first
    sync some 2,000 files, which takes seconds on a shared disk.
    """
    connection: Any = await asyncpg.connect(servers.database_url)
    for setting in ("track_commit_timestamp = on", "fsync = off"):
        await connection.execute(f"ALTER SYSTEM SET {setting}")
    await connection.close()
    await servers.postgres.restart(signal.SIGINT)
    await asyncio.to_thread(command.upgrade, alembic_config(settings), "heads")


async def plant(database: Database) -> None:
    """Make the coupons' table, and insert the tasks that jobs will update, delete and restore."""
    async with database.engine.begin() as connection:
        await connection.run_sync(cast("Table", Coupon.__table__).create)  # type: ignore[attr-defined]
    keys = [*(hot(number) for number in range(HOT)), *(victim(number) for number in range(VICTIMS))]
    async with transaction(database.sessions, Origin(actor=ACTOR)) as tx:
        await bulk_insert(tx, BulkInsert(entity="project", rows=[{"key": PROJECT, "name": "Chaos"}]))
        rows = [{"key": key, "title": "untouched", "project.key": PROJECT} for key in keys]
        await bulk_insert(tx, BulkInsert(entity="task", rows=cast("Any", rows)))
