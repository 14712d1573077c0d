"""All tables at once, without migrations: for development and for tests."""

from collections.abc import Iterable

from sqlalchemy import Connection, MetaData, text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.entity import Entity
from persistence import audit_log, bulk_table, job_table, schedule_table
from persistence.append_only import append_only
from persistence.collation import case_told_apart

TABLES = (audit_log.AuditEntry, bulk_table.RejectRow, job_table.JobRow, schedule_table.ScheduleRow)
"""The tables of this package, which stand beside the entities in their metadata."""


async def create_tables(engine: AsyncEngine, metadata: MetaData = Entity.metadata) -> None:
    """Create what is missing of a metadata's tables, with live keys, and the audit log's triggers on all databases.

    For development: it changes no table that is there, and knows no functions of PostgreSQL (`enqueue_job`), which
    migrations make. In production run `counterfoil migrate`. Raises the driver's errors.
    """
    async with engine.begin() as connection:
        await connection.run_sync(_create, metadata)


def _create(connection: Connection, metadata: MetaData) -> None:
    dialect, log = connection.dialect.name, str(audit_log.AuditEntry.__tablename__)
    is_new = log in metadata.tables and not connection.dialect.has_table(connection, log)
    _run(connection, case_told_apart(dialect))
    metadata.create_all(connection)
    if is_new:
        _run(connection, append_only(dialect))


def _run(connection: Connection, statements: Iterable[str]) -> None:
    for statement in statements:
        connection.execute(text(statement))
