"""The audit log's table: one row for every row written; append-only by a trigger (see migrations)."""

from datetime import datetime
from typing import Any, ClassVar, cast

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, MetaData, PrimaryKeyConstraint, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from domain.entity import Entity

ACTIONS = ("insert", "update", "soft_delete", "restore", "purge")
_TEXT = cast("type[Any]", Text)
_BIGINT = cast("type[Any]", BigInteger)
_JSONB = cast("type[Any]", JSONB(none_as_null=True))


class AuditEntry(SQLModel, table=True):
    """Who changed which row, when and why, from what to what.

    `before` and `after` hold what changed by column, as `to_jsonb` prints it: an insert has the whole row in `after`,
    a purge the whole row in `before`. `at` is the time of the transaction, `txid` its number. The primary key holds
    `at`, so that the table can be partitioned by month; nothing may refer to it by foreign key.
    """

    __tablename__ = "audit_log"
    __table_args__ = (
        PrimaryKeyConstraint("id", "at"),
        CheckConstraint(f"action IN ({', '.join(repr(action) for action in ACTIONS)})", name="action"),
        Index(None, "entity", "entity_id", "id"),
        Index(None, "job_id"),
    )
    metadata: ClassVar[MetaData] = Entity.metadata

    id: int | None = Field(default=None, primary_key=True, sa_type=_BIGINT, sa_column_kwargs={"autoincrement": True})
    at: datetime = Field(
        default=None,
        primary_key=True,
        sa_type=cast("type[Any]", DateTime(timezone=True)),
        sa_column_kwargs={"server_default": func.now()},
    )
    txid: int = Field(
        default=None, sa_type=_BIGINT, sa_column_kwargs={"server_default": text("pg_current_xact_id()::text::bigint")}
    )
    job_id: str | None = Field(default=None, sa_type=_TEXT)
    actor: str = Field(sa_type=_TEXT)
    request_id: str | None = Field(default=None, sa_type=_TEXT)
    reason: str | None = Field(default=None, sa_type=_TEXT)
    entity: str = Field(sa_type=_TEXT)
    entity_id: str = Field(sa_type=_TEXT)
    action: str = Field(sa_type=_TEXT)
    before: dict[str, Any] | None = Field(default=None, sa_type=_JSONB)
    after: dict[str, Any] | None = Field(default=None, sa_type=_JSONB)
