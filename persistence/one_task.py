"""A session belongs to the task that opened it: two tasks in one transaction would commit each other's halves."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from domain.errors import ScopeEnded, SharedSession

_OWNER = "counterfoil_owner"
_ENDED = "counterfoil_ended"


@contextmanager
def owned(session: Any) -> Iterator[None]:  # noqa: ANN401 - a session of either kind, whose `info` is the same
    """Make the running task the session's only user, and the block all of its use."""
    session.info[_OWNER] = asyncio.current_task()
    try:
        yield
    finally:
        session.info[_ENDED] = True


def refuse_sharing(session: Session) -> None:
    """Raise SharedSession where another task than its owner uses the session, ScopeEnded where its block has ended.

    SQLAlchemy would begin another transaction, which nobody commits, on a connection that nobody gives back.
    """
    if session.info.get(_ENDED):
        raise ScopeEnded
    owner: asyncio.Task[Any] | None = session.info.get(_OWNER)
    if owner is not None and owner is not (user := asyncio.current_task()):
        raise SharedSession(owner.get_name(), user.get_name() if user else "no task")


def watch(kind: type[Session]) -> None:
    """Have sessions of this kind refuse the objects and flushes of other tasks; statements are their caller's."""
    event.listen(kind, "before_attach", lambda session, _: refuse_sharing(session))
    event.listen(kind, "before_flush", lambda session, *_: refuse_sharing(session))
