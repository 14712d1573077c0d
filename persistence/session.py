"""Write sessions: they audit every flush, and refuse bulk statements that would go round the audit log."""

import re
from typing import Any, NoReturn, cast

import sqlalchemy.ext.asyncio
from sqlalchemy import TextClause, event
from sqlalchemy.orm import ORMExecuteState, UOWTransaction
from sqlalchemy.sql import ClauseElement, visitors
from sqlalchemy.sql.dml import UpdateBase
from sqlmodel import Session
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.entities import Entities
from domain.errors import ReadOnly, UnauditedWrite
from persistence.audit_log import AuditEntry
from persistence.flush_audit import audit_flush, prepare_flush

AUDITED = "counterfoil_audited"
"""The execution option by which this package's own statements say that they write their audit rows themselves."""

READ_ONLY = "counterfoil_read_only"
"""The mark in a session's `info` that makes it a reader's."""

_WRITES = re.compile(
    r"\b(insert\s+into|update|delete\s+from|merge\s+into|truncate(?:\s+table)?|copy)\s+(?:only\s+)?(?:\"?\w+\"?\.)?\"?(\w+)",
    re.IGNORECASE,
)


class AuditedSession(Session):
    """The synchronous half of a write session, where SQLAlchemy fires its events."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on as they are
        """Take what SQLAlchemy's session takes, and listen."""
        super().__init__(*args, **kwargs)
        event.listen(self, "before_flush", _before_flush)
        event.listen(self, "after_flush", _after_flush)
        event.listen(self, "do_orm_execute", _refuse_unaudited)

    # SQLModel marks its `execute` as deprecated in favour of `exec`, which takes no text and no columns.
    execute = sqlalchemy.orm.Session.execute


class WriteSession(AsyncSession):
    """An async session whose writes are audited; use it in one task only, inside `transaction`."""

    sync_session_class = AuditedSession
    execute = sqlalchemy.ext.asyncio.AsyncSession.execute

    async def connection(self, *_: Any, **__: Any) -> NoReturn:  # noqa: ANN401
        """Refuse: statements sent to the bare connection would go round the audit log."""
        raise UnauditedWrite("a statement on the bare connection", "any table")


def _before_flush(session: Session, _context: UOWTransaction, _instances: object) -> None:
    prepare_flush(session)


def _after_flush(session: Session, _context: UOWTransaction) -> None:
    audit_flush(session)


def _refuse_unaudited(state: ORMExecuteState) -> None:
    if state.execution_options.get(AUDITED):
        return
    read_only = state.session.info.get(READ_ONLY, False)
    entities: Entities = state.session.info["entities"]
    protected = {entity.table.name for entity in entities.values()} | {str(AuditEntry.__tablename__)}
    for kind, table in _written(state.statement):
        if read_only:
            raise ReadOnly
        if table in protected:
            raise UnauditedWrite(kind, table)


def _written(statement: object) -> list[tuple[str, str]]:
    if isinstance(statement, TextClause):
        return [(" ".join(kind.split()).lower(), table.lower()) for kind, table in _WRITES.findall(statement.text)]
    return [
        (str(part.__visit_name__), cast("Any", part.table).name)
        for part in visitors.iterate(cast("ClauseElement", statement))
        if isinstance(part, UpdateBase)
    ]
