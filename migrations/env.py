"""How Alembic reaches the database: asynchronously, or offline to print SQL."""

import asyncio

from alembic import context
from sqlalchemy import URL, Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from domain.entity import Entity
from persistence import audit_log, bulk_table, job_table, schedule_table
from persistence.engine import database_url
from persistence.pgbouncer import asks_for_pgbouncer
from persistence.postgresql_connections import connect_arguments, plain_url
from persistence.settings import load_entities
from worker.environment import load_settings

LOCK_TIMEOUT = "5s"
"""A migration that waits longer for a lock gives up: behind it every query on the table would wait too."""

METADATA = job_table.JobRow.metadata
TABLES = (audit_log.AuditEntry, bulk_table.RejectRow, schedule_table.ScheduleRow)
assert all(table.metadata is METADATA is Entity.metadata for table in TABLES)  # noqa: S101 - one metadata for all tables, or autogenerate would miss some


def run_offline(url: URL) -> None:
    """Print the SQL instead of running it."""
    context.configure(url=url, target_metadata=METADATA, literal_binds=True, dialect_opts={"paramstyle": "named"})
    with context.begin_transaction():
        context.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        context.run_migrations()


def run_migrations(connection: Connection) -> None:
    """Run on a connection, each history in one transaction."""
    context.configure(connection=connection, target_metadata=METADATA)
    with context.begin_transaction():
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
        context.run_migrations()


async def run_online(url: URL, *, pgbouncer: bool) -> None:
    """Connect, run, disconnect."""
    arguments = connect_arguments(url, "counterfoil migrate", {}, pgbouncer=pgbouncer)
    engine = create_async_engine(plain_url(url), poolclass=NullPool, connect_args=arguments)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(run_migrations)
    finally:
        await engine.dispose()


settings = context.config.attributes.get("settings") or load_settings()
load_entities(settings)
if context.is_offline_mode():
    run_offline(database_url(settings.database_url.get_secret_value()))
else:
    url = database_url(settings.database_url.get_secret_value())
    asyncio.run(run_online(url, pgbouncer=settings.pgbouncer or asks_for_pgbouncer(url)))
