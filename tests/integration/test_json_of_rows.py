"""Rows as the audit log keeps them: Python prints what PostgreSQL's `to_jsonb` prints."""

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Double,
    Interval,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
    Time,
    Uuid,
    insert,
    select,
    text,
)

from domain.column_types import json_value
from domain.moments import UtcDateTime
from domain.task import Task
from persistence.database import Database
from persistence.portable.json_values import image_of, json_text

VALUES: list[tuple[str, Any, Any]] = [
    ("moment", UtcDateTime(), datetime(2026, 3, 1, 12, 30, 1, 120_000, tzinfo=UTC)),
    ("second", UtcDateTime(), datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ("day", Date(), date(2024, 2, 29)),
    ("clock", Time(), time(1, 2, 3, 4500)),
    ("took", Interval(), timedelta(days=1, hours=2, microseconds=500_000)),
    ("took_days", Interval(), timedelta(days=-1)),
    ("before", Interval(), timedelta(seconds=-90)),
    ("amount", Numeric(30, 10), Decimal("12345678901234567890.1234567890")),
    ("share", Double(), 0.1),
    ("whole", Double(), 2.0),
    ("endless", Double(), float("inf")),
    ("big", BigInteger(), 2**63 - 1),
    ("yes", Boolean(), True),
    ("text", Text(), 'a "b" \\ ü ☃ 😀\n\u2028'),
    ("bytes", LargeBinary(), b"\x00\xffabc"),
    ("uuid", Uuid(), UUID("12345678123456781234567812345678")),
    ("tree", json_value(), {"b": [1, 1.5, True, None, "x"], "a": {}}),
    ("none", Text(), None),
]
TABLE = Table("values", MetaData(), *(Column(name, kind) for name, kind, _ in VALUES))


async def test_python_prints_what_postgresql_prints(database: Database) -> None:
    """By type: moments, dates, intervals, decimals with all digits, bytes, UUIDs and JSON."""
    async with database.engine.begin() as connection:
        await connection.run_sync(TABLE.create)
        await connection.execute(insert(TABLE).values({name: value for name, _, value in VALUES}))
        row = (await connection.execute(select(*TABLE.columns))).mappings().one()
        theirs = (await connection.execute(text('SELECT to_jsonb(v)::text FROM "values" AS v'))).scalar_one()
    ours = json_text(image_of(TABLE, row))
    assert json.loads(ours, parse_float=str) == json.loads(theirs, parse_float=str)


@pytest.mark.on_every_engine
async def test_a_decimal_keeps_its_digits_as_json(database: Database) -> None:
    """Twenty digits, which a float would round, and a text that looks like our own sign for them."""
    image = {"amount": Decimal("12345678901234567890.50"), "text": '"\\u0000"'}
    table = Task.__table__  # type: ignore[attr-defined]
    async with database.engine.connect() as connection:
        serializer: Any = connection.dialect._json_serializer or json_text  # noqa: SLF001 - what the engine was given
        assert serializer(image) == '{"amount": 12345678901234567890.50, "text": "\\"\\\\u0000\\""}'
    assert table.c.id is not None
