"""Mark rows as deleted, set-based and audited, with what they own where the job says so."""

from collections.abc import Sequence

from sqlalchemy import select

from domain.commands import SoftDelete
from domain.entities import EntityType, Reference
from domain.errors import InUse
from domain.result import IDS_KEPT, Result, counted
from persistence.selection import among, select_rows
from persistence.statements import statement
from persistence.transaction import Transaction


async def soft_delete_rows(tx: Transaction, entity: EntityType, command: SoftDelete) -> Result:
    """Mark the selected rows as deleted; with `cascade` also the rows that they own, and what those own.

    Raises NotFound, and InUse when a row still owns live rows and `cascade` is off.
    """
    chosen = {row.id for row in await select_rows(tx, entity, command)}
    taken = {entity.name: chosen}
    if command.cascade:
        await _take_owned(tx, entity, chosen, taken)
    else:
        await _refuse_owners(tx, entity, chosen)
    result = Result()
    for name, ids in taken.items():
        result += await mark_rows(tx, tx.entities[name], sorted(ids), "soft_delete")
    return result


async def mark_rows(tx: Transaction, entity: EntityType, ids: Sequence[int], action: str) -> Result:
    """Set (`soft_delete`) or clear (`restore`) the deletion of locked rows, with their audit rows."""
    if not ids:
        return Result()
    sentence = statement("mark_deleted", table=entity.table)
    found = await tx.write(entity.name, sentence, {"row_ids": list(ids), "action": action})
    count = "deleted" if action == "soft_delete" else "restored"
    return counted(count, entity.name, found["written"], found["ids"])


async def _take_owned(tx: Transaction, entity: EntityType, ids: set[int], taken: dict[str, set[int]]) -> None:
    """Collect, level by level, the live rows owned by `ids`; a ring of owners ends where it meets itself."""
    level = [(entity, ids)]
    while level:
        owner, owner_ids = level.pop()
        for child, reference in tx.entities.owned_by(owner.name):
            found = await _owned(tx, child, reference, owner_ids) - taken.get(child.name, set())
            if found:
                taken.setdefault(child.name, set()).update(found)
                level.append((child, found))


async def _owned(tx: Transaction, child: EntityType, reference: Reference, owner_ids: set[int]) -> set[int]:
    table = child.table
    query = (
        select(table.c.id)
        .where(among(table, reference.column, sorted(owner_ids)), table.c.deleted_at.is_(None))
        .order_by(table.c.id)
        .with_for_update()
    )
    return set((await tx.session.execute(query)).scalars())


async def _refuse_owners(tx: Transaction, entity: EntityType, ids: set[int]) -> None:
    for child, reference in tx.entities.owned_by(entity.name):
        table = child.table
        owner = table.c[reference.column]
        query = (
            select(owner)
            .distinct()
            .where(among(table, reference.column, sorted(ids)), table.c.deleted_at.is_(None))
            .order_by(owner)
            .limit(IDS_KEPT)
        )
        if child.name == entity.name:
            query = query.where(table.c.id.not_in(sorted(ids)))
        if found := (await tx.session.execute(query)).scalars().all():
            raise InUse(entity.name, tuple(found), child.name)
