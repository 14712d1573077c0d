"""COPY: rows of text streamed into a table inside the session's own transaction."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from itertools import islice
from typing import Any, cast

import sqlalchemy
import sqlalchemy.orm
from sqlalchemy.exc import DataError, DBAPIError

from persistence.driver_errors import as_sqlalchemy
from persistence.session import FAILURE, WriteSession

# SQLAlchemy begins the driver's transaction with its first statement: a COPY before it would survive a rollback.
_BEGIN = sqlalchemy.text("SELECT 1")

PIECE = 500
"""Rows that are handed to the connection at once: PostgreSQL reads them while the next ones are put together."""


async def copy_text_in(session: WriteSession, table: str, columns: Sequence[str], rows: Iterator[str]) -> int:
    """Stream rows (see `persistence.copy_text`) into a table, and return how many it took.

    For this package alone, which audits what is written. A column that is left out gets its default, which a null would
    not. Raises DBAPIError, which says in `orig` what PostgreSQL said.
    """

    async def copy(driver: Any) -> str:  # noqa: ANN401 - asyncpg has no types
        status: str = await driver.copy_to_table(table, source=_pieces(rows), columns=list(columns), format="text")
        return status

    return await session.run_sync(_copied, table, copy)


async def _pieces(rows: Iterator[str]) -> AsyncIterator[bytes]:
    while piece := list(islice(rows, PIECE)):
        yield ("\n".join(piece) + "\n").encode()


def _copied(session: sqlalchemy.orm.Session, table: str, copy: Callable[[Any], Awaitable[str]]) -> int:
    connection = sqlalchemy.orm.Session.connection(session)
    driver = cast("Any", connection.connection.dbapi_connection)
    if not driver.driver_connection.is_in_transaction():
        connection.execute(_BEGIN)
    if not driver.driver_connection.is_in_transaction():
        raise RuntimeError(f"COPY into {table} outside of the transaction would survive its rollback")
    statement = f"COPY {table}"
    try:
        with as_sqlalchemy(statement):
            status: str = driver.run_async(copy)
    except Exception as error:
        if not session.in_nested_transaction():
            session.info[FAILURE] = error
        if isinstance(error, DBAPIError):
            raise
        # A text could not be written as UTF-8.
        raise DataError(statement, None, error) from error
    return int(status.rpartition(" ")[2])
