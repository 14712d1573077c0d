"""Rows that may be there already: inserted where they are not, or changed where they are."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Insert, Table
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from persistence.dialects import Dialect, dialect_of


async def insert_absent(session: AsyncSession, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows of a table with a key of one column, but for those whose key is there."""
    await session.execute(_upsert(session, model, rows, set()))


async def upsert(
    session: AsyncSession, model: type[SQLModel], rows: Sequence[Mapping[str, Any]], changed: set[str]
) -> None:
    """Insert the rows of a table with a key of one column; those that are there take the columns `changed`."""
    await session.execute(_upsert(session, model, rows, changed))


def _upsert(
    session: AsyncSession, model: type[SQLModel], rows: Sequence[Mapping[str, Any]], changed: set[str]
) -> Insert:
    (key,) = cast("Table", model.__table__).primary_key.columns.keys()  # type: ignore[attr-defined]
    if dialect_of(session) is Dialect.MYSQL:
        ours = mysql.insert(model).values(list(rows))
        # The key in its own place changes nothing. IGNORE would let pass more than a key that is there.
        return ours.on_duplicate_key_update({name: ours.inserted[name] for name in changed or {key}})
    lite = sqlite.insert(model).values(list(rows))
    if not changed:
        return lite.on_conflict_do_nothing(index_elements=[key])
    return lite.on_conflict_do_update(index_elements=[key], set_={name: lite.excluded[name] for name in changed})
