"""The job table: the truth about every job; Redis is only the bell."""

from datetime import datetime
from typing import Any, ClassVar, cast

from sqlalchemy import CheckConstraint, Index, Integer, MetaData, text
from sqlmodel import Field, SQLModel

from domain.column_types import json_value, key_text, long_text
from domain.entity import Entity
from domain.job import JobState
from domain.moments import UtcDateTime, now

_TEXT = cast("type[Any]", long_text())
_KEY = cast("type[Any]", key_text())
_TIME = cast("type[Any]", UtcDateTime())
_JSON = cast("type[Any]", json_value(none_as_null=True))
_NOW = {"server_default": now()}


def _index(name: str, *columns: str, where: str) -> Index:
    """Return a partial index; a plain one on MySQL, which has no others."""
    return Index(name, *columns, postgresql_where=text(where), sqlite_where=text(where))


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
        _index("ix_job_due", "run_at", where="state = 'queued' AND dispatched_at IS NULL"),
        _index("ix_job_dispatched", "dispatched_at", where="state = 'queued' AND dispatched_at IS NOT NULL"),
        _index("ix_job_finished", "state", "finished_at", where="state <> 'queued'"),
    )
    metadata: ClassVar[MetaData] = Entity.metadata

    id: str = Field(primary_key=True, sa_type=_KEY)
    name: str = Field(sa_type=_KEY)
    queue: str = Field(sa_type=_KEY)
    arguments: dict[str, Any] = Field(sa_type=_JSON, nullable=False)
    actor: str = Field(sa_type=_TEXT)
    request_id: str | None = Field(default=None, sa_type=_TEXT)
    reason: str | None = Field(default=None, sa_type=_TEXT)
    state: str = Field(default=JobState.QUEUED.value, sa_type=_KEY, sa_column_kwargs={"server_default": "queued"})
    run_at: datetime = Field(default=None, sa_type=_TIME, sa_column_kwargs=_NOW)
    dispatched_at: datetime | None = Field(default=None, sa_type=_TIME)
    attempt: int = Field(default=0, sa_type=cast("type[Any]", Integer), sa_column_kwargs={"server_default": text("0")})
    max_attempts: int = Field(
        default=5, sa_type=cast("type[Any]", Integer), sa_column_kwargs={"server_default": text("5")}
    )
    errors: list[dict[str, Any]] = Field(
        default_factory=list, sa_type=_JSON, nullable=False, sa_column_kwargs={"server_default": text("('[]')")}
    )
    result: dict[str, Any] | None = Field(default=None, sa_type=_JSON)
    enqueued_at: datetime = Field(default=None, sa_type=_TIME, sa_column_kwargs=_NOW)
    finished_at: datetime | None = Field(default=None, sa_type=_TIME)


class JobKind(SQLModel, table=True):
    """A job's name that `enqueue_job` accepts, and how many attempts it gets; workers add theirs when they start."""

    __tablename__ = "job_kind"
    metadata: ClassVar[MetaData] = Entity.metadata

    name: str = Field(primary_key=True, sa_type=_KEY)
    max_attempts: int = Field(sa_type=cast("type[Any]", Integer), sa_column_kwargs={"server_default": text("5")})
