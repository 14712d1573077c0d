"""Rows whose column is one of many values, however many they are."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select

from persistence.dialects import Dialect
from persistence.portable.rows import pieces
from persistence.reader import Reader
from persistence.selection_conditions import among


async def scalars_among(
    read: Reader, query: Select[Any], column: ColumnElement[Any], values: Sequence[Any]
) -> list[Any]:
    """Return the first column of the query's rows whose column is one of the values.

    In several statements where the database takes no list of any length.
    """
    if read.dialect is Dialect.POSTGRESQL:
        return list(await read.scalars(query.where(among(column, values))))
    found: list[Any] = []
    for piece in pieces(values):
        found += await read.scalars(query.where(column.in_(piece)))
    return found
