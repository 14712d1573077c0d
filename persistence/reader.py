"""Readers: sessions that cannot write, by their type and by the database."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar, TypeVarTuple

from pydantic import SecretBytes
from sqlalchemy import Row, Select
from sqlmodel import SQLModel

from domain.entities import Entities
from persistence.dialects import Dialect, dialect_of
from persistence.driver_errors import as_sqlalchemy
from persistence.integrity import explained
from persistence.live_rows import INCLUDE_DELETED
from persistence.one_task import owned
from persistence.session import READ_ONLY, WriteSession
from persistence.sessions import READERS, Sessions

Model = TypeVar("Model", bound=SQLModel)
Value = TypeVar("Value")
Columns = TypeVarTuple("Columns")


class Reader:
    """A read-only view of one transaction: it has no way to add, change, flush or commit."""

    __slots__ = ("_session",)

    def __init__(self, session: WriteSession) -> None:
        """Take the session, which the reader alone keeps."""
        self._session = session

    @property
    def entities(self) -> Entities:
        """The entities that may be read."""
        found: Entities = self._session.info["entities"]
        return found

    @property
    def dialect(self) -> Dialect:
        """What the database speaks."""
        return dialect_of(self._session)

    @property
    def cursor_key(self) -> bytes:
        """What signs the cursors of pages."""
        found: SecretBytes = self._session.info["cursor_key"]
        return found.get_secret_value()

    async def get(self, model: type[Model], row_id: int | str, *, include_deleted: bool = False) -> Model | None:
        """Return the row with this id, or None; an entity's deleted row is none unless it is asked for."""
        return await self._session.get(model, row_id, execution_options={INCLUDE_DELETED: include_deleted})

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
        with as_sqlalchemy("FETCH"):  # SQLAlchemy hands on as they are those that a cursor meets
            found = await self._session.stream(query, execution_options={"yield_per": page})
            rows = await found.fetchmany(page)
        while rows:
            for row in rows:
                yield row
            with as_sqlalchemy("FETCH"):
                rows = await found.fetchmany(page)


@asynccontextmanager
async def reader(sessions: Sessions, *, current: bool = False) -> AsyncIterator[Reader]:
    """Open a read-only transaction; the database refuses any write in it, and ReadOnly is raised.

    It goes to the read replica where there is one, which may be behind by seconds; `current` asks where writes go.
    """
    async with sessions(bind=sessions.kw["info"][READERS][current]) as session:
        session.sync_session.info[READ_ONLY] = True
        with owned(session), explained(session.info["entities"]):
            yield Reader(session)
