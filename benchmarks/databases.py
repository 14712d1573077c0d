"""A seeded database, and a fresh copy of it for every measurement: each contender finds the same rows."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
from alembic import command

from benchmarks.rows import ROWS
from persistence.engine import database_url
from persistence.revisions import alembic_config
from persistence.scratch import create_database, drop_database
from worker.environment import load_settings

TEMPLATE: Final = "bench_template"

PROJECT: Final = "INSERT INTO project (key, name) VALUES ('bench', 'Benchmark')"
TASKS: Final = """
INSERT INTO task (key, title, status, priority, project_id)
SELECT 'B-' || n, 'task ' || n, 'pending', 'medium', (SELECT id FROM project)
FROM generate_series(1, $1::bigint) AS n ORDER BY n
"""


async def seed(server: str, redis_url: str) -> None:
    """Make the template: migrated, with a hundred thousand tasks."""
    url = (await create_database(database_url(server), TEMPLATE)).render_as_string(hide_password=False)
    settings = load_settings({"DATABASE_URL": url, "REDIS_URL": redis_url})
    await asyncio.to_thread(command.upgrade, alembic_config(settings), "heads")
    async with connected(plain(url)) as connection:
        await connection.execute(PROJECT)
        await connection.execute(TASKS, ROWS)
        await connection.execute("VACUUM (FREEZE, ANALYZE)")


@asynccontextmanager
async def fresh_database(server: str) -> AsyncIterator[str]:
    """Yield the URL of a copy of the template, for the time of the block."""
    name = f"bench_{secrets.token_hex(4)}"
    url = await create_database(database_url(server), name, template=TEMPLATE)
    try:
        yield plain(url.render_as_string(hide_password=False))
    finally:
        await drop_database(database_url(server), name)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    """Open one connection for the time of the block."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


def plain(url: str) -> str:
    """Return the URL without SQLAlchemy's word for the driver."""
    return url.replace("postgresql+asyncpg://", "postgresql://")
