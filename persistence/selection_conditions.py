"""Conditions on an entity's rows."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.expression import any_, literal

from persistence.dialects import Dialect


def among(
    column: ColumnElement[Any], values: Sequence[Any], dialect: Dialect = Dialect.POSTGRESQL
) -> ColumnElement[bool]:
    """Return `column = ANY (values)`: one parameter whatever their number, where IN has one for each.

    Elsewhere it is IN, of which SQLite takes 32,766 values; `rows_among` asks in pieces.
    """
    if dialect is not Dialect.POSTGRESQL:
        return column.in_(values)
    return column == any_(literal(list(values), ARRAY(column.type)))
