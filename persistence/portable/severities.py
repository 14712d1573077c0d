"""Which errors of SQLite, MySQL and MariaDB pass by themselves, by their names and numbers."""

from typing import Any

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError

from domain.job import Severity

# SQLite's list of result codes, by their beginnings.
_SQLITE = {
    "SQLITE_BUSY": "another connection writes",
    "SQLITE_LOCKED": "another statement of the same cache writes",
    "SQLITE_FULL": "the disc is full",
    "SQLITE_IOERR": "the disc",
    "SQLITE_NOMEM": "out of memory",
    "SQLITE_CANTOPEN": "the file cannot be opened",
    "SQLITE_PROTOCOL": "locks that could not be had",
    "SQLITE_INTERRUPT": "interrupted",
    "SQLITE_SCHEMA": "a migration ran meanwhile",
}
# MariaDB's and MySQL's references of error codes; from 2000 on the client's.
_MYSQL = {
    1021: "disc full",
    1037: "out of memory",
    1038: "out of sort memory",
    1040: "too many connections",
    1041: "out of memory",
    1053: "shutdown in progress",
    1054: "unknown column: a migration is to come",
    1146: "no such table: a migration is to come",
    1158: "communication error",
    1159: "time-out of the network",
    1160: "communication error",
    1161: "time-out of the network",
    1203: "too many connections of this user",
    1205: "lock wait timeout",
    1206: "too many locks",
    1213: "deadlock",
    1226: "a limit of this user",
    1290: "read-only: a replica during a failover",
    1317: "interrupted",
    1412: "the table's definition has changed",
    1792: "read-only transaction",
    1836: "read-only: a replica during a failover",
    1927: "connection killed",
    2002: "no connection",
    2003: "no connection",
    2006: "the server has gone away",
    2013: "connection lost",
    2014: "commands out of sync: the connection was cut in the middle",
    2055: "connection lost",
    3572: "a lock that NOWAIT did not get",
    4031: "disconnected for inactivity",
}
_PERMANENT = (DataError, IntegrityError, ProgrammingError)


def passes(error: Any) -> bool | None:  # noqa: ANN401 - a driver's error
    """Tell whether an error passes by itself; None for a driver that is not known here."""
    if (name := getattr(error, "sqlite_errorname", None)) is not None:
        return str(name).startswith(tuple(_SQLITE))
    if type(error).__module__.partition(".")[0] == "pymysql":
        return (*error.args, None)[0] in _MYSQL
    return None


def otherwise(error: DBAPIError) -> Severity:
    """Return what an error means that does not pass by itself: the arguments are at fault, or nobody knows."""
    return Severity.PERMANENT if isinstance(error, _PERMANENT) else Severity.UNKNOWN
