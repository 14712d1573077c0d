"""Which rows have the unique keys of other rows: asked in pieces, and told apart in Python."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Table, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from persistence.dialects import Dialect, dialect_of
from persistence.unique_keys import UniqueKey

PIECE = 2_000
"""Keys of one statement, each of one or some parameters, of which SQLite takes 32,766."""

Holding = tuple[int, int, bool]
"""The place of a key, the id of the row that has it, and whether that is deleted."""


async def holdings(
    session: AsyncSession, table: Table, key: UniqueKey, values: Sequence[Sequence[Any]], *, locked: bool
) -> Iterator[Holding]:
    """Return the holders of keys, whose `values` are given column by column; with `locked` they are locked."""
    pads = dialect_of(session) is Dialect.MYSQL
    places: dict[tuple[Any, ...], list[int]] = {}
    for number, one in enumerate(zip(*values, strict=True)):
        if None not in one:  # null is nobody's key
            places.setdefault(_normal(one, pads=pads), []).append(number)
    keys = list(places)
    found: list[Holding] = []
    columns = [table.c[name] for name in key.columns]
    for first in range(0, len(keys), PIECE):
        query = select(table.c.id, table.c.deleted_at, *columns).where(_among(columns, keys[first : first + PIECE]))
        if key.live:
            query = query.where(table.c.deleted_at.is_(None))
        if locked:
            query = query.order_by(table.c.id).with_for_update()
        for row in await session.execute(query):
            numbers = places.get(_normal(tuple(row[2:]), pads=pads), ())
            found += ((number, row[0], row[1] is not None) for number in numbers)
    return iter(found)


def _among(columns: Sequence[Any], keys: Sequence[tuple[Any, ...]]) -> Any:  # noqa: ANN401 - a condition
    if len(columns) == 1:
        return columns[0].in_([one for (one,) in keys])
    return tuple_(*columns).in_(keys)


def _normal(key: tuple[Any, ...], *, pads: bool) -> tuple[Any, ...]:
    """Return a key as the database compares it: most of MySQL's collations take no notice of blanks at the end."""
    if not pads:
        return key
    return tuple(one.rstrip(" ") if type(one) is str else one for one in key)
