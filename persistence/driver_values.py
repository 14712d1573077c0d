"""Python values as the driver's COPY takes them, by column: what SQLAlchemy does for a statement's parameters."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from pydantic_core import to_jsonable_python
from sqlalchemy import ARRAY, JSON, Table
from sqlalchemy.dialects.postgresql import asyncpg

from domain.batch import Columns

Process = Callable[[Any], Any]

KNOWN = {str, int, float, bool, type(None), Decimal, datetime, date, time, timedelta, UUID, bytes, list}
"""What the driver writes by itself, in a column of a fitting type; anything else goes as JSON has it."""


def driver_columns(table: Table, columns: Mapping[str, Sequence[Any]]) -> Columns:
    """Return the values of a table's columns as the driver takes them: an enum as its value, JSON as text."""
    return {name: _processed(table, name, values) for name, values in columns.items()}


def _processed(table: Table, name: str, values: Sequence[Any]) -> list[Any]:
    process = _processor(table, name)
    if isinstance(table.c[name].type, JSON):
        return [None if value is None else _json(process, value) for value in values]
    if isinstance(table.c[name].type, ARRAY):
        return [value if value is None or process is None else process(value) for value in values]
    if process is not None:
        known = {value: None if value is None else process(value) for value in set(values)}
        return [known[value] for value in values]
    if {type(value) for value in values} <= KNOWN:
        return list(values)
    return [value if type(value) in KNOWN else to_jsonable_python(value) for value in values]


def _json(process: Process | None, value: Any) -> Any:  # noqa: ANN401 - a JSON value
    if process is None:
        return value
    if not value and type(value) in _EMPTY:
        return _EMPTY[type(value)]
    return process(value)


_EMPTY: dict[type, str] = {list: "[]", dict: "{}"}


@lru_cache(maxsize=1024)
def _processor(table: Table, name: str) -> Process | None:
    dialect = asyncpg.dialect()  # type: ignore[no-untyped-call]
    process: Process | None = table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
    return process
