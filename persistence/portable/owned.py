"""What rows own, and what they are held by: the questions of a soft delete, with sets of ids in Python."""

from collections.abc import Sequence

from sqlalchemy import select

from domain.entities import EntityType
from domain.errors import InUse
from domain.result import IDS_KEPT
from persistence.rows_among import rows_among
from persistence.transaction import Transaction


async def take_owned(tx: Transaction, entity: EntityType, taken: dict[str, set[int]]) -> None:
    """Collect and lock, level by level, the live rows owned by those taken; a ring of owners ends at itself."""
    level = [(entity, taken[entity.name])]
    while level:
        owner, owner_ids = level.pop()
        for child, reference in tx.entities.owned_by(owner.name):
            source = child.table.c
            query = select(source.id).where(source.deleted_at.is_(None)).order_by(source.id).with_for_update()
            rows = await rows_among(tx, query, source[reference.column], sorted(owner_ids))
            if found := {row[0] for row in rows} - taken.get(child.name, set()):
                taken.setdefault(child.name, set()).update(found)
                level.append((child, found))


async def refuse_owners(tx: Transaction, entity: EntityType, ids: Sequence[int]) -> None:
    """Raise InUse where one of the rows owns a live row that is none of them."""
    own = set(ids)
    for child, reference in tx.entities.owned_by(entity.name):
        source = child.table.c
        query = select(source[reference.column], source.id).where(source.deleted_at.is_(None))
        rows = await rows_among(tx, query, source[reference.column], ids)
        owners = {owner for owner, row_id in rows if child.name != entity.name or row_id not in own}
        if owners:
            raise InUse(entity.name, tuple(sorted(owners)[:IDS_KEPT]), child.name)
