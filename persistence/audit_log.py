"""The audit log's table: one row for every row written; append-only by a trigger (see migrations)."""

from datetime import datetime
from typing import Any, ClassVar, cast

from sqlalchemy import BigInteger, CheckConstraint, Index, MetaData, PrimaryKeyConstraint
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateColumn
from sqlalchemy.sql.compiler import DDLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import Field, SQLModel

from domain.column_types import json_value, key_text, long_text, row_id
from domain.entity import Entity
from domain.moments import UtcDateTime, now

ACTIONS = ("insert", "update", "soft_delete", "restore", "purge")
_TEXT = cast("type[Any]", long_text())
_KEY = cast("type[Any]", key_text())
_BIGINT = cast("type[Any]", BigInteger)
_JSON = cast("type[Any]", json_value(none_as_null=True))


class TransactionNumber(FunctionElement[int]):
    """The number of the running transaction; 0 where the database has none, for rows that go past our sessions."""

    type = BigInteger()
    inherit_cache = True
    name = "transaction_number"


@compiles(TransactionNumber)
def _no_number(*_: object, **__: object) -> str:
    return "0"


@compiles(TransactionNumber, "postgresql")
def _number(*_: object, **__: object) -> str:
    return "pg_current_xact_id()::text::bigint"


class PartitionableKey(PrimaryKeyConstraint):
    """A primary key of id and time; of the id alone on SQLite, which counts up no other and has no partitions."""


@compiles(PartitionableKey, "sqlite")
def _key_of_sqlite(key: PartitionableKey, compiler: DDLCompiler, **_: object) -> str:
    return f"CONSTRAINT {compiler.preparer.format_constraint(key)} PRIMARY KEY (id)"


@compiles(CreateColumn, "sqlite")
def _counted_column(create: CreateColumn, compiler: Any, **options: object) -> str:  # noqa: ANN401 - its methods are untyped
    column = create.element
    if column.primary_key and column.autoincrement is True and isinstance(column.table.primary_key, PartitionableKey):
        return f"{compiler.preparer.format_column(column)} INTEGER NOT NULL"
    return str(compiler.visit_create_column(create, **options))


class AuditEntry(SQLModel, table=True):
    """Who changed which row, when and why, from what to what.

    `before` and `after` hold what changed by column, as `to_jsonb` prints it: an insert has the whole row in `after`,
    a purge the whole row in `before`. `at` is the time of the transaction, `txid` its number. The primary key holds
    `at`, so that the table can be partitioned by month; nothing may refer to it by foreign key.
    """

    __tablename__ = "audit_log"
    __table_args__ = (
        PartitionableKey("id", "at"),
        CheckConstraint(f"action IN ({', '.join(repr(action) for action in ACTIONS)})", name="action"),
        Index(None, "entity", "entity_id", "id"),
        Index(None, "job_id"),
    )
    metadata: ClassVar[MetaData] = Entity.metadata

    id: int | None = Field(
        default=None, primary_key=True, sa_type=cast("type[Any]", row_id()), sa_column_kwargs={"autoincrement": True}
    )
    at: datetime = Field(
        default=None,
        primary_key=True,
        sa_type=cast("type[Any]", UtcDateTime()),
        sa_column_kwargs={"server_default": now()},
    )
    txid: int = Field(default=None, sa_type=_BIGINT, sa_column_kwargs={"server_default": TransactionNumber()})
    job_id: str | None = Field(default=None, sa_type=_KEY)
    actor: str = Field(sa_type=_TEXT)
    request_id: str | None = Field(default=None, sa_type=_TEXT)
    reason: str | None = Field(default=None, sa_type=_TEXT)
    entity: str = Field(sa_type=_KEY)
    entity_id: str = Field(sa_type=_KEY)
    action: str = Field(sa_type=_KEY)
    before: dict[str, Any] | None = Field(default=None, sa_type=_JSON)
    after: dict[str, Any] | None = Field(default=None, sa_type=_JSON)
