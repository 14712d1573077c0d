"""Queries of rows whose column is one of many values, however many they are."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select

from persistence.dialects import Dialect, dialect_of
from persistence.portable.rows import pieces
from persistence.selection_conditions import among
from persistence.transaction import Transaction


async def rows_among(
    tx: Transaction, query: Select[Any], column: ColumnElement[Any], values: Sequence[Any]
) -> list[tuple[Any, ...]]:
    """Return the query's rows whose column is one of the values; in several statements where one takes no long list.

    The query's order is that of each statement's rows.
    """
    if dialect_of(tx.session) is Dialect.POSTGRESQL:
        return [tuple(row) for row in await tx.session.execute(query.where(among(column, values)))]
    found: list[tuple[Any, ...]] = []
    for piece in pieces(values):
        found += [tuple(row) for row in await tx.session.execute(query.where(column.in_(piece)))]
    return found
