"""Moments: aware UTC datetimes on every database, and the database's own clock."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Text, TypeDecorator
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

_SQLITE_FORMAT = "%Y-%m-%d %H:%M:%S.%f"
"""Of one length, so that texts sort as the moments do."""


class UtcDateTime(TypeDecorator[datetime]):
    """A column of moments: timestamptz on PostgreSQL, DATETIME(6) on MySQL, text of one length on SQLite.

    Takes aware datetimes of any zone and returns them in UTC, with microseconds. A naive one raises ValueError: which
    moment it means is a guess.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return what the dialect has for it."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Text())
        return dialect.type_descriptor(mysql.DATETIME(fsp=6))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ANN401 - the driver's type
        """Return a moment as the driver takes it."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; expected such as datetime.now(UTC)")
        moment = value.astimezone(UTC)
        if dialect.name == "postgresql":
            return moment
        return as_text(moment) if dialect.name == "sqlite" else moment.replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ANN401 - the driver's type
        """Return a moment in UTC."""
        if value is None:
            return None
        found = datetime.fromisoformat(value) if dialect.name == "sqlite" else value
        moment: datetime = found
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)

    def __repr__(self) -> str:
        """Return what a migration writes."""
        return "UtcDateTime()"


class now(FunctionElement[datetime]):  # noqa: N801 - a function of SQL
    """The database's clock: of the transaction on PostgreSQL, of the statement elsewhere (milliseconds on SQLite)."""

    type = UtcDateTime()
    inherit_cache = True
    name = "now"


def as_text(moment: datetime) -> str:
    """Return an aware moment as SQLite keeps it."""
    return moment.astimezone(UTC).strftime(_SQLITE_FORMAT)


@compiles(now)
def _now(*_: object, **__: object) -> str:
    return "now()"


@compiles(now, "sqlite")
def _now_of_sqlite(*_: object, **__: object) -> str:
    return "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))"


@compiles(now, "mysql")
def _now_of_mysql(*_: object, **__: object) -> str:
    # Not now(): a client that has set another time zone would write its own hours.
    return "(utc_timestamp(6))"


def has_utc(moment: datetime) -> bool:
    """Tell whether an aware moment can be said in UTC, which ends on both sides hours before some zones do."""
    try:
        moment.astimezone(UTC)
    except OverflowError:
        return False
    return True
