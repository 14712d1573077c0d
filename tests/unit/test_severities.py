"""What errors of SQLite, MySQL and MariaDB mean for a job, by their names and numbers."""

import sqlite3

import pymysql
import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from domain.job import Severity
from persistence.classification import severity

TRANSIENT, PERMANENT, UNKNOWN = Severity.TRANSIENT, Severity.PERMANENT, Severity.UNKNOWN


def of_sqlite(name: str) -> sqlite3.OperationalError:
    """Return an error as the driver raises it."""
    error = sqlite3.OperationalError("x")
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize(
    ("error", "kind", "meaning"),
    [
        (of_sqlite("SQLITE_BUSY"), OperationalError, TRANSIENT),
        (of_sqlite("SQLITE_BUSY_SNAPSHOT"), OperationalError, TRANSIENT),
        (of_sqlite("SQLITE_FULL"), OperationalError, TRANSIENT),
        (of_sqlite("SQLITE_CONSTRAINT_CHECK"), IntegrityError, PERMANENT),
        (of_sqlite("SQLITE_ERROR"), OperationalError, UNKNOWN),
        (pymysql.OperationalError(1213, "x"), OperationalError, TRANSIENT),
        (pymysql.OperationalError(1205, "x"), OperationalError, TRANSIENT),
        (pymysql.OperationalError(2013, "x"), OperationalError, TRANSIENT),
        (pymysql.IntegrityError(1062, "x"), IntegrityError, PERMANENT),
        (pymysql.OperationalError(1105, "x"), OperationalError, UNKNOWN),
    ],
    ids=lambda value: str(getattr(value, "sqlite_errorname", getattr(value, "args", value))),
)
def test_an_error_means_one_thing(error: Exception, kind: type[DBAPIError], meaning: Severity) -> None:
    """Locks, deadlocks and lost servers pass; constraints do not; the rest nobody knows."""
    assert severity(kind("x", None, error)) is meaning
