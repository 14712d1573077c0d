"""Which rows of a table have the unique keys of rows that are to be inserted."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Integer, Select, Table, bindparam, column, func, select, true
from sqlalchemy.dialects.postgresql import ARRAY

from domain.entities import EntityType
from persistence.dialects import Dialect, dialect_of
from persistence.portable.holders import holdings
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
    if dialect_of(tx.session) is not Dialect.POSTGRESQL:
        rows = await holdings(tx.session, entity.table, key, values, locked=locked)
        return {row[0]: Holder(*row) for row in rows}
    # By parameters: a statement that held the values would keep them until a garbage collection.
    asked = {f"key_{number}": list(one) for number, one in enumerate(values)}
    found = (await tx.session.execute(holders_query(entity.table, key, locked=locked), asked)).all()
    return {row[0] - 1: Holder(row[0] - 1, row[1], row[2]) for row in found}


@lru_cache(maxsize=1024)
def holders_query(table: Table, key: UniqueKey, *, locked: bool) -> "Select[int, int, bool]":
    """Return the query for the holders, each found through the index, for which OFFSET 0 is a hint.

    A vacuum in the middle of a load into an empty table finds no row that lives, and the planner then takes a join that
    reads the whole table for each batch: 1,300 rows/s in place of 30,000.
    """
    names = [f"key_{number}" for number in range(len(key.columns))]
    pairs = list(zip(names, key.columns, strict=True))
    arrays = [bindparam(name, type_=ARRAY(table.c[ours].type)) for name, ours in pairs]
    wanted = (
        func.unnest(*arrays)
        .table_valued(*(column(name) for name in names), with_ordinality="number", name="wanted")
        .render_derived()
    )
    live = [table.c.deleted_at.is_(None)] if key.live else []
    same = [table.c[ours] == wanted.c[name] for name, ours in pairs]
    row = select(table.c.id, table.c.deleted_at.is_not(None).label("is_deleted"))
    held = row.where(*same, *live).offset(0).lateral("held")
    found = select(wanted.c.number.cast(Integer).label("number"), *(wanted.c[name] for name in names), held.c.id)
    found = found.add_columns(held.c.is_deleted).join(held, true())
    if not locked:
        return found.with_only_columns(found.selected_columns.number, held.c.id, held.c.is_deleted)
    # In the order of their ids, each looked at again when it is locked: its key may have changed meanwhile.
    met = found.order_by(held.c.id).offset(0).subquery("met")
    still = [table.c[ours] == met.c[name] for name, ours in pairs]
    kept = row.where(table.c.id == met.c.id, *still, *live).offset(0).with_for_update().lateral("kept")
    return select(met.c.number, kept.c.id, kept.c.is_deleted).join(kept, true())
