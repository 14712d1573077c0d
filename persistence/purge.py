"""Delete for good what has long been soft-deleted; the whole rows stay in the audit log."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from domain.commands import Purge
from domain.entities import EntityType
from domain.errors import InUse, NotFound
from domain.result import Result, counted
from persistence.dialects import Dialect, dialect_of
from persistence.dry_run import taken_back
from persistence.next_batch import enqueue_next_batch
from persistence.portable.purge import Due, purge
from persistence.rows_among import rows_among
from persistence.statements import quoted, statement
from persistence.transaction import Transaction

_LONG_DELETED = "candidate.deleted_at < now() - make_interval(secs => CAST(:retention_seconds AS double precision))"
_NAMED = "candidate.deleted_at IS NOT NULL AND candidate.id = ANY (CAST(:row_ids AS bigint[]))"


async def purge_rows(tx: Transaction, command: Purge) -> Result:
    """Purge up to `limit` rows of all entities, those first to which no row refers, until nothing more can go.

    A deleted row that a remaining row still refers to stays (a former member who is somebody's creator). A dry run
    takes its work back, and says in its notes how many rows of which entity would go.
    """
    if command.dry_run:
        return await taken_back(tx, lambda: _purge_all(tx, command))
    result = await _purge_all(tx, command)
    if command.go_on and result.purged == command.limit:
        await enqueue_next_batch(tx, command)
    return result.model_copy(update={"notes": ()})


async def purge_ids(tx: Transaction, entity: EntityType, ids: Sequence[int], *, dry_run: bool = False) -> Result:
    """Purge these deleted rows, all or none of them, whenever they were deleted.

    Raises NotFound for ids that have no deleted row, InUse where any row still refers to one of them.
    """
    if dry_run:
        return await taken_back(tx, lambda: purge_ids(tx, entity, ids))
    async with tx.session.begin_nested():  # an error leaves nothing of it
        await _refuse_missing(tx, entity, ids)
        result, progress = Result(), True
        while progress and result.purged < len(set(ids)):
            found = await _purge(tx, entity, Due(ids=ids), limit=len(ids))
            progress = found.purged > 0
            result += found
        if result.purged < len(set(ids)):
            await _refuse_referred(tx, entity, ids)
    return result


async def _purge_all(tx: Transaction, command: Purge) -> Result:
    result, counts = Result(), Counter[str]()
    due = Due(retention=timedelta(days=command.retention_days))
    progress = True
    while progress and result.purged < command.limit:
        before = result.purged
        for entity in tx.entities.values():
            found = await _purge(tx, entity, due, limit=command.limit - result.purged)
            counts[entity.name] += found.purged
            result += found
        progress = result.purged > before
    return result.model_copy(update={"notes": tuple(f"{name}: {count}" for name, count in counts.items() if count)})


async def _purge(tx: Transaction, entity: EntityType, due: Due, *, limit: int) -> Result:
    which: dict[str, Any]
    if dialect_of(tx.session) is not Dialect.POSTGRESQL:
        return await purge(tx, entity, due, limit=limit)
    which = (
        {"row_ids": list(due.ids)} if due.retention is None else {"retention_seconds": due.retention.total_seconds()}
    )
    condition = _NAMED if due.retention is None else _LONG_DELETED
    sentence = statement("purge", table=entity.table, due=condition, unreferenced=_unreferenced(tx, entity))
    found = await tx.write(entity.name, sentence, {**which, "purge_limit": limit})
    return counted("purged", entity.name, found["written"], found["ids"])


async def _refuse_missing(tx: Transaction, entity: EntityType, ids: Sequence[int]) -> None:
    source = entity.table.c
    query = select(source.id).where(source.deleted_at.is_not(None)).order_by(source.id).with_for_update()
    deleted = {row[0] for row in await rows_among(tx, query, source.id, ids)}
    if missing := [row_id for row_id in dict.fromkeys(ids) if row_id not in deleted]:
        raise NotFound(f"deleted {entity.name}", "id", tuple(missing), live=False)


async def _refuse_referred(tx: Transaction, entity: EntityType, ids: Sequence[int]) -> None:
    for child in tx.entities.values():
        for reference in child.references.values():
            if reference.target == entity.name:
                column = child.table.c[reference.column]
                if found := await rows_among(tx, select(column).distinct(), column, ids):
                    raise InUse(entity.name, tuple(sorted(row[0] for row in found)), child.name, purged=True)


def _unreferenced(tx: Transaction, entity: EntityType) -> str:
    """Return the conditions that no row of any entity refers to the candidate (itself apart)."""
    conditions = []
    for child in tx.entities.values():
        for reference in child.references.values():
            if reference.target == entity.name:
                itself = " AND child.id <> candidate.id" if child.name == entity.name else ""
                conditions.append(
                    f"AND NOT EXISTS (SELECT 1 FROM {quoted(child.name)} AS child "  # noqa: S608 - names of models
                    f"WHERE child.{quoted(reference.column)} = candidate.id{itself})"
                )
    return "\n    ".join(conditions)
