"""COPY: records streamed into a table inside the session's own transaction."""

from collections.abc import Iterable, Sequence
from typing import Any, NoReturn, cast

import asyncpg
import sqlalchemy.orm
from sqlalchemy import text
from sqlalchemy.exc import DataError, DBAPIError, OperationalError

from persistence.session import FAILURE, WriteSession

# SQLAlchemy begins the driver's transaction with its first statement: a COPY before it would survive a rollback.
_BEGIN = text("SELECT 1")


async def copy_in(session: WriteSession, table: str, columns: Sequence[str], records: Iterable[Sequence[Any]]) -> int:
    """Stream records into a table, and return how many it took; for this package alone, which audits what is written.

    Values are those that the driver takes: JSONB as text, an enum as its value. A column that is left out gets its
    default, which a None would not. Raises DBAPIError, which says in `orig` what PostgreSQL said.
    """
    return await session.run_sync(_copy_in, table, tuple(columns), records)


def _copy_in(
    session: sqlalchemy.orm.Session, table: str, columns: Sequence[str], records: Iterable[Sequence[Any]]
) -> int:
    connection = sqlalchemy.orm.Session.connection(session)
    driver = cast("Any", connection.connection.dbapi_connection)
    if not driver.driver_connection.is_in_transaction():
        connection.execute(_BEGIN)
    try:
        status: str = driver.run_async(lambda raw: _copied(raw, table, columns, records))
    except Exception as error:  # noqa: BLE001 - whatever a record holds
        if not session.in_nested_transaction():
            session.info[FAILURE] = error
        _raise_as_sqlalchemy(table, error)
    return int(status.rpartition(" ")[2])


async def _copied(raw: Any, table: str, columns: Sequence[str], records: Iterable[Sequence[Any]]) -> str:  # noqa: ANN401
    if not raw.is_in_transaction():
        raise RuntimeError(f"COPY into {table} outside of the transaction would survive its rollback")
    status: str = await raw.copy_records_to_table(table, columns=columns, records=records)
    return status


def _raise_as_sqlalchemy(table: str, error: Exception) -> NoReturn:
    statement = f"COPY {table}"
    if isinstance(error, asyncpg.PostgresError):
        raise DBAPIError(statement, None, error) from error
    if isinstance(error, asyncpg.InterfaceError | OSError):  # the connection was lost
        raise OperationalError(statement, None, error) from error
    # The driver itself could not write a value in the column's type.
    raise DataError(statement, None, error) from error
