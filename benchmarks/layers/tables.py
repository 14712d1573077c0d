"""The tables that Counterfoil's migrations make, mapped as people map them who use SQLAlchemy alone."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, ForeignKey, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Table(DeclarativeBase):
    """The base of the mapped tables."""


def now() -> datetime:
    """Return the time as the columns take it."""
    return datetime.now(UTC)


class Stamped:
    """The columns that every entity has."""

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now, onupdate=now)
    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), default=None)
    version: Mapped[int] = mapped_column(default=1)


class Project(Stamped, Table):
    """A project."""

    __tablename__ = "project"

    key: Mapped[str]
    name: Mapped[str]
    description: Mapped[str | None] = mapped_column(default=None)


class Member(Stamped, Table):
    """A member."""

    __tablename__ = "member"

    key: Mapped[str]
    name: Mapped[str]
    email: Mapped[str | None] = mapped_column(default=None)


class Task(Stamped, Table):
    """A task."""

    __tablename__ = "task"

    key: Mapped[str]
    title: Mapped[str]
    description: Mapped[str | None] = mapped_column(default=None)
    status: Mapped[str] = mapped_column(default="pending")
    priority: Mapped[str] = mapped_column(default="medium")
    tags: Mapped[list[Any]] = mapped_column(JSONB, default=list, server_default=text("'[]'"))
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), default=None)
    creator_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), default=None)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("task.id"), default=None)

    project: Mapped[Project] = relationship()
    assignee: Mapped[Member | None] = relationship(foreign_keys=[assignee_id])
    subtasks: Mapped[list["Task"]] = relationship(foreign_keys=[parent_id])


class AuditLog(Table):
    """An audit row."""

    __tablename__ = "audit_log"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    actor: Mapped[str]
    entity: Mapped[str]
    entity_id: Mapped[str]
    action: Mapped[str]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True), default=None)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True), default=None)
