"""Reading the audit log: the life of one row, and what one job wrote."""

from collections.abc import Sequence

from sqlalchemy import Text, cast, func
from sqlalchemy.orm import load_only
from sqlmodel import col, select

from domain.commands import Key
from domain.entities import EntityType
from domain.errors import NotFound
from domain.rows import key_value
from persistence.audit_log import AuditEntry
from persistence.reader import Reader


async def row_trail(read: Reader, entity: EntityType, entity_id: int) -> Sequence[AuditEntry]:
    """Return everything that happened to a row, oldest first; raises NotFound when nothing ever did."""
    query = (
        select(AuditEntry)
        .where(col(AuditEntry.entity) == entity.name, col(AuditEntry.entity_id) == str(entity_id))
        .order_by(col(AuditEntry.id))
    )
    if not (entries := await read.scalars(query)):
        raise NotFound(entity.name, "id", (entity_id,), live=False)
    return entries


async def rows_with_key(read: Reader, entity: EntityType, key: Key) -> list[int]:
    """Return the ids of the rows that have this natural key, or had it when they were purged.

    The live row first, then the others, newest first. Raises NotFound when there is none.
    """
    name, table = str(entity.natural_key), entity.table
    value = key_value(entity, key)
    present = select(table.c.id, table.c.deleted_at.is_(None)).where(table.c[name] == value)
    purged = (
        select(col(AuditEntry.entity_id))
        .distinct()
        .where(
            col(AuditEntry.entity) == entity.name,
            col(AuditEntry.action) == "purge",
            # Cast, for what MariaDB's functions of JSON answer goes with no other text.
            cast(col(AuditEntry.before)[name].as_string(), Text) == str(value),
        )
    )
    found = {row[0]: bool(row[1]) for row in await read.rows(present)}
    found |= dict.fromkeys(map(int, await read.scalars(purged)), False)
    if not found:
        raise NotFound(entity.name, name, (value,), live=False)
    return sorted(found, key=lambda row_id: (found[row_id], row_id), reverse=True)


async def written_by(read: Reader, job_id: str) -> list[tuple[str, str, int]]:
    """Return what a job wrote: entity, action, number of rows."""
    query = (
        select(col(AuditEntry.entity), col(AuditEntry.action), func.count())
        .where(col(AuditEntry.job_id) == job_id)
        .group_by(col(AuditEntry.entity), col(AuditEntry.action))
        .order_by(func.min(AuditEntry.id))
    )
    return [(row[0], row[1], row[2]) for row in await read.rows(query)]


async def operated(read: Reader, job_id: str) -> Sequence[AuditEntry]:
    """Return what operators did to a job, oldest first; without the rows' images, which may be large."""
    known = (AuditEntry.at, AuditEntry.actor, AuditEntry.action, AuditEntry.reason, AuditEntry.after)
    query = (
        select(AuditEntry)
        .options(load_only(*known))  # type: ignore[arg-type]
        .where(col(AuditEntry.entity) == "job", col(AuditEntry.entity_id) == job_id)
        .order_by(col(AuditEntry.id))
    )
    return await read.scalars(query)
