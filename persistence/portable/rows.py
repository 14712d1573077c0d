"""Rows by their ids, read and written in pieces: a statement takes no list of any length."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import sqlalchemy.orm
from sqlalchemy import select

from domain.commands import Row
from domain.entities import EntityType
from domain.rows import field_value
from persistence.portable.json_values import image_of

PIECE = 5_000
"""Values in one statement: SQLite takes 32,766 at most."""

Item = TypeVar("Item")
Image = dict[str, Any]


def pieces(values: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Yield a long list in pieces."""
    for start in range(0, len(values), PIECE):
        yield values[start : start + PIECE]


def read_images(session: sqlalchemy.orm.Session, entity: EntityType, ids: Sequence[int]) -> dict[int, Image]:
    """Return rows as the audit log keeps them, by id; those that are not there are left out."""
    connection = sqlalchemy.orm.Session.connection(session)
    table, found = entity.table, dict[int, Image]()
    for piece in pieces(ids):
        rows = connection.execute(select(*table.columns).where(table.c.id.in_(piece))).mappings()
        found.update({row["id"]: image_of(table, row) for row in rows})
    return found


def typed(entity: EntityType, row: Row) -> dict[str, Any]:
    """Return a row's JSON values in the types of its columns."""
    return {name: None if value is None else field_value(entity, name, value) for name, value in row.items()}
