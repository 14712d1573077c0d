"""Errors that say something against a row, and nothing against the transaction."""

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

# MariaDB Knowledge Base, "MariaDB error codes", and MySQL's own: a value that the column cannot hold, null, a key that
# is taken, a foreign key, a check, and what a trigger raises without a code of its own.
_ABOUT_ROWS = {
    1048,
    1062,
    1216,
    1217,
    1264,
    1265,
    1292,
    1364,
    1366,
    1406,
    1451,
    1452,
    1644,
    1690,
    3140,
    3819,
    4025,
}


def is_about_rows(error: DBAPIError) -> bool:
    """Tell whether SQLite, MySQL or the driver refused a row for what it says."""
    if isinstance(error, IntegrityError | DataError):
        return True
    arguments: tuple[object, ...] = getattr(error.orig, "args", ())
    return bool(arguments) and arguments[0] in _ABOUT_ROWS
