"""Python values as SQLAlchemy's types take them, by column."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import to_jsonable_python
from sqlalchemy import JSON, Enum, Table, TypeDecorator

from domain.batch import Columns
from persistence.driver_values import KNOWN


def plain_columns(table: Table, columns: Mapping[str, Sequence[Any]]) -> Columns:
    """Return the values of a table's columns; those of types that no driver knows go as JSON has them."""
    return {name: _plain(table, name, values) for name, values in columns.items()}


def _plain(table: Table, name: str, values: Sequence[Any]) -> list[Any]:
    if isinstance(table.c[name].type, JSON | Enum | TypeDecorator):  # they know their own
        return list(values)
    return [value if type(value) in KNOWN else to_jsonable_python(value) for value in values]
