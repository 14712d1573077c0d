"""How Alembic reaches the database: asynchronously, or offline to print SQL."""

import asyncio

from alembic import context
from sqlalchemy import URL, Column, Connection, Index, text

from domain.entity import Entity
from persistence import audit_log, bulk_table, job_table, schedule_table
from persistence.dialects import Dialect
from persistence.engine import database_url, migration_engine
from persistence.live_keys import is_live_key
from persistence.settings import load_entities
from worker.environment import load_settings

LOCK_TIMEOUTS = {
    Dialect.POSTGRESQL: "SET LOCAL lock_timeout = '5s'",
    Dialect.MYSQL: "SET SESSION lock_wait_timeout = 5",
}
"""A migration that waits longer for a lock gives up: behind it every query on the table would wait too.

On SQLite a migration is a writer like any other, and waits for the one before it.
"""

METADATA = job_table.JobRow.metadata
TABLES = (audit_log.AuditEntry, bulk_table.RejectRow, schedule_table.ScheduleRow)
assert all(table.metadata is METADATA is Entity.metadata for table in TABLES)  # noqa: S101 - one metadata for all tables, or autogenerate would miss some


def includes(found: object, name: str | None, kind: str, reflected: bool, counterpart: object) -> bool:  # noqa: ARG001, FBT001 - Alembic's signature
    """Leave out what stands for a live key on MySQL, where Alembic cannot tell it from another index."""
    if context.get_context().dialect.name != Dialect.MYSQL:
        return True
    if isinstance(found, Index):
        return not (is_live_key(found) or name in {column.name for column in found.columns})
    is_made_for_index = isinstance(found, Column) and reflected and counterpart is None and found.computed is not None
    return not is_made_for_index


def run_offline(url: URL) -> None:
    """Print the SQL instead of running it."""
    context.configure(
        url=url,
        target_metadata=METADATA,
        literal_binds=True,
        dialect_opts={"paramstyle": "named"},
        transactional_ddl=url.get_backend_name() != Dialect.MYSQL,
    )
    with context.begin_transaction():
        if timeout := LOCK_TIMEOUTS.get(Dialect(url.get_backend_name())):
            context.execute(timeout)
        context.run_migrations()


def run_migrations(connection: Connection) -> None:
    """Run on a connection, all in one transaction; on MySQL every statement about a table is one of its own."""
    dialect = Dialect(connection.dialect.name)
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        transactional_ddl=dialect is not Dialect.MYSQL,
        include_object=includes,
    )
    timeout = LOCK_TIMEOUTS.get(dialect)
    if timeout and dialect is Dialect.MYSQL:
        with connection.begin():
            connection.execute(text(timeout))
    with context.begin_transaction():
        if timeout and dialect is not Dialect.MYSQL:
            connection.execute(text(timeout))
        context.run_migrations()


async def run_online(url: URL, *, pgbouncer: bool) -> None:
    """Connect, run, disconnect."""
    engine = migration_engine(url, pgbouncer=pgbouncer)
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
    asyncio.run(run_online(url, pgbouncer=settings.pgbouncer))
