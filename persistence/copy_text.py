"""Rows as the text that COPY takes, made column by column: at once by a thread, while the database takes the last ones.

The driver would make binary records of them in the event loop, where that cannot be done beside anything else; it also
knows no such form of some types (tsvector, those of extensions), and takes the last date of all for `infinity`.
Source: the manual of PostgreSQL, "COPY", text format.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic_core import to_jsonable_python

NULL = r"\N"
_SPECIAL = re.compile(r"[\\\t\n\r]")
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def text_rows(columns: Mapping[str, Sequence[Any]]) -> list[str]:
    """Return each row's cells, joined by tabs; the values are those that the driver would take."""
    return list(map("\t".join, zip(*map(cells, columns.values()), strict=True)))


def cells(values: Sequence[Any]) -> Sequence[str]:
    """Return a column's values as cells."""
    kinds = {type(value) for value in values}
    if kinds == {str}:
        # One search for all: most texts have nothing to escape.
        return values if _SPECIAL.search("".join(values)) is None else [value.translate(_ESCAPES) for value in values]
    if kinds == {type(None)}:
        return [NULL] * len(values)
    if kinds == {int}:
        return list(map(str, values))
    return [_WRITERS.get(type(value), _other)(value) for value in values]


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)


def _other(value: Any) -> str:  # noqa: ANN401 - a value of a type that PostgreSQL reads from its JSON text
    return _escaped(str(value if isinstance(value, str) else to_jsonable_python(value)))


def _interval(value: timedelta) -> str:
    return f"{value.days} days {value.seconds} seconds {value.microseconds} microseconds"


def _array(values: Sequence[Any]) -> str:
    return _escaped(_array_literal(values))


def _array_literal(values: Sequence[Any]) -> str:
    """Return PostgreSQL's literal of an array, every element of which is quoted but null and arrays within."""
    found = []
    for value in values:
        if value is None:
            found.append("NULL")
        elif isinstance(value, list | tuple):
            found.append(_array_literal(value))
        else:
            text = value if isinstance(value, str) else _WRITERS.get(type(value), _other)(value)
            found.append('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"')
    return "{" + ",".join(found) + "}"


_WRITERS: dict[type, Callable[[Any], str]] = {
    type(None): lambda _: NULL,
    str: _escaped,
    int: str,
    float: repr,
    bool: lambda value: "t" if value else "f",
    Decimal: str,
    datetime: datetime.isoformat,
    date: date.isoformat,
    time: time.isoformat,
    timedelta: _interval,
    UUID: str,
    bytes: lambda value: rf"\\x{value.hex()}",
    list: _array,
    tuple: _array,
}
