"""What the database refuses, told in the errors of the business: by SQLSTATE and constraint name, never by text."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError

from domain.entities import Entities
from domain.errors import (
    ChangedMeanwhile,
    ConstraintViolated,
    CounterfoilError,
    Duplicate,
    InvalidRows,
    MissingReference,
    NotMigrated,
    Problem,
    ReadOnly,
)

# PostgreSQL manual, appendix A.
_UNIQUE = "23505"
_FOREIGN_KEY = "23503"
# A table, a column, a function: in a deploy, a worker may be newer than the database.
_UNDEFINED = {"42P01", "42703", "42883"}
_READ_ONLY = "25006"
_KINDS = {"23502": "not-null", "23514": "check", "23P01": "exclusion"}
_DATA = "22"


@contextmanager
def explained(entities: Entities) -> Iterator[None]:
    """Raise errors of the business for what the database refused; anything else passes as it is."""
    try:
        yield
    except StaleDataError:
        raise ChangedMeanwhile from None
    except DBAPIError as error:
        if (known := _explain(entities, error)) is None:
            raise
        raise known from None


def _explain(entities: Entities, error: DBAPIError) -> CounterfoilError | None:  # noqa: PLR0911 - one for each SQLSTATE
    state = str(getattr(error.orig, "sqlstate", None) or "")
    cause: Any = getattr(error.orig, "__cause__", None) or error.orig  # of a COPY, the driver's own
    table, constraint = getattr(cause, "table_name", None), getattr(cause, "constraint_name", None)
    entity, column = str(table), _column(entities, table, constraint) or getattr(cause, "column_name", None) or ""
    if state == _UNIQUE:
        return Duplicate(entity, column, (Problem(None, column, "another live row has this value"),))
    if state == _FOREIGN_KEY:
        problem = Problem(None, column, f"refers to a missing row, or is still referred to ({constraint})")
        return MissingReference(entity, (problem,))
    if state in _KINDS:
        return ConstraintViolated(entity, str(constraint or column), _KINDS[state])
    if state in _UNDEFINED:
        return NotMigrated()
    if state == _READ_ONLY:
        return ReadOnly()
    if state.startswith(_DATA):
        return InvalidRows(entity if table else "value", (Problem(None, column, str(cause)),))
    return None


def _column(entities: Entities, table: str | None, constraint: str | None) -> str | None:
    if table is None or table not in entities:
        return None
    named = _columns_by_constraint(entities[table].table)
    return named.get(str(constraint))


def _columns_by_constraint(table: Table) -> dict[str, str]:
    indexes = {str(index.name): ", ".join(column.name for column in index.columns) for index in table.indexes}
    keys = {str(key.name): ", ".join(key.column_keys) for key in table.foreign_key_constraints}
    return {**indexes, **keys}
