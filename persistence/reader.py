"""Readers: sessions that cannot write, by their type and by the database."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar, TypeVarTuple

import asyncpg
from sqlalchemy import Row, Select
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import SQLModel

from persistence.integrity import explained
from persistence.session import READ_ONLY, WriteSession
from persistence.transaction import Sessions

Model = TypeVar("Model", bound=SQLModel)
Value = TypeVar("Value")
Columns = TypeVarTuple("Columns")


class Reader:
    """A read-only view of one transaction: it has no way to add, change, flush or commit."""

    __slots__ = ("_session",)

    def __init__(self, session: WriteSession) -> None:
        """Take the session, which the reader alone keeps."""
        self._session = session

    async def get(self, model: type[Model], row_id: int | str) -> Model | None:
        """Return the row with this id, deleted or not, or None."""
        return await self._session.get(model, row_id)

    async def scalars(self, query: "Select[Value]") -> Sequence[Value]:
        """Return the first column of every row."""
        return (await self._session.execute(query)).scalars().all()

    async def rows(self, query: "Select[*Columns]") -> Sequence[Row[*Columns]]:
        """Return every row."""
        return (await self._session.execute(query)).all()

    async def stream(self, query: "Select[*Columns]", page: int) -> AsyncIterator[Row[*Columns]]:
        """Yield every row, of which `page` are fetched at a time, by a cursor: one plan, and one snapshot of the data.

        A query for each page would be planned for a table whose figures say nothing yet of a job that has just ended,
        and sort all that is left of it each time.
        """
        with _errors_of_a_cursor():
            found = await self._session.stream(query, execution_options={"yield_per": page})
            rows = await found.fetchmany(page)
        while rows:
            for row in rows:
                yield row
            with _errors_of_a_cursor():
                rows = await found.fetchmany(page)


@contextmanager
def _errors_of_a_cursor() -> Iterator[None]:
    """Raise SQLAlchemy's errors for the driver's, which SQLAlchemy hands on as they are where a cursor meets them."""
    try:
        yield
    except asyncpg.PostgresError as error:
        raise DBAPIError("FETCH", None, error) from error
    except (asyncpg.InterfaceError, OSError) as error:  # the connection was lost
        raise OperationalError("FETCH", None, error) from error


@asynccontextmanager
async def reader(sessions: Sessions) -> AsyncIterator[Reader]:
    """Open a read-only transaction; PostgreSQL refuses any write in it, and ReadOnly is raised."""
    engine: AsyncEngine = sessions.kw["bind"]
    async with sessions(bind=engine.execution_options(postgresql_readonly=True)) as session:
        session.sync_session.info[READ_ONLY] = True
        with explained(session.info["entities"]):
            yield Reader(session)
