"""Filters on arrays, which PostgreSQL alone has."""

from typing import Any, ClassVar, cast

import pytest
from sqlalchemy import ARRAY, MetaData, String, insert, select
from sqlmodel import Field, SQLModel

from domain.entities import Entities
from domain.entity import Entity
from domain.errors import InvalidFilter
from domain.filters import parse_filter
from persistence.database import Database
from persistence.dialects import Dialect
from persistence.filters import filter_clause


class Casket(Entity, table=True):
    """Something with an array."""

    __tablename__ = "crate"
    metadata: ClassVar[MetaData] = MetaData()
    create_schema: ClassVar[type[SQLModel]] = SQLModel
    update_schema: ClassVar[type[SQLModel]] = SQLModel
    marks: list[str] | None = Field(default=None, sa_type=cast("type[Any]", ARRAY(String)))


ENTITIES = Entities([Casket])

CASES: list[tuple[dict[str, Any], list[int]]] = [
    ({"marks__overlap": ["a", "c"]}, [1, 3]),
    ({"marks__overlap": ["z"]}, []),
    ({"marks": ["a", "b"]}, [1]),
    ({"marks__in": [["b"], None]}, [2, 4]),
    ({"marks__ne": ["b"]}, [1, 3, 4]),
    ({"not": {"marks__overlap": ["a"]}}, [2, 3, 4]),
    ({"marks__is_null": True}, [4]),
]


async def test_arrays_overlap_and_are_equal(database: Database, subtests: pytest.Subtests) -> None:
    """PostgreSQL's own arrays take the operator that lists in JSON take elsewhere."""
    crate = ENTITIES["crate"]
    async with database.engine.begin() as connection:
        await connection.run_sync(Casket.metadata.create_all)
        rows: list[Any] = [["a", "b"], ["b"], ["c"], None]
        await connection.execute(insert(crate.table), [{"id": n, "marks": row} for n, row in enumerate(rows, 1)])
        for words, expected in CASES:
            with subtests.test(str(words)):
                clause = filter_clause(ENTITIES, crate, parse_filter(ENTITIES, crate, words), Dialect.POSTGRESQL)
                query = select(crate.table.c.id).where(clause).order_by(crate.table.c.id)
                assert list((await connection.execute(query)).scalars()) == expected


def test_an_array_has_no_order() -> None:
    """What an array does not take is refused."""
    with pytest.raises(InvalidFilter, match="gt does not go with array fields, which take eq"):
        parse_filter(ENTITIES, ENTITIES["crate"], {"marks__gt": ["a"]})
