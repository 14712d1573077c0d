"""Queries of rows whose column is one of many values, however many they are."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select

from persistence.dialects import Dialect
from persistence.portable.rows import pieces
from persistence.reader import Reader
from persistence.selection_conditions import among
from persistence.transaction import Transaction


async def rows_among(
    tx: Transaction, query: Select[Any], column: ColumnElement[Any], values: Sequence[Any]
) -> list[tuple[Any, ...]]:
    """Return the query's rows whose column is one of the values; in several statements where one takes no long list.

    The query's order is that of each statement's rows.
    """
    return [tuple(row) for row in await _found(tx.reader, query, column, values)]


async def scalars_among(
    read: Reader, query: Select[Any], column: ColumnElement[Any], values: Sequence[Any]
) -> list[Any]:
    """Return the first column of the same rows, such as an object of each."""
    return [row[0] for row in await _found(read, query, column, values)]


async def _found(
    read: Reader, query: Select[Any], column: ColumnElement[Any], values: Sequence[Any]
) -> Sequence[Row[Any]]:
    if read.dialect is Dialect.POSTGRESQL:
        return await read.rows(query.where(among(column, values)))
    found: list[Row[Any]] = []
    for piece in pieces(values):
        found += await read.rows(query.where(column.in_(piece)))
    return found
