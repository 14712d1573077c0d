"""What an error means for a job: try again, give up, or nobody knows. The one place where that is decided."""

from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from domain.errors import (
    AuditMismatch,
    ChangedMeanwhile,
    CounterfoilError,
    NotMigrated,
    NotTaken,
    ReadOnly,
    UnauditedWrite,
)
from domain.job import Severity
from persistence.portable import severities

# PostgreSQL manual, appendix A: by class (two characters) or whole code.
TRANSIENT_SQLSTATES = {
    "08": "connection exception",
    "40": "transaction rollback: serialization failure, deadlock detected",
    "53": "insufficient resources: too many connections, disk full, out of memory",
    "55P03": "lock not available",
    "57P": "operator intervention: shutdown, crash of another process",
    "58": "system error",
    "25006": "read-only transaction: the server is a standby during a failover",
    "25P03": "idle in transaction timeout",
}
PERMANENT_SQLSTATES = {
    "22": "data exception",
    "23": "integrity constraint violation",
    "42": "syntax error or access rule violation",
}

# Errors of the business that say nothing against the arguments.
# ReadOnly: a job never opens a reader, so that its server must be a standby (25006).
_TRANSIENT = (ChangedMeanwhile, NotMigrated, ReadOnly)
_UNKNOWN = (AuditMismatch, NotTaken, UnauditedWrite)


def told(error: BaseException) -> str:
    """Return what the error says; of one of the database's, the server's own words without the statement."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        cause = error.orig.__cause__ or error.orig
        return f"{type(cause).__name__}: {cause}"
    return str(error)


def severity(error: BaseException) -> Severity:
    """Return what the error means for the job that it stopped; a time-out counts as unknown."""
    if isinstance(error, _TRANSIENT) or (isinstance(error, CounterfoilError) and error.passes):
        return Severity.TRANSIENT
    if isinstance(error, CounterfoilError) and not isinstance(error, _UNKNOWN):
        return Severity.PERMANENT
    if isinstance(error, DBAPIError):
        return _by_sqlstate(error)
    if isinstance(error, TimeoutError):
        return Severity.UNKNOWN
    if isinstance(error, ConnectionError | PoolTimeoutError):
        return Severity.TRANSIENT
    return Severity.UNKNOWN


def _by_sqlstate(error: DBAPIError) -> Severity:
    passes = severities.passes(error.orig)
    if passes is not None and not error.connection_invalidated:
        return Severity.TRANSIENT if passes else severities.otherwise(error)
    state = str(getattr(error.orig, "sqlstate", None) or "")
    if error.connection_invalidated or any(state.startswith(prefix) for prefix in TRANSIENT_SQLSTATES):
        return Severity.TRANSIENT
    if any(state.startswith(prefix) for prefix in PERMANENT_SQLSTATES):
        return Severity.PERMANENT
    # No SQLSTATE: the driver lost the server before it could say anything. An internal error is then asyncpg's own,
    # "cannot switch to state 12; another operation is in progress": the connection was cut while it lay idle.
    lost = not state and isinstance(error, InterfaceError | OperationalError | InternalError)
    return Severity.TRANSIENT if lost else Severity.UNKNOWN
