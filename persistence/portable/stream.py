"""Rows by a keyset, batch after batch, where a connection can send nothing else while a cursor is open."""

from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

from sqlalchemy import Select

from persistence.pages.cursor import Place
from persistence.pages.keyset import beyond
from persistence.pages.sort import SortKey, order_by
from persistence.reader import Reader

Model = TypeVar("Model")


async def in_batches(read: Reader, query: Select[Model], keys: Sequence[SortKey], size: int) -> AsyncIterator[Model]:
    """Yield the query's rows in the order of the keys; each batch is a statement, and has a snapshot of its own.

    On MySQL and MariaDB a row of a cursor, its relations and the write that it leads to would fight for the connection.
    """
    query = query.order_by(*order_by(keys, read.dialect)).limit(size)
    found = query
    while rows := await read.scalars(found):
        last = Place(tuple(getattr(rows[-1], key.name) for key in keys))
        for row in rows:
            yield row
        if len(rows) < size:
            return
        found = query.where(beyond(keys, last))
