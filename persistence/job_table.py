"""The job table: the truth about every job; Redis is only the bell."""

from datetime import datetime
from typing import Any, ClassVar, cast

from sqlalchemy import CheckConstraint, DateTime, Index, Integer, MetaData, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from domain.entity import Entity
from domain.job import JobState

_TEXT = cast("type[Any]", Text)
_TIME = cast("type[Any]", DateTime(timezone=True))
_JSONB = cast("type[Any]", JSONB(none_as_null=True))
_NOW = {"server_default": func.now()}


class JobRow(SQLModel, table=True):
    """One unit of work, from its acceptance to its end.

    `id` is the caller's idempotency key. `errors` holds one entry for each failed attempt: `at`, `attempt`, `error`
    (class), `message`, `worker`. There is no running state: the row's lock tells, so that a crash leaves nothing.
    """

    __tablename__ = "job"
    __table_args__ = (
        CheckConstraint(f"state IN ({', '.join(repr(state.value) for state in JobState)})", name="state"),
        CheckConstraint("actor <> ''", name="actor"),
        # The relay looks for what is due, the sweep for what was dispatched long ago.
        Index("ix_job_due", "run_at", postgresql_where=text("state = 'queued' AND dispatched_at IS NULL")),
        Index(
            "ix_job_dispatched",
            "dispatched_at",
            postgresql_where=text("state = 'queued' AND dispatched_at IS NOT NULL"),
        ),
        Index("ix_job_finished", "state", "finished_at", postgresql_where=text("state <> 'queued'")),
    )
    metadata: ClassVar[MetaData] = Entity.metadata

    id: str = Field(primary_key=True, sa_type=_TEXT)
    name: str = Field(sa_type=_TEXT)
    queue: str = Field(sa_type=_TEXT)
    arguments: dict[str, Any] = Field(sa_type=_JSONB, nullable=False)
    actor: str = Field(sa_type=_TEXT)
    request_id: str | None = Field(default=None, sa_type=_TEXT)
    reason: str | None = Field(default=None, sa_type=_TEXT)
    state: str = Field(default=JobState.QUEUED.value, sa_type=_TEXT, sa_column_kwargs={"server_default": "queued"})
    run_at: datetime = Field(default=None, sa_type=_TIME, sa_column_kwargs=_NOW)
    dispatched_at: datetime | None = Field(default=None, sa_type=_TIME)
    attempt: int = Field(default=0, sa_type=cast("type[Any]", Integer), sa_column_kwargs={"server_default": text("0")})
    max_attempts: int = Field(
        default=5, sa_type=cast("type[Any]", Integer), sa_column_kwargs={"server_default": text("5")}
    )
    errors: list[dict[str, Any]] = Field(
        default_factory=list, sa_type=_JSONB, nullable=False, sa_column_kwargs={"server_default": text("'[]'")}
    )
    result: dict[str, Any] | None = Field(default=None, sa_type=_JSONB)
    enqueued_at: datetime = Field(default=None, sa_type=_TIME, sa_column_kwargs=_NOW)
    finished_at: datetime | None = Field(default=None, sa_type=_TIME)


class JobKind(SQLModel, table=True):
    """A job's name that `enqueue_job` accepts, and how many attempts it gets; workers add theirs when they start."""

    __tablename__ = "job_kind"
    metadata: ClassVar[MetaData] = Entity.metadata

    name: str = Field(primary_key=True, sa_type=_TEXT)
    max_attempts: int = Field(sa_type=cast("type[Any]", Integer), sa_column_kwargs={"server_default": text("5")})
