"""What the database refuses, told in the errors of the business: by SQLSTATE and constraint name, never by text."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from sqlalchemy import Table, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError

from domain.entities import Entities
from domain.errors import (
    ChangedMeanwhile,
    ConstraintViolated,
    CounterfoilError,
    Duplicate,
    InUse,
    InvalidRows,
    MissingReference,
    NotMigrated,
    Problem,
    ReadOnly,
)
from persistence.attempted import Attempted
from persistence.written_tables import written_tables

# PostgreSQL manual, appendix A.
_UNIQUE = "23505"
_FOREIGN_KEY = {"23503", "23001"}
# A table, a column, a function: in a deploy, a worker may be newer than the database.
_UNDEFINED = {"42P01", "42703", "42883"}
_READ_ONLY = "25006"
_KINDS = {"23502": "not-null", "23514": "check", "23P01": "exclusion"}
_DATA = "22"


@contextmanager
def explained(entities: Entities, attempted: Callable[[], Attempted] = Attempted) -> Iterator[None]:
    """Raise errors of the business for what the database refused; anything else passes as it is.

    They name the value or the row where `attempted`, called after a failure alone, knows it.
    """
    try:
        yield
    except StaleDataError:
        raise _stale(attempted()) from None
    except DBAPIError as error:
        if (known := _explain(entities, error, attempted())) is None:
            raise
        raise known from None


def _explain(entities: Entities, error: DBAPIError, attempted: Attempted) -> CounterfoilError | None:
    state = str(getattr(error.orig, "sqlstate", None) or "")
    cause: Any = getattr(error.orig, "__cause__", None) or error.orig  # of a COPY, the driver's own
    table, constraint = getattr(cause, "table_name", None), getattr(cause, "constraint_name", None)
    entity, column = str(table), _column(entities, table, constraint) or getattr(cause, "column_name", None) or ""
    if state == _UNIQUE:
        value = attempted.value(entity, column)
        held = "this value" if value is None else repr(value)
        return Duplicate(entity, column, (Problem(None, column, f"another live row has {held}"),), value)
    if state in _FOREIGN_KEY:
        return _explain_reference(entities, error, attempted, (entity, column, constraint))
    if state in _KINDS:
        return ConstraintViolated(entity, str(constraint or column), _KINDS[state])
    if state.startswith(_DATA):
        return InvalidRows(entity if table else "value", (Problem(None, column, str(cause)),))
    return _explain_server(state)


def _explain_server(state: str) -> CounterfoilError | None:
    if state in _UNDEFINED:
        return NotMigrated()
    return ReadOnly() if state == _READ_ONLY else None


def _explain_reference(
    entities: Entities, error: DBAPIError, attempted: Attempted, where: tuple[str, str, str | None]
) -> CounterfoilError:
    """Tell a row that is missing from one that is still needed: both come as one code, on the table that refers."""
    entity, column, constraint = where
    if referred := _referred(entities, entity, constraint):
        writes = dict.fromkeys(written_tables(text(str(error.statement or "").replace(":", "\\:"))))
        if ("delete from", referred.lower()) in writes:
            return InUse(referred, tuple(attempted.purged.get(referred, ())), entity, purged=True)
    value = attempted.value(entity, column)
    problem = Problem(None, column, f"refers to a missing row{'' if value is None else f' {value!r}'} ({constraint})")
    return MissingReference(entity, (problem,), value)


def _stale(attempted: Attempted) -> ChangedMeanwhile:
    if len(attempted.changed) != 1:
        return ChangedMeanwhile()
    (read,) = attempted.changed
    return ChangedMeanwhile(read.entity, read.id, read.version)


def _referred(entities: Entities, entity: str, constraint: str | None) -> str | None:
    """Return the table to which a foreign key leads."""
    keys = entities[entity].table.foreign_key_constraints if entity in entities else ()
    return next((key.referred_table.name for key in keys if str(key.name) == str(constraint)), None)


def _column(entities: Entities, table: str | None, constraint: str | None) -> str | None:
    if table is None or table not in entities:
        return None
    named = _columns_by_constraint(entities[table].table)
    return named.get(str(constraint))


@lru_cache(maxsize=1024)
def _columns_by_constraint(table: Table) -> dict[str, str]:
    indexes = {str(index.name): ", ".join(column.name for column in index.columns) for index in table.indexes}
    rules = {
        str(rule.name): ", ".join(column.name for column in getattr(rule, "columns", ())) for rule in table.constraints
    }
    return {**indexes, **rules}
