"""Parquet's values as a sender would write them in JSON: dates and times as ISO text, decimals as text."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import JsonValue

from worker.sources.errors import UnsupportedColumn


@dataclass(frozen=True)
class Unsaid:
    """A value that JSON cannot say, and why."""

    why: str


def readable_type(column: str, found: Any) -> Any:  # noqa: ANN401 - pyarrow ships no types
    """Return the type in which a column is read; raises UnsupportedColumn.

    Microseconds are PostgreSQL's precision and Python's, so nanoseconds are cut. A timestamp with a zone is read in
    UTC; one without stays without, so that the schema can refuse it.
    """
    kinds = pa.types
    if kinds.is_dictionary(found):
        return readable_type(column, found.value_type)
    if kinds.is_timestamp(found):
        return pa.timestamp("us", None if found.tz is None else "UTC")
    if kinds.is_time(found):
        return pa.time64("us")
    if kinds.is_struct(found):
        return pa.struct([(one.name, readable_type(column, one.type)) for one in found])
    if kinds.is_list(found) or kinds.is_large_list(found) or kinds.is_fixed_size_list(found):
        return pa.large_list(readable_type(column, found.value_type))
    if not (_is_as_it_is(found) or kinds.is_date(found) or kinds.is_decimal(found) or kinds.is_floating(found)):
        raise UnsupportedColumn(column, str(found))
    return found


def json_values(column: Any, target: Any) -> list[Any]:  # noqa: ANN401 - pyarrow ships no types
    """Return a column's values as JSON has them, an `Unsaid` where it has none."""
    try:
        values = _read(column, target)
        return values if _is_as_it_is(target) else [_said(value) for value in values]
    except (ValueError, OverflowError):  # pyarrow's own are ValueErrors: look for the values that it meant
        return [_one(column.slice(number, 1), target) for number in range(len(column))]


def _is_as_it_is(found: Any) -> bool:  # noqa: ANN401 - pyarrow ships no types
    kinds = pa.types
    of_text = kinds.is_string(found) or kinds.is_large_string(found) or kinds.is_string_view(found)
    return bool(of_text or kinds.is_integer(found) or kinds.is_boolean(found) or kinds.is_null(found))


def _read(column: Any, target: Any) -> list[Any]:  # noqa: ANN401 - pyarrow ships no types
    if column.type != target:
        column = pc.cast(column, options=pc.CastOptions(target_type=target, allow_time_truncate=True))
    values: list[Any] = column.to_pylist()
    return values


def _one(column: Any, target: Any) -> Any:  # noqa: ANN401 - pyarrow ships no types
    try:
        return _said(_read(column, target)[0])
    except (ValueError, OverflowError) as error:
        return Unsaid(str(error))


def _said(value: object) -> JsonValue:
    match value:
        case None | bool() | int() | str():
            return value
        case float() if math.isfinite(value):
            return value
        case Decimal() if value.is_finite():
            return format(value, "f")
        case datetime() | date() | time():
            return value.isoformat()
        case dict():
            return {str(name): _said(inner) for name, inner in value.items()}
        case list():
            return [_said(inner) for inner in value]
        case _:
            raise ValueError(f"{value} is not JSON")


def unsaid(values: Iterable[object]) -> bool:
    """Return whether JSON cannot say one of the values."""
    return any(isinstance(value, Unsaid) for value in values)
