"""The driver's own errors as SQLAlchemy's, where SQLAlchemy does not stand between: in a COPY, and behind a cursor."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from sqlalchemy.exc import DBAPIError, OperationalError


@contextmanager
def as_sqlalchemy(statement: str) -> Iterator[None]:
    """Raise DBAPIError with what PostgreSQL said, OperationalError for a lost connection; all else passes as it is."""
    try:
        yield
    except asyncpg.PostgresError as error:
        raise DBAPIError(statement, None, error) from error
    except (asyncpg.InterfaceError, OSError) as error:
        raise OperationalError(statement, None, error) from error
