"""Audit rows replayed from nothing, compared with the tables, row by row and column by column."""

from collections import defaultdict
from typing import Any

from sqlalchemy import func, text
from sqlmodel import col, select

from domain.entities import EntityType
from domain.images import Step, replay
from persistence.audit_log import AuditEntry
from persistence.database import Database
from persistence.reader import Reader, reader


async def astray(database: Database) -> list[str]:
    """Return the rows that are not what their audit trail leads to, in either direction; best none."""
    async with reader(database.sessions) as read:
        found = [await _astray(read, entity) for entity in database.entities.values()]
    return [line for lines in found for line in lines]


async def _astray(read: Reader, entity: EntityType) -> list[str]:
    steps: dict[str, list[Step]] = defaultdict(list)
    trail = select(AuditEntry).where(col(AuditEntry.entity) == entity.name).order_by(col(AuditEntry.id))
    for entry in await read.scalars(trail):
        steps[entry.entity_id].append(Step(entry.action, entry.before, entry.after))
    image: Any = func.to_jsonb(text(entity.table.name))
    rows = await read.rows(select(entity.table.c.id, image).select_from(entity.table))
    seen = {str(row[0]): row[1] for row in rows}
    replayed = {row_id: row for row_id, life in steps.items() if (row := replay(life)) is not None}
    return [
        f"{entity.name} {row_id} is not what its audit trail leads to"
        for row_id in sorted(seen.keys() | replayed.keys())
        if seen.get(row_id) != replayed.get(row_id)
    ]
