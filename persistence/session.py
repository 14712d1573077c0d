"""Write sessions: they audit every flush, and refuse bulk statements that would go round the audit log."""

from collections.abc import Sequence
from typing import Any, NoReturn, cast

import sqlalchemy.ext.asyncio
from sqlalchemy import Result, RowMapping, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncResult
from sqlalchemy.orm import ORMExecuteState, SessionTransaction, UOWTransaction
from sqlalchemy.sql import ClauseElement
from sqlmodel import Session
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.entities import Entities
from domain.entity import Entity
from domain.errors import OwnEnding, ReadOnly, UnauditedWrite
from persistence.audit_log import AuditEntry
from persistence.flush_audit import audit_flush, explained_flush, prepare_flush
from persistence.live_rows import INCLUDE_DELETED, brings_relations, leave_out_deleted
from persistence.one_task import refuse_sharing, watch
from persistence.portable.sqlite_errors import flushing
from persistence.related_limit import run_limited
from persistence.written_tables import written_tables

AUDITED = "counterfoil_audited"
"""The execution option of this package's own statements: they write their audit rows themselves, or write nothing."""

_WANTS_DELETED = "counterfoil_wants_deleted"

READ_ONLY = "counterfoil_read_only"
"""The mark in a session's `info` that makes it a reader's."""

FAILURE = "counterfoil_failure"
"""Where a session's `info` keeps the error that aborted its transaction: PostgreSQL makes a rollback of its commit."""

STREAMED = "counterfoil_streamed"
"""The mark in a session's `info` that rows were fetched by a cursor, whose errors pass by SQLAlchemy."""

_FAILED_IN = "counterfoil_failed_in"
"""Where it keeps which savepoints were open then: a rollback to one of these alone mends the transaction."""


class AuditedSession(Session):
    """The synchronous half of a write session, where SQLAlchemy fires its events."""

    # SQLModel marks its `execute` as deprecated in favour of `exec`, which takes no text and no columns.
    execute = sqlalchemy.orm.Session.execute

    def get(self, entity: Any, ident: Any, **options: Any) -> Any:  # noqa: ANN401 - SQLAlchemy's signature
        """Return the live row with this id, or None: also where the session holds the object of a deleted one.

        Without this, `get` would answer differently before and after the object is garbage.
        """
        asked = options.pop("execution_options", None) or {}
        if not options.get("options") and not brings_relations(entity):
            # No relations come along that the query would have to leave deleted rows out of.
            asked = {**asked, INCLUDE_DELETED: True, AUDITED: True, _WANTS_DELETED: asked.get(INCLUDE_DELETED, False)}
        found = super().get(entity, ident, execution_options=asked, **options)
        wants_deleted = asked.get(_WANTS_DELETED, asked.get(INCLUDE_DELETED))
        is_gone = isinstance(found, Entity) and found.deleted_at is not None and not wants_deleted
        return None if is_gone else found

    def flush(self, objects: Sequence[Any] | None = None) -> None:
        """Write what changed; a failure is kept, because the session is then rolled back and would commit nothing."""
        if objects is not None:
            raise UnauditedWrite("a flush of some objects alone", "any table")
        nested = self.in_nested_transaction()
        flushed = [instance for instance in (*self.new, *self.dirty) if isinstance(instance, Entity)]
        try:
            with explained_flush(self), flushing(self, flushed):
                super().flush(objects)
        except Exception as error:
            if not nested:
                keep_failure(self, error)
            raise

    def connection(self, *_: Any, **__: Any) -> NoReturn:  # noqa: ANN401
        """Refuse: statements sent to the bare connection would go round the audit log."""
        raise UnauditedWrite("a statement on the bare connection", "any table")

    def _refuse_ending(self) -> NoReturn:
        raise OwnEnding

    commit = rollback = _refuse_ending

    def _refuse_mappings(self, *_: Any, **__: Any) -> NoReturn:  # noqa: ANN401
        raise UnauditedWrite("a bulk method of the session", "any table")

    bulk_save_objects = bulk_insert_mappings = bulk_update_mappings = _refuse_mappings


class WriteSession(AsyncSession):
    """An async session whose writes are audited; use it in one task only, inside `transaction`."""

    sync_session_class = AuditedSession
    execute = sqlalchemy.ext.asyncio.AsyncSession.execute

    async def commit(self) -> NoReturn:
        """Refuse: the scope commits, once, when its block ends; half of a job must not."""
        raise OwnEnding

    async def rollback(self) -> NoReturn:
        """Refuse: the block would go on in another transaction; raise an error instead."""
        raise OwnEnding

    async def connection(self, *_: Any, **__: Any) -> NoReturn:  # noqa: ANN401
        """Refuse: statements sent to the bare connection would go round the audit log."""
        raise UnauditedWrite("a statement on the bare connection", "any table")

    async def stream(self, *arguments: Any, **options: Any) -> AsyncResult[Any]:  # noqa: ANN401 - SQLAlchemy's own
        """Run a query whose rows are fetched as they are wanted; see SQLAlchemy's."""
        self.info[STREAMED] = True
        found: AsyncResult[Any] = await super().stream(*arguments, **options)
        return found

    async def run_alone(self, statement: str, values: Sequence[Any]) -> RowMapping:
        """Run a statement of this package's own as the whole transaction, and return its only row.

        PostgreSQL begins and commits by itself round one statement, so that the round trips of BEGIN and COMMIT are
        spared. It audits what it writes, and raises where it is to be undone. Nothing can follow in this transaction:
        SQLAlchemy refuses that. As the driver takes it (`$1`), so that nothing is compiled.
        """
        return await self.run_sync(_run_alone, statement, values)


def _run_alone(session: sqlalchemy.orm.Session, statement: str, values: Sequence[Any]) -> RowMapping:
    alone = {"isolation_level": "AUTOCOMMIT"}  # the driver sends no BEGIN; the pool takes it back from the connection
    connection = sqlalchemy.orm.Session.connection(session, execution_options=alone)
    row = connection.exec_driver_sql(statement, tuple(values)).mappings().one()
    session.close()
    return row


def keep_failure(session: sqlalchemy.orm.Session, error: Exception) -> None:
    """Have the transaction raise this error at its end, unless a savepoint that is open now is rolled back.

    The first failure stays: what mends it mends all that followed.
    """
    if FAILURE in session.info:
        return
    session.info[FAILURE] = error
    within, open_now = session.get_nested_transaction(), []
    while within is not None:
        open_now.append(within)
        within = within.parent
    session.info[_FAILED_IN] = open_now


watch(AuditedSession)


@event.listens_for(AuditedSession, "before_flush")
def _before_flush(session: Session, _context: UOWTransaction, _instances: object) -> None:
    prepare_flush(session)


@event.listens_for(AuditedSession, "after_flush")
def _after_flush(session: Session, _context: UOWTransaction) -> None:
    audit_flush(session)


@event.listens_for(AuditedSession, "do_orm_execute")
def _run(state: ORMExecuteState) -> Result[Any]:
    _refuse_unaudited(state)
    leave_out_deleted(state)
    try:
        return run_limited(state)
    except DBAPIError as error:
        keep_failure(state.session, error)
        raise


@event.listens_for(AuditedSession, "after_soft_rollback")
def _forgive(session: Session, previous: SessionTransaction) -> None:
    """Forget a failure since the savepoint to which the transaction is rolled back."""
    if previous.nested and previous in session.info.get(_FAILED_IN, ()):
        session.info.pop(FAILURE, None)


def _refuse_unaudited(state: ORMExecuteState) -> None:
    refuse_sharing(state.session)
    if state.execution_options.get(AUDITED):
        return
    read_only = state.session.info.get(READ_ONLY, False)
    entities: Entities = state.session.info["entities"]
    protected = {entity.table.name.lower() for entity in entities.values()} | {str(AuditEntry.__tablename__)}
    for kind, table in written_tables(cast("ClauseElement", state.statement)):
        if read_only:
            raise ReadOnly
        if table in protected:
            raise UnauditedWrite(kind, table)
