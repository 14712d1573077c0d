"""Delete for good what has long been soft-deleted; the whole rows stay in the audit log."""

from domain.commands import Purge
from domain.entities import EntityType
from domain.result import Result, counted
from persistence.dialects import Dialect, dialect_of
from persistence.next_batch import enqueue_next_batch
from persistence.portable.purge import purge
from persistence.statements import quoted, statement
from persistence.transaction import Transaction


async def purge_rows(tx: Transaction, command: Purge) -> Result:
    """Purge up to `limit` rows of all entities, those first to which no row refers, until nothing more can go.

    A deleted row that a remaining row still refers to stays (a former member who is somebody's creator).
    """
    result = Result()
    progress = True
    while progress and result.purged < command.limit:
        before = result.purged
        for entity in tx.entities.values():
            result += await _purge(tx, entity, command, limit=command.limit - result.purged)
        progress = result.purged > before
    if command.go_on and result.purged == command.limit:
        await enqueue_next_batch(tx, command)
    return result


async def _purge(tx: Transaction, entity: EntityType, command: Purge, *, limit: int) -> Result:
    if dialect_of(tx.session) is not Dialect.POSTGRESQL:
        return await purge(tx, entity, command, limit=limit)
    sentence = statement("purge", table=entity.table, unreferenced=_unreferenced(tx, entity))
    retention = {"retention_seconds": command.retention_days * 86_400, "purge_limit": limit}
    found = await tx.write(entity.name, sentence, retention)
    return counted("purged", entity.name, found["written"], found["ids"])


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
