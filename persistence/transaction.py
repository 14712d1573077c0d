"""The one transaction scope: everything in it commits together, or nothing of it does."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import RowMapping, TextClause, text

from domain.entities import Entities
from domain.errors import AuditMismatch, ChangedMeanwhile
from domain.origin import Origin
from domain.result import IDS_KEPT
from persistence.flush_audit import STALE
from persistence.integrity import explained
from persistence.one_task import owned
from persistence.reader import Reader
from persistence.session import AUDITED, FAILURE, STREAMED, WriteSession, keep_failure
from persistence.session_timeouts import Isolation, isolated
from persistence.sessions import Sessions
from persistence.stale_rows import told_stale


@dataclass(frozen=True, slots=True)
class Transaction:
    """An open transaction: its session, who asked for it, and the entities that it may write."""

    session: WriteSession
    origin: Origin
    entities: Entities

    @property
    def reader(self) -> Reader:
        """A reader of the same transaction: what was written in it is there."""
        return Reader(self.session)

    def on_behalf_of(self, origin: Origin) -> "Transaction":
        """Return the same transaction for another origin: what is written from now on bears its name."""
        self.session.sync_session.info["origin"] = origin
        return replace(self, origin=origin)

    def lose(self, error: Exception) -> None:
        """Have the scope raise this error at its end, although a block swallows it: half of a write is done.

        A savepoint that is rolled back mends it.
        """
        keep_failure(self.session.sync_session, error)

    async def write(self, name: str, statement: TextClause, parameters: Mapping[str, Any]) -> RowMapping:
        """Run a statement that writes rows, of the entity `name`, with their audit rows, and return its only row.

        For the services of this package alone. Raises AuditMismatch unless it audited as many rows as it wrote.
        """
        await self.session.flush()
        values = {**self.origin.model_dump(), "entity": name, "ids_kept": IDS_KEPT, **parameters}
        found = await self.session.execute(statement, values, execution_options={AUDITED: True})
        row = found.mappings().one()
        if row["written"] != row["audited"]:
            raise AuditMismatch(name, written=row["written"], audited=row["audited"])
        return row

    async def write_audit(
        self, name: str, statement: TextClause, parameters: Mapping[str, Any], *, written: int
    ) -> None:
        """Run a statement that writes the audit rows of `written` rows of the entity `name`, and nothing else.

        For the services of this package alone. Raises AuditMismatch unless it wrote as many.
        """
        values = {**self.origin.model_dump(), "entity": name, **parameters}
        found: Any = await self.session.execute(statement, values, execution_options={AUDITED: True})
        if found.rowcount != written:
            raise AuditMismatch(name, written=written, audited=found.rowcount)


@asynccontextmanager
async def bookkeeping(sessions: Sessions) -> AsyncIterator[WriteSession]:
    """Open a short transaction over the job table and its neighbours, outside any job's own; for this package alone.

    Commits when the block ends, and raises as `transaction` does. It has no origin: an entity cannot be written in it.
    """
    async with sessions() as session:
        with owned(session), explained(session.info["entities"]):
            async with session.begin():
                yield session


@asynccontextmanager
async def transaction(
    sessions: Sessions, origin: Origin, *, isolation: Isolation | None = None
) -> AsyncIterator[Transaction]:
    """Open a transaction for `origin`; commit when the block ends, roll back on any exception.

    `isolation` is this transaction's own. What is not serializable then is refused, and is to be run again from its
    beginning: see `persistence.retry`.

    Raises the errors of the business in place of the driver's (see `persistence.integrity`), also for what the
    database says only at the commit, and for a refused statement whose error the block swallowed: such a transaction
    is lost, unless a savepoint (`tx.session.begin_nested()`) was round the statement.
    """
    async with sessions(**isolated(sessions, isolation)) as session:
        entities: Entities = session.info["entities"]
        session.sync_session.info["origin"] = origin
        try:
            with owned(session), explained(entities):
                async with session.begin():
                    yield Transaction(session, origin, entities)
                    if FAILURE in session.info:
                        raise session.info[FAILURE]
                    if STREAMED in session.info:  # PostgreSQL makes a rollback of the commit after an error of a cursor
                        await session.execute(text("SELECT 1"))
        except ChangedMeanwhile as changed:
            raise (await told_stale(sessions, session.info.get(STALE, ()))) or changed from None
