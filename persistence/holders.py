"""Which rows of a table have the unique keys of rows that are to be inserted."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Integer, Select, Table, bindparam, column, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from domain.entities import EntityType
from persistence.transaction import Transaction
from persistence.unique_keys import UniqueKey


class Holder(NamedTuple):
    """The row that has the key of the row at place `number`."""

    number: int
    id: int
    is_deleted: bool


async def find_holders(
    tx: Transaction, entity: EntityType, key: UniqueKey, values: Sequence[Sequence[Any]], *, locked: bool
) -> dict[int, Holder]:
    """Return the holders of keys by the place of the key; `values` are, column by column, what the driver takes.

    The database compares, so that its collation and types decide what is the same. With `locked` the holders are locked
    until the transaction ends, in the order of their ids.
    """
    # By parameters: a statement that held the values would keep them until a garbage collection.
    asked = {f"key_{number}": list(one) for number, one in enumerate(values)}
    found = (await tx.session.execute(_query(entity.table, key, locked=locked), asked)).all()
    return {row[0] - 1: Holder(row[0] - 1, row[1], row[2]) for row in found}


@lru_cache(maxsize=1024)
def _query(table: Table, key: UniqueKey, *, locked: bool) -> "Select[int, int, bool]":
    names = [f"key_{number}" for number in range(len(key.columns))]
    pairs = list(zip(names, key.columns, strict=True))
    arrays = [bindparam(name, type_=ARRAY(table.c[ours].type)) for name, ours in pairs]
    wanted = (
        func.unnest(*arrays)
        .table_valued(*(column(name) for name in names), with_ordinality="number", name="wanted")
        .render_derived()
    )
    query = select(wanted.c.number.cast(Integer), table.c.id, table.c.deleted_at.is_not(None)).where(
        *(table.c[ours] == wanted.c[name] for name, ours in pairs)
    )
    if key.live:
        query = query.where(table.c.deleted_at.is_(None))
    return query.order_by(table.c.id).with_for_update(of=table) if locked else query
