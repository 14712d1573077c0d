"""Small worlds to test in, and short ways to look at them."""

import json
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session
from sqlmodel import col, select

from domain.commands import BulkInsert, Command
from domain.entities import Entities
from domain.entity import Entity
from domain.origin import Origin
from domain.result import Result
from persistence.audit_log import AuditEntry
from persistence.database import Database
from persistence.dialects import Dialect, dialect_of
from persistence.portable.json_values import image_of, json_text
from persistence.reader import reader
from persistence.sessions import Sessions
from persistence.transaction import Transaction, transaction
from worker.jobs import JOBS
from worker.jobs.purge import JOB as PURGE

Row = tuple[Any, ...]


def begin(
    sessions: Sessions, job_id: str | None = None, actor: str = "tester"
) -> AbstractAsyncContextManager[Transaction]:
    """Open a transaction for a tester."""
    return transaction(sessions, Origin(actor=actor, job_id=job_id))


async def apply(sessions: Sessions, command: Command, job_id: str | None = None, actor: str = "tester") -> Result:
    """Apply a command in a transaction of its own, as its job does."""
    (job,) = [job for job in (*JOBS, PURGE) if job.command is type(command)]
    async with begin(sessions, job_id, actor) as tx:
        return await job.apply(tx, command)


async def plant(sessions: Sessions, *, tasks: int = 3, project: str = "alpha") -> None:
    """Insert a project and `tasks` tasks of it, named `t0`, `t1` and so on, by the job `plant`."""
    await apply(sessions, BulkInsert(entity="project", rows=[{"key": project, "name": project.title()}]), "plant")
    rows: list[Any] = [{"key": f"t{n}", "title": f"Task {n}", "project.key": project} for n in range(tasks)]
    if rows:
        await apply(sessions, BulkInsert(entity="task", rows=rows), "plant")


async def trail(sessions: Sessions, entity: str | None = None, job_id: str | None = None) -> Sequence[AuditEntry]:
    """Return the audit rows in order, of one entity or one job where asked."""
    query = select(AuditEntry).order_by(col(AuditEntry.id))
    if entity is not None:
        query = query.where(col(AuditEntry.entity) == entity)
    if job_id is not None:
        query = query.where(col(AuditEntry.job_id) == job_id)
    async with reader(sessions) as read:
        return await read.scalars(query)


async def images(sessions: Sessions, table: str) -> dict[int, dict[str, Any]]:
    """Return the rows of a table by id, as `to_jsonb` prints them."""
    async with begin(sessions) as tx:
        if dialect_of(tx.session) is not Dialect.POSTGRESQL:
            return await tx.session.run_sync(_images, table.strip('"'))
        found = await tx.session.execute(text(f"SELECT id, to_jsonb(t) FROM {table} AS t"))  # noqa: S608 - a test's table
        return {row[0]: row[1] for row in found}


def _images(session: Session, name: str) -> dict[int, dict[str, Any]]:
    entities: Entities = session.info["entities"]
    table = entities[name].table if name in entities else Entity.metadata.tables[name]
    rows = session.execute(select(*table.columns)).mappings()
    # By way of text, as the audit log's own images have come.
    return {row["id"]: json.loads(json_text(image_of(table, row))) for row in rows}


async def sql(database: Database, statement: str, **values: object) -> list[Row]:
    """Run one statement in a transaction of its own, past the sessions, and return its rows."""
    async with database.engine.begin() as connection:
        found = await connection.execute(text(statement), values)
        return [tuple(row) for row in found] if found.returns_rows else []


async def live(sessions: Sessions, table: str = "task") -> dict[str, dict[str, Any]]:
    """Return the rows of a table that are not deleted, by their natural key."""
    return {row["key"]: row for row in (await images(sessions, table)).values() if row["deleted_at"] is None}
