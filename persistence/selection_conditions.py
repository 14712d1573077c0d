"""Conditions on an entity's rows."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.expression import any_, literal


def among(column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """Return `column = ANY (values)`: one parameter whatever their number, where IN has one for each."""
    return column == any_(literal(list(values), ARRAY(column.type)))
