"""An audited update as tutorials write it: one session, one transaction, get, change, flush, add the audit row.

It maps the tables that Counterfoil's migrations make, so that every contender writes the same rows and indexes.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import Field, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession


def _now() -> datetime:
    return datetime.now(UTC)


class Task(SQLModel, table=True):
    """A task."""

    __tablename__ = "task"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    created_at: datetime = Field(default_factory=_now, sa_type=DateTime(timezone=True))
    updated_at: datetime = Field(default_factory=_now, sa_type=DateTime(timezone=True))
    deleted_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    version: int = 1
    key: str
    title: str
    description: str | None = None
    status: str = "pending"
    priority: str = "medium"
    tags: list[str] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))
    project_id: int = Field(sa_type=BigInteger)
    assignee_id: int | None = Field(default=None, sa_type=BigInteger)
    creator_id: int | None = Field(default=None, sa_type=BigInteger)
    parent_id: int | None = Field(default=None, sa_type=BigInteger)


class AuditLog(SQLModel, table=True):
    """An audit row."""

    __tablename__ = "audit_log"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    job_id: str
    actor: str
    entity: str
    entity_id: str
    action: str
    before: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    after: dict[str, Any] = Field(sa_column=Column(JSONB))


async def update_by_orm(engine: AsyncEngine, row_id: int, title: str, job_id: str) -> None:
    """Give the task another title, and write that down."""
    async with AsyncSession(engine) as session, session.begin():
        task = await session.get(Task, row_id, with_for_update=True)
        if task is None:
            raise LookupError(f"no task {row_id}")
        before = {"title": task.title, "version": task.version}
        task.title = title
        task.version += 1
        task.updated_at = datetime.now(UTC)
        await session.flush()
        after = {"title": task.title, "version": task.version}
        audited = AuditLog(
            job_id=job_id,
            actor="bench",
            entity="task",
            entity_id=str(row_id),
            action="update",
            before=before,
            after=after,
        )
        session.add(audited)
