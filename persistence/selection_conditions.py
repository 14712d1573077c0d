"""Conditions on an entity's rows."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Enum, Numeric, String, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.expression import any_, literal
from sqlalchemy.types import TypeEngine
from sqlmodel import AutoString

from persistence.dialects import Dialect


def among(
    column: ColumnElement[Any], values: Sequence[Any], dialect: Dialect = Dialect.POSTGRESQL
) -> ColumnElement[bool]:
    """Return `column = ANY (values)`: one parameter whatever their number, where IN has one for each.

    Elsewhere it is IN, of which SQLite takes 32,766 values; `rows_among` asks in pieces.
    """
    if dialect is not Dialect.POSTGRESQL:
        return column.in_(values)
    return column == any_(literal(list(values), ARRAY(unbounded(column.type))))


def unbounded(column_type: TypeEngine[Any]) -> TypeEngine[Any]:
    """Return the type of a value that a column is compared with, without the column's length, precision and scale.

    By these a parameter is cast: a longer text would be cut short, 1.505 become 1.51, and another row be found.
    """
    if isinstance(column_type, AutoString) or (isinstance(column_type, String) and not isinstance(column_type, Enum)):
        return Text()
    return Numeric() if isinstance(column_type, Numeric) else column_type
