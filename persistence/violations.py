"""What a database refused, from the error that its driver raises."""

from typing import Any

from sqlalchemy.exc import DBAPIError

from domain.entities import Entities
from persistence.portable.mysql_errors import mysql_violation
from persistence.portable.sqlite_errors import sqlite_violation
from persistence.violation import Kind, Violation, columns_by_constraint

# PostgreSQL manual, appendix A.
_KINDS = {
    "23505": Kind.UNIQUE,
    "23503": Kind.FOREIGN_KEY,
    "23001": Kind.FOREIGN_KEY,
    "23502": Kind.NOT_NULL,
    "23514": Kind.CHECK,
    "23P01": Kind.EXCLUSION,
    # A table, a column, a function: in a deploy, a worker may be newer than the database.
    "42P01": Kind.UNDEFINED,
    "42703": Kind.UNDEFINED,
    "42883": Kind.UNDEFINED,
    "25006": Kind.READ_ONLY,
}
_DATA = "22"


def violation_of(entities: Entities, error: DBAPIError) -> Violation | None:
    """Return what was violated, or None for an error of another kind."""
    original: Any = error.orig
    if hasattr(original, "sqlite_errorname"):
        return sqlite_violation(entities, original, error.statement or "")
    if _is_mysql(original):
        return mysql_violation(entities, original, error.statement or "")
    return _postgresql(entities, original)


def _is_mysql(error: Any) -> bool:  # noqa: ANN401 - a driver's error
    return type(error).__module__.partition(".")[0] == "pymysql"


def _postgresql(entities: Entities, error: Any) -> Violation | None:  # noqa: ANN401 - a driver's error
    state = str(getattr(error, "sqlstate", None) or "")
    kind = Kind.DATA if state.startswith(_DATA) else _KINDS.get(state)
    if kind is None:
        return None
    cause: Any = getattr(error, "__cause__", None) or error  # of a COPY, the driver's own
    table, constraint = getattr(cause, "table_name", None), getattr(cause, "constraint_name", None)
    named = columns_by_constraint(entities[str(table)].table) if table in entities else {}
    column = named.get(str(constraint)) or getattr(cause, "column_name", None)
    return Violation(kind, table, column, constraint, str(cause))
