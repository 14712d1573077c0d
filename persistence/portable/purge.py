"""Rows that have long been deleted, and to which no other row refers, deleted for good."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, exists, select, update

from domain.entities import EntityType
from domain.result import Result
from persistence.portable.written import audited, moment, run
from persistence.rows_among import rows_among
from persistence.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Due:
    """Which deleted rows: those that were deleted longer ago than `retention`, or these ids."""

    retention: timedelta | None = None
    ids: Sequence[int] = ()


async def purge(tx: Transaction, entity: EntityType, due: Due, *, limit: int) -> Result:
    """Purge up to `limit` rows of one entity, the oldest first, with their audit rows; those that others hold wait."""
    table = entity.table
    query = (
        select(table.c.id)
        .where(*_unreferenced(tx, entity))
        .order_by(table.c.deleted_at, table.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids: list[int]
    if due.retention is None:
        deleted = query.where(table.c.deleted_at.is_not(None))
        ids = [row[0] for row in await rows_among(tx, deleted, table.c.id, due.ids)]
    else:
        before = (await moment(tx)).at - due.retention
        ids = list((await tx.session.execute(query.where(table.c.deleted_at < before))).scalars())

    async def write(some: Sequence[int]) -> int:
        await _let_go_of_itself(tx, entity, some)
        return await run(tx, delete(table).where(table.c.id.in_(some)))

    return await audited(tx, entity, "purge", sorted(ids), write)


async def _let_go_of_itself(tx: Transaction, entity: EntityType, ids: Sequence[int]) -> None:
    """Clear the references of rows to themselves, for which MySQL would keep them."""
    table = entity.table
    for reference in entity.references.values():
        column = table.c[reference.column]
        if reference.target == entity.name and column.nullable:
            itself = table.c.id.in_(ids), column == table.c.id
            await run(tx, update(table).where(*itself).values({reference.column: None}))


def _unreferenced(tx: Transaction, entity: EntityType) -> list[ColumnElement[bool]]:
    """Return the conditions that no row of any entity refers to the candidate (itself apart)."""
    conditions = []
    for child in tx.entities.values():
        for reference in child.references.values():
            if reference.target == entity.name:
                holder = child.table.alias()
                refers = [holder.c[reference.column] == entity.table.c.id]
                if child.name == entity.name:
                    refers.append(holder.c.id != entity.table.c.id)
                conditions.append(~exists().where(*refers))
    return conditions
