"""Mark rows as deleted, set-based and audited, with what they own where the job says so."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, not_, select

from domain.commands import SoftDelete
from domain.entities import EntityType, Reference
from domain.errors import InUse
from domain.result import IDS_KEPT, Result, counted
from persistence.dialects import Dialect, dialect_of
from persistence.portable import update as portable
from persistence.portable.owned import refuse_owners, take_owned
from persistence.selection import LARGE, Asked, asked, at_most, locked, refuse_stale, select_few
from persistence.selection_conditions import among
from persistence.soft_delete_set import holds, mark_set, refuse_stale_set, take_set
from persistence.soft_delete_set import take_owned as take_owned_set
from persistence.statements import statement
from persistence.transaction import Transaction

Holds = Callable[[ColumnElement[Any]], ColumnElement[bool]]


async def soft_delete_rows(tx: Transaction, entity: EntityType, command: SoftDelete, *, large: int = LARGE) -> Result:
    """Mark the selected rows as deleted; with `cascade` also the rows that they own, and what those own.

    More than `large` rows stay in the database: their ids do not travel. Raises NotFound, StaleVersion, and InUse when
    a row still owns live rows and `cascade` is off.
    """
    selection, expected = await asked(tx, entity, command), command.expected_version
    rows = await select_few(tx, entity, selection, most=large)
    if rows is not None and expected is not None:
        refuse_stale(entity, rows, {row.id: expected for row in rows})
    few = None if rows is None else {entity.name: {row.id for row in rows}}
    if few is None or (command.cascade and not await _take_few_owned(tx, entity, few, most=large)):
        return await _soft_delete_set(tx, entity, selection, command)
    if not command.cascade:
        ids = sorted(few[entity.name])
        if dialect_of(tx.session) is Dialect.POSTGRESQL:
            await _refuse_owners(tx, entity, lambda column: among(column, ids))
        else:
            await refuse_owners(tx, entity, ids)
    result = Result()
    for name, found in few.items():
        result += await mark_rows(tx, tx.entities[name], sorted(found), "soft_delete")
    return result


async def mark_rows(tx: Transaction, entity: EntityType, ids: Sequence[int], action: str) -> Result:
    """Set (`soft_delete`) or clear (`restore`) the deletion of locked rows, with their audit rows."""
    if not ids:
        return Result()
    if dialect_of(tx.session) is not Dialect.POSTGRESQL:
        return await portable.mark_rows(tx, entity, ids, action)
    sentence = statement("mark_deleted", table=entity.table)
    found = await tx.write(entity.name, sentence, {"row_ids": list(ids), "action": action})
    count = "deleted" if action == "soft_delete" else "restored"
    return counted(count, entity.name, found["written"], found["ids"])


async def _soft_delete_set(tx: Transaction, entity: EntityType, selection: Asked, command: SoftDelete) -> Result:
    await take_set(tx, entity, selection)
    if command.expected_version is not None:
        await refuse_stale_set(tx, entity, command.expected_version)
    if command.cascade:
        await take_owned_set(tx, entity)
    else:
        await _refuse_owners(tx, entity, lambda column: holds(entity, column))
    return await mark_set(tx, "soft_delete")


async def _take_few_owned(tx: Transaction, entity: EntityType, taken: dict[str, set[int]], *, most: int) -> bool:
    """Collect, level by level, the live rows owned by those taken; a ring of owners ends where it meets itself.

    Returns False, in the middle of it, where more than `most` rows are to be taken.
    """
    if dialect_of(tx.session) is not Dialect.POSTGRESQL:
        await take_owned(tx, entity, taken)
        return True
    level = [(entity, taken[entity.name])]
    while level:
        owner, owner_ids = level.pop()
        for child, reference in tx.entities.owned_by(owner.name):
            owned = await _owned(tx, child, reference, owner_ids, limit=most + 1)
            found = owned - taken.get(child.name, set())
            if found:
                taken.setdefault(child.name, set()).update(found)
                level.append((child, found))
            if len(owned) > most or sum(map(len, taken.values())) > most:
                return False
    return True


async def _owned(
    tx: Transaction, child: EntityType, reference: Reference, owner_ids: set[int], *, limit: int
) -> set[int]:
    source = child.table.c
    query = locked(child, [among(source[reference.column], sorted(owner_ids))], source.id)
    return set((await tx.session.execute(at_most(query, limit))).scalars())


async def _refuse_owners(tx: Transaction, entity: EntityType, are_taken: Holds) -> None:
    for child, reference in tx.entities.owned_by(entity.name):
        source = child.table.c
        owner = source[reference.column]
        query = select(owner).distinct().where(are_taken(owner), source.deleted_at.is_(None))
        if child.name == entity.name:
            query = query.where(not_(are_taken(source.id)))
        if found := (await tx.session.execute(query.order_by(owner).limit(IDS_KEPT))).scalars().all():
            raise InUse(entity.name, tuple(found), child.name)
