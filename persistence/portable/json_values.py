"""A row's values as JSON, printed as PostgreSQL's `to_jsonb` prints them."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from pydantic import JsonValue
from pydantic_core import to_jsonable_python
from sqlalchemy import JSON, Table

_EXACT = re.compile(r'"\\u0000([^"]*)"')
"""A number that a float would round, on its way through `json.dumps`: no text that is stored holds a NUL character."""

_ENDLESS = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}


def image_of(table: Table, row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a row by column, as the audit log keeps it; a Decimal stays one, and `json_text` writes all its digits."""
    return {
        column.name: row[column.name] if isinstance(column.type, JSON) else json_value(row[column.name])
        for column in table.columns
    }


def json_value(value: Any) -> Any:  # noqa: ANN401 - what a driver returns
    """Return a value of a column as JSON."""
    if value is None or isinstance(value, bool | Decimal):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float):
        return _ENDLESS.get(repr(value)) or (int(value) if value.is_integer() else value)
    printed = next((printer for kind, printer in _PRINTED.items() if isinstance(value, kind)), None)
    return value if printed is None and isinstance(value, _JSON) else (printed or to_jsonable_python)(value)


def json_text(value: Any) -> str:  # noqa: ANN401 - JSON, with Decimals in it
    """Return JSON as text, without rounding a Decimal."""
    text = json.dumps(value, default=_exactly, ensure_ascii=False)
    return _EXACT.sub(r"\1", text)


def differ(one: Any, other: Any) -> bool:  # noqa: ANN401 - JSON values
    """Tell whether two JSON values differ: `true` is no 1, and the order of an object's names says nothing."""
    return _canonical(one) != _canonical(other)


def difference(
    before: Mapping[str, JsonValue], after: Mapping[str, JsonValue]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the columns that differ, as they were and as they are."""
    changed = [name for name in before if differ(before[name], after[name])]
    return {name: before[name] for name in changed}, {name: after[name] for name in changed}


_JSON = (str, int, float, list, dict)


def _canonical(value: Any) -> str:  # noqa: ANN401
    return json.dumps(value, default=_normal, sort_keys=True)


def _normal(value: Decimal) -> str:
    return f"\0{value.normalize():f}"


def _exactly(value: object) -> str:
    if isinstance(value, Decimal):
        return f"\0{value:f}" if value.is_finite() else str(value)
    return str(to_jsonable_python(value))


def _moment(value: datetime) -> str:
    shown = value.astimezone(UTC) if value.tzinfo else value
    zone = "+00:00" if value.tzinfo else ""
    return f"{shown.strftime('%Y-%m-%dT%H:%M:%S')}{_fraction(shown.microsecond)}{zone}"


def _time(value: time) -> str:
    return f"{value.strftime('%H:%M:%S')}{_fraction(value.microsecond)}{value.isoformat()[15:] if value.tzinfo else ''}"


def _interval(value: timedelta) -> str:
    minutes, seconds = divmod(value.seconds, 60)
    clock = f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}{_fraction(value.microseconds)}"
    if not value.days:
        return clock
    days = f"{value.days} day{'' if value.days == 1 else 's'}"
    if not (value.seconds or value.microseconds):
        return days
    return f"{days} {'+' if value.days < 0 else ''}{clock}"


def _fraction(microseconds: int) -> str:
    return f".{microseconds:06}".rstrip("0") if microseconds else ""


def _hexadecimal(value: bytes) -> str:
    return f"\\x{bytes(value).hex()}"


_PRINTED: Mapping[type, Callable[[Any], str]] = {
    datetime: _moment,  # before `date`, which it is too
    date: date.isoformat,
    time: _time,
    timedelta: _interval,
    UUID: str,
    bytes: _hexadecimal,
}
