"""Counting the statements that a block sends, its own alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

_SENT: ContextVar[list[str] | None] = ContextVar("sent", default=None)

_OPENING = ("BEGIN", "PRAGMA", "SET ", "START TRANSACTION", "SAVEPOINT", "RELEASE")
"""What opens a transaction is sent by the pool or the driver, by each in its own way, and is not counted."""


@contextmanager
def counted_queries(engine: AsyncEngine) -> Iterator[list[str]]:
    """Collect the statements that this task sends through the engine; those of tasks beside it are not counted."""
    sent: list[str] = []

    def note(*arguments: object) -> None:
        if _SENT.get() is sent and not str(arguments[2]).startswith(_OPENING):
            sent.append(str(arguments[2]))

    before = _SENT.set(sent)
    event.listen(engine.sync_engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", note)
        _SENT.reset(before)


@contextmanager
def assert_queries(engine: AsyncEngine, number: int) -> Iterator[list[str]]:
    """Fail where the block sends another number of statements; the message shows them."""
    with counted_queries(engine) as sent:
        yield sent
    assert len(sent) == number, f"{len(sent)} statements in place of {number}:\n" + "\n".join(sent)
